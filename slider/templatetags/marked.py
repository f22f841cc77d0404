"""A text with the passages that people marked in it, each with the number that stands beside it in the list below."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from slider.queries.marked import Said
from slider.templatetags import shown

register = template.Library()


@register.simple_tag
def with_marks(held: Any, marks: Sequence[Said], side: str, name: str) -> SafeString:
    """A value; where it is a text with marked passages, these are underlined and numbered. Passages may overlap."""
    mine = passages(marks, side, name)
    if not mine or not isinstance(held, str):
        return format_html('<span class="text">{}</span>', shown.value(held))
    edges = sorted({0, len(held), *(min(at, len(held)) for one in mine for at in (one.start, one.end))})
    pieces: list[str] = []
    for start, end in pairwise(edges):
        piece = shown.visible(held[start:end])
        covered = any(one.start <= start and end <= one.end for one in mine)
        pieces.append(format_html('<mark class="passage">{}</mark>', piece) if covered else piece)
        pieces += [_number(one) for one in mine if one.end == end]
    whole = mark_safe("".join(pieces))  # noqa: S308  # every piece was escaped above
    return format_html('<span class="text">{}</span>', whole)


@register.simple_tag
def passages(marks: Sequence[Said], side: str, name: str) -> list[Said]:
    """The marked passages of one text."""
    path = shown.pointer(name)
    return [one for one in marks if one.is_span and (one.side, one.path) == (side, path)]


def _number(one: Said) -> SafeString:
    return format_html(
        '<sup class="passage-number"><a href="#passage-{}"><span class="sr">Passage </span>{}</a></sup>',
        one.number,
        one.number,
    )
