"""Markdown and HTML of models and senders, formatted: nothing in it runs, loads, hides or pretends.

Three steps: markdown becomes HTML by its library (which passes no HTML of its own); what there is is written again from
a short list of tags, with addresses, pictures and invisible characters made visible; a sanitizer has the last word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3
from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from slider.templatetags import shown

register = template.Library()

LONGEST = 20_000  # characters; a longer text is shown as it is
DEEPEST = 40
MOST_PICTURES = 20

# Tags as they come, and as they are shown: a heading of a model must not stand among those of the page.
_HEADINGS = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "strong")
_SHOWN = {tag: tag for tag in (
    "p", "br", "hr", "ul", "ol", "li", "strong", "em", "b", "i", "u", "s", "del", "ins", "code", "pre", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "sub", "sup", "dl", "dt", "dd",
)} | {"div": "p", "strike": "s"} | _HEADINGS  # fmt: skip
_EMPTY = ("br", "hr")
_UNSEEN = ("script", "style", "template", "title", "noscript", "iframe", "object", "svg", "math")
_OWN = {"a": {"href", "target"}, "mark": {"class"}, "span": {"class"}}
_PICTURE = {"img": {"src", "alt", "loading", "referrerpolicy"}}

_HTML = re.compile(
    r"</?(?:p|br|div|span|ul|ol|li|table|tr|td|h[1-6]|a|b|i|strong|em|img|blockquote|html|body|script|style)"
    r"(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_MARKDOWN = re.compile(
    r"^#{1,6} \S|^ {0,3}[-*+] \S|^ {0,3}\d{1,3}[.)] \S|^> |^\|.+\|[ ]*$|^```|\*\*\S|__\S|`[^`\n]{1,200}`"
    r"|\[[^\[\]\n]{0,200}\]\([^)\s]",
    re.MULTILINE,
)
# What begins a tag and ends none: as a letter it is in view, and no parser looks for its end to the end of the text.
_UNENDED = re.compile(r"<(?![^<>]*>)")
_MARKDOWN_TO_HTML = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as it was meant, and the pictures that it names by their address."""

    html: SafeString
    pictures: tuple[str, ...]


def formatted(text: object, *, load: bool = False) -> Formatted | None:
    """A text with its markup; None where it has none, or is too long. `load` shows the pictures instead of links."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    if _HTML.search(text):
        html = text
    elif _MARKDOWN.search(text):
        html = _MARKDOWN_TO_HTML.render(text)
    else:
        return None
    writer = _Writer(load=load)
    writer.feed(_UNENDED.sub("&lt;", html))
    writer.close()
    if writer.is_hiding:
        return None  # all that follows would be left out: the text as it is says more
    allowed = _OWN | (_PICTURE if load else {})
    clean = nh3.clean(
        writer.html(),
        tags={*_SHOWN.values(), *allowed},
        attributes=allowed,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Formatted(mark_safe(clean), tuple(writer.pictures))  # noqa: S308  # the sanitizer has just had it


def origins(texts: Sequence[object]) -> list[str]:
    """Where the pictures of some texts would be loaded from, each once: what a page's policy has to allow for them."""
    found = [address for text in texts if (one := formatted(text)) for address in one.pictures]
    return sorted({f"https://{_site(address)}" for address in found})


@register.simple_tag(takes_context=True)
def as_formatted(context: template.Context, text: object) -> Formatted | None:
    """The text with its markup, where it has any."""
    return formatted(text, load=bool(context.get("load_pictures")))


class _Writer(HTMLParser):
    """Writes hostile HTML again from a short list of tags, each closed, with all text escaped."""

    def __init__(self, *, load: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.pictures: list[str] = []
        self._load = load
        self._written: list[str] = []
        self._open: list[tuple[str, str]] = []  # tags that wait for their end, and what is written there
        self._unseen = 0

    def html(self) -> str:
        return "".join(self._written) + "".join(end for _, end in reversed(self._open))

    @property
    def is_hiding(self) -> bool:
        """Whether something that is not shown has begun and not ended."""
        return self._unseen > 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in reversed(attrs)}  # of two alike, browsers take the first
        if tag in _UNSEEN:
            self._unseen += 1
        elif self._unseen or len(self._open) >= DEEPEST:
            return
        elif tag == "img":
            self._written.append(self._picture(given))
        elif tag == "a":
            start, end = _link(given.get("href", "").strip())
            self._written.append(start)
            self._open.append((tag, end))
        elif tag in _EMPTY:
            self._written.append(f"<{tag}>")
        elif tag in _SHOWN:
            self._written.append(f"<p><{_SHOWN[tag]}>" if tag in _HEADINGS else f"<{_SHOWN[tag]}>")
            self._open.append((tag, f"</{_SHOWN[tag]}></p>" if tag in _HEADINGS else f"</{_SHOWN[tag]}>"))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in ("img", *_EMPTY):
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif not self._unseen and any(tag == waiting for waiting, _ in self._open):
            while self._open:
                waiting, end = self._open.pop()
                self._written.append(end)
                if waiting == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._written.append(shown.visible(data))

    def _picture(self, given: dict[str, str]) -> str:
        address, words = given.get("src", "").strip(), given.get("alt", "") or "without a description"
        site = _site(address)
        if site is None or not address.lower().startswith("https://") or len(self.pictures) >= MOST_PICTURES:
            return _left_out("picture", address, words)
        self.pictures.append(address)
        if self._load:
            tag = '<img src="{}" alt="{}" loading="lazy" referrerpolicy="no-referrer">'
            return format_html(tag, address, words)
        start, end = _link(address)
        return f"{start}Picture: {shown.visible(words)}{end}"


def _link(address: str) -> tuple[str, str]:
    """What stands before and after the words of a link: with the site that it really goes to."""
    site = _site(address)
    if site is None:
        return "", f" {_left_out('link', address)}" if address else ""
    start = format_html('<a href="{}" target="_blank">', address)
    return start, format_html('</a> <span class="quiet">({})</span>', site)


_SCHEMES = ("http", "https", "mailto")
_HOST = re.compile(r"[a-z0-9._-]+")  # nothing that would mean something in a page's policy


def _site(address: str) -> SafeString | None:
    """The site of an address, in letters that can't be taken for others; None where a link must not lead there."""
    if re.search(r"[\s\x00-\x20\\]", address):
        return None
    try:
        parts = urlsplit(address)
        host = parts.path if parts.scheme == "mailto" else parts.hostname or ""
        host = host if parts.scheme == "mailto" else host.encode("idna").decode()
        if parts.scheme not in _SCHEMES or not host or parts.username is not None:
            return None
        if parts.scheme != "mailto" and not _HOST.fullmatch(host):
            return None
        return shown.visible(host if parts.port is None else f"{host}:{parts.port}")
    except (ValueError, UnicodeError):
        return None


def _left_out(what: str, address: str, words: str = "") -> str:
    """A link or a picture that isn't followed, said with its address in view."""
    if address.lower().startswith("data:"):
        address = f"data, {len(address):,} characters"
    short = address if len(address) <= 80 else f"{address[:80]}…"
    about = format_html(" “{}”", shown.visible(words)) if words else ""
    return format_html('<mark class="ghost">{} left out{}: {}</mark>', what, about, shown.visible(short))
