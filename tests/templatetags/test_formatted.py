"""Markup of models is shown with nothing in it that runs, loads, hides or pretends."""

import re
import time
from html.parser import HTMLParser

import pytest

from slider.templatetags import formatted as formatting
from slider.templatetags.formatted import formatted

ATTACKS = [
    "<p>x</p><script>alert(1)</script>",
    "<p>x</p><SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<p onclick=alert(1) style='position:fixed'>x</p>",
    "<p>x<img src=x onerror=alert(1)></p>",
    "<p>x<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg></p>",
    "<p>x<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math></p>",
    "<p>x<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript></p>",
    "<p>x<iframe src='https://evil.example'></iframe><object data=x></object><embed src=x></p>",
    "<p>x<form action=https://evil.example><input name=a><button>go</button></form></p>",
    "<p>x<a href='javascript:alert(1)'>here</a></p>",
    "<p>x<a href='jav&#x09;ascript:alert(1)'>here</a></p>",
    "<p>x<a href=' &#14; javascript:alert(1)'>here</a></p>",
    "<p>x<a href='data:text/html,<script>alert(1)</script>'>here</a></p>",
    "<p>x<a href='vbscript:msgbox(1)'>here</a></p>",
    "<p>x<a href='https://bank.example@evil.example/'>bank</a></p>",
    "<p>x<a href='//evil.example'>here</a></p>",
    "<p>x<base href='https://evil.example/'><link rel=stylesheet href=x></p>",
    "<p>x<meta http-equiv=refresh content='0;url=//evil.example'></p>",
    "<p>x<style>@import 'https://evil.example'</style></p>",
    "<p>x<textarea><img src=x onerror=alert(1)></textarea><title><img src=x onerror=alert(1)></title></p>",
    "<p>x<!--><img src=x onerror=alert(1)>--></p>",
    "<p>x<![CDATA[<img src=x onerror=alert(1)>]]></p>",
    "<p>x<img/src='https://evil.example/a.png'/onerror=alert(1)></p>",
    "<p>x<img src='https://evil.example/a.png?secret=1' srcset='https://evil.example/b.png 2x'></p>",
    "<p>x<img src='data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+'></p>",
    "<p>x<img src='http://evil.example/a.png'></p>",
    "<p>x<video src=https://evil.example poster=https://evil.example/p></video><audio src=x></audio></p>",
    "<p>x</p></div></main></body><p id=desk class=notice name=verdict>x</p>",
    "**x** <script>alert(1)</script>",
    "**x** [here](javascript:alert(1))",
    "**x** [here](<javascript:alert(1)>)",
    "**x** [here](data:text/html;base64,PHNjcmlwdD4=)",
    "**x** ![pic](https://evil.example/a.png?q=secret)",
    "**x** ![pic](data:image/png;base64,AAAA)",
    "**x** ![a][r]\n\n[r]: https://evil.example/a.png",
    '**x** <https://evil.example/"onmouseover=alert(1)>',
    "**x** ```\n</code></pre><img src=x onerror=alert(1)>\n```",
    "**x** [\u202egnp.exe](https://evil.example)",
]
TAGS = set(formatting._SHOWN.values()) | {"a", "mark", "span"}


class Elements(HTMLParser):
    """All elements of a page with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def html_of(text: str, *, load: bool = False) -> str:
    found = formatted(text, load=load)
    assert found is not None
    return str(found.html)


@pytest.mark.parametrize("load", [False, True])
@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_runs_and_nothing_loads_unasked(attack: str, load: bool) -> None:
    html = html_of(attack, load=load)
    for tag, given in Elements(html).found:
        assert tag in TAGS | ({"img"} if load else set()), html
        assert set(given) <= {"href", "target", "rel", "class", "src", "alt", "loading", "referrerpolicy"}, html
        assert re.fullmatch(r"(https?://|mailto:).*|", given.get("href", "")), html
        assert "@" not in given.get("href", ""), html
        assert given.get("class", "ghost") in ("ghost", "quiet"), html
        if tag == "img":
            assert given["src"].startswith("https://"), html
            assert given["referrerpolicy"] == "no-referrer"


def test_a_link_says_where_it_leads() -> None:
    html = html_of("**x** [my bank](https://evil.example/login)")
    assert '>my bank</a> <span class="quiet">(evil.example)</span>' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_letters_of_other_alphabets_in_a_site_are_told() -> None:
    assert "(xn--" in html_of("**x** [bank](https://b\u0430nk.example/)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<p><a href='javascript:alert(1)'>here</a></p>", "link left out: javascript:alert(1)"),
        ("<p><img src='data:image/png;base64,AAAA' alt=cat></p>", "picture left out “cat”: data, 26 characters"),
        ("<p>a&#8238;b&#x200b;c</p>", '<mark class="ghost">U+202E</mark>b<mark class="ghost">U+200B</mark>c'),
        ("**a\u2066b**", '<mark class="ghost">U+2066</mark>'),
    ],
)
def test_what_is_left_out_or_hidden_is_said(text: str, words: str) -> None:
    assert words in html_of(text)


def test_a_picture_is_a_link_until_somebody_loads_it() -> None:
    text = "**x** ![a cat](https://pics.example/cat.png)"
    assert 'Picture: a cat</a> <span class="quiet">(pics.example)</span>' in html_of(text)
    assert '<img src="https://pics.example/cat.png" alt="a cat"' in html_of(text, load=True)
    assert formatting.origins([text, text, "no markup", 5]) == ["https://pics.example"]


def test_markdown_and_html_are_formatted_and_plain_text_is_not() -> None:
    assert "<li>one</li>" in html_of("- one\n- two")
    assert "<td>1</td>" in html_of("| a |\n|---|\n| 1 |")
    assert html_of("<h1>Big</h1>") == "<p><strong>Big</strong></p>"
    for plain in ("Just words.", "a < b and c > d", "5 * 3 * 2", "", 7, None):
        assert formatted(plain) is None


def test_what_is_not_closed_ends_with_its_text() -> None:
    assert html_of("<ul><li><b>a</ul>b") == "<ul><li><b>a</b></li></ul>b"
    assert html_of("<p>a</p></b></div>") == "<p>a</p>"


@pytest.mark.parametrize(
    "text",
    [
        "<b>" * 6_600,
        "**" * 9_900 + "a",
        "[" * 19_900 + "](x)**a",
        "> " * 9_900 + "a",
        "<a " * 6_600 + "<p>",
        "`" * 19_900 + "**a",
    ],
    ids=["tags", "stars", "brackets", "quotes", "half tags", "ticks"],
)
def test_a_text_made_to_be_slow_is_not(text: str) -> None:
    began = time.perf_counter()
    assert formatted(text) is not None
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    ("text", "sites"),
    [
        ("<img src='https://a.example/x'><img src='https://a.example:8443/x'>", ["a.example", "a.example:8443"]),
        ("<img src='https://b\u00fccher.example/x'>", ["xn--bcher-kva.example"]),
        ("<img src='https://\u4f8b\u3048.example/x'>", ["xn--r8jz45g.example"]),
        ("<img src='https://a.example;script-src-elem/x'><img src='https://b.example/x'>", ["b.example"]),
        ("<img src='https://a.example,b/x'><img src=\"https://'unsafe-inline'/x\">", []),
    ],
)
def test_the_site_of_a_picture_says_nothing_else_in_the_policy_of_a_page(text: str, sites: list[str]) -> None:
    assert formatting.origins([text]) == [f"https://{site}" for site in sites]


@pytest.mark.parametrize(
    "piece", ["<a ", "<a href='", '<a b="', "<!--", "<a b=c d=e ", "</a ", "<?", "<a b='>", "<p x=\"'>"]
)
def test_tags_that_never_end_take_no_longer_than_others(piece: str) -> None:
    text = ("<p>x</p>" + piece * 10_000)[: formatting.LONGEST]
    began = time.process_time()
    assert formatted(text) is not None
    assert time.process_time() - began < 0.6


@pytest.mark.parametrize("text", ["<p>a</p><svg><p>b", "<p>a</p><object>b", "<p>a</p><script>b", "<p>a<svg/><title>b"])
def test_what_never_ends_hides_nothing_behind_it(text: str) -> None:
    assert formatted(text) is None
    assert "b" in str(formatted("<p>a</p><svg><i>x</i></svg><p>b</p>"))
