"""Text of people and models as a page shows it: as it is, with what would be invisible or misleading made visible."""

import json
import re
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from slider import strict
from slider.queries import shape

register = template.Library()

# Control characters but for line feed and tab; soft hyphen, direction marks, zero-width and blank characters, tags.
# The joiner between two pictures (a family, a profession) is part of the picture and stays.
_HIDDEN = re.compile(
    "(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?![\u2600-\u27bf\U0001f000-\U0001faff])"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200c\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


@register.filter
def visible(value: object) -> SafeString:
    """The text, escaped, with each hidden character as its number in a mark."""
    text = str(value).replace("\r\n", "\n")
    if not _HIDDEN.search(text):
        return conditional_escape(text)
    shown, end = [], 0
    for hit in _HIDDEN.finditer(text):
        shown.append(conditional_escape(text[end : hit.start()]))
        shown.append(format_html('<mark class="ghost">U+{}</mark>', _number(hit)))
        end = hit.end()
    shown.append(conditional_escape(text[end:]))
    return mark_safe("".join(shown))  # noqa: S308  # every piece was escaped above


@register.filter
def unhidden(escaped: SafeString) -> SafeString:
    """The same where no mark can stand, as in the title of a window; for what is escaped already."""
    return mark_safe(_HIDDEN.sub(lambda hit: f"U+{_number(hit)}", str(conditional_escape(escaped))))  # noqa: S308


_COUNTED = re.compile("\r\n|" + _HIDDEN.pattern)


LONGEST = 20_000  # characters of one value that a page shows before somebody asks for all


@register.filter
def cut(held: Any) -> str:
    """How much of a value is shown at first, in words; empty where that is all."""
    length = len(held) if isinstance(held, str) else len(pretty(held)) if isinstance(held, dict | list) else 0
    return f"{LONGEST:,} of {length:,} characters" if length > LONGEST else ""


@register.simple_tag
def markable(held: Any, side: str, name: str, *, whole: bool = True) -> SafeString:
    """A value; a text also says where it stands, so that a script can mark passages of it.

    What a page shows with more or fewer characters than are stored has the difference beside it: `data-n` is how many
    stored characters an element stands for.
    """
    if not isinstance(held, str):
        return format_html('<span class="text">{}</span>', value(held, None if whole else LONGEST))
    held = held if whole else held[:LONGEST]
    shown: list[str] = []
    end = 0
    for hit in _COUNTED.finditer(held):
        shown.append(conditional_escape(held[end : hit.start()]))
        ghost = '<mark class="ghost" data-n="1">U+{}</mark>'
        if hit.group() == "\r\n":
            shown.append('<span data-n="1"></span>\n')
        else:
            shown.append(format_html(ghost, _number(hit)))
        end = hit.end()
    shown.append(conditional_escape(held[end:]))
    pieces = mark_safe("".join(shown))  # noqa: S308  # every piece was escaped above
    return format_html('<span class="text" data-side="{}" data-path="{}">{}</span>', side, pointer(name), pieces)


@register.filter
def pointer(name: str) -> str:
    """The JSON pointer of a field of the whole; the field without a name is the whole."""
    return strict.pointer(name) if name else ""


def _number(hit: re.Match[str]) -> str:
    return f"{ord(hit.group()):04X}"


@register.filter
def value(held: Any, most: int | None = None) -> SafeString:
    """A value of an item or an answer: texts as they are, yes and no, numbers, anything deeper as JSON."""
    if held is None:
        return format_html('<span class="quiet">{}</span>', "not given")
    if isinstance(held, dict | list):
        return format_html('<code class="json">{}</code>', visible(pretty(held)[:most]))
    return visible(shape.as_text(held))


@register.filter
def pretty(held: Any) -> str:
    """JSON with indents, in the letters it was written in."""
    return json.dumps(held, ensure_ascii=False, indent=2)


@register.filter
def chance(share: float | None) -> str:
    """A probability as 0.54; never rounded to a certainty that it isn't."""
    if share is None:
        return "not known"
    if 0 < share < 0.005:
        return "under 0.01"
    if 0.995 <= share < 1:
        return "over 0.99"
    return f"{share:.2f}"
