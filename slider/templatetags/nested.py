"""Values with parts, as people read them: lists of like objects as a table, others as names with their values."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from slider.queries import shape
from slider.templatetags import shown

register = template.Library()

MOST = 400  # values with more parts are shown as JSON
DEEPEST = 6
WIDEST = 6  # columns of a table
LONGEST = 2000  # characters of one part


@register.simple_tag
def readable(held: Any, side: str, name: str, *, whole: bool = True) -> SafeString:
    """A value of the sheet: laid out where it has parts, else as a text whose passages can be marked."""
    return laid_out(held) if is_readable(held) else shown.markable(held, side, name, whole=whole)


def is_readable(held: Any) -> bool:
    """Whether a value is small enough to be laid out."""
    return isinstance(held, dict | list) and bool(held) and _size(held, DEEPEST) <= MOST


def laid_out(held: Any) -> SafeString:
    """The value as a table, a list or names with values."""
    if isinstance(held, list):
        return _table(held) if held and _is_table(held) else _list(held)
    if isinstance(held, dict):
        return _names(held)
    text = shape.as_text(held)
    if held is None or text == "":
        return format_html('<span class="quiet">{}</span>', "none" if held is None else "empty")
    return format_html(
        '<span class="text">{}</span>', shown.visible(text if len(text) <= LONGEST else text[:LONGEST] + "…")
    )


def _size(held: Any, deepest: int) -> int:
    if not isinstance(held, dict | list):
        return 1
    if deepest == 0:
        return MOST + 1
    total = 1
    for one in held.values() if isinstance(held, dict) else held:
        total += _size(one, deepest - 1)
        if total > MOST:
            break
    return total


def _is_table(rows: Sequence[Any]) -> bool:
    """Whether all rows are objects of plain values with few names between them."""
    if not all(isinstance(row, dict) and row for row in rows):
        return False
    plain = all(
        not isinstance(one, dict | list) and len(shape.as_text(one)) <= 80 for row in rows for one in row.values()
    )
    return plain and len({name for row in rows for name in row}) <= WIDEST


def _table(rows: Sequence[Mapping[str, Any]]) -> SafeString:
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = format_html_join("", '<th scope="col">{}</th>', ((shown.visible(name),) for name in names))
    cells = (
        format_html_join("", "<td>{}</td>", ((laid_out(row[name]) if name in row else "",) for name in names))
        for row in rows
    )
    body = format_html_join("", "<tr>{}</tr>", ((one,) for one in cells))
    return format_html('<table class="nested"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', head, body)


def _list(held: Sequence[Any]) -> SafeString:
    rows = format_html_join("", "<li>{}</li>", ((laid_out(one),) for one in held))
    return (
        format_html('<ol class="nested">{}</ol>', rows)
        if held
        else format_html('<span class="quiet">{}</span>', "no rows")
    )


def _names(held: Mapping[str, Any]) -> SafeString:
    if not held:
        return format_html('<span class="quiet">{}</span>', "nothing in it")
    pairs = ((shown.visible(name), laid_out(one)) for name, one in held.items())
    return format_html('<dl class="nested">{}</dl>', format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", pairs))
