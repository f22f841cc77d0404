"""Texts with marks: escaped whole, numbered, and countable by a script as they are stored."""

import re

from slider.models import MarkKind, MarkSide
from slider.queries.marked import Said
from slider.templatetags import marked, shown


def said(number: int, start: int, end: int, *, path: str = "/a") -> Said:
    return Said(number, 1, MarkSide.ANSWER, path, "a", MarkKind.SPAN, start, end, "", "Other", "anna")


def plain(html: str) -> str:
    """The text with passages in brackets and their numbers after them."""
    numbered = re.sub(r'<sup class="passage-number">.*?</span>(\d+)</a></sup>', r"^\1", html)
    bracketed = numbered.replace('<mark class="passage">', "[").replace("</mark>", "]")
    return bracketed.removeprefix('<span class="text">').removesuffix("</span>")


def test_passages_are_marked_where_they_are_also_when_they_overlap() -> None:
    marks = [said(1, 2, 5), said(2, 4, 7), said(3, 0, 1, path="/b")]
    assert plain(marked.with_marks("0123456789", marks, "answer", "a")) == "01[23][4]^1[56]^2789"
    assert plain(marked.with_marks("0123456789", marks, "source", "a")) == "0123456789"


def test_no_markup_of_a_text_is_markup() -> None:
    html = marked.with_marks("<b>x</b> &amp;", [said(1, 1, 4)], "answer", "a")
    assert plain(html) == "&lt;[b&gt;x]^1&lt;/b&gt; &amp;amp;"


def test_what_is_no_text_is_shown_as_it_is() -> None:
    assert "12" in marked.with_marks(12, [said(1, 0, 1)], "answer", "a")


def test_a_markable_text_counts_as_it_is_stored() -> None:
    html = shown.markable("a\r\nb\u200bc<\U0001f4b6", "answer", "re/ply")
    assert html == (
        '<span class="text" data-side="answer" data-path="/re~1ply">a<span data-n="1"></span>\nb'
        '<mark class="ghost" data-n="1">U+200B</mark>c&lt;\U0001f4b6</span>'
    )
    assert shown.markable(12, "answer", "n") == '<span class="text">12</span>'
