"""What looks like an e-mail address, a phone number, an IBAN or a card number, or fits a pattern: places in a text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from slider.redaction import numbers
from slider.redaction.folding import Folded, fold
from slider.redaction.rules import Rules, compiled

# Of a pattern of one's own so much is looked at ahead of each place, in bytes: else one that looks to the end of a text
# from each of its finds would take quadratic time, as in every engine. What it finds is at most REACH long.
WINDOW = 2_048
REACH = 1_024
MOST = 20_000
WHOLE = "TEXT"

_LOCAL = r"\p{L}\p{M}\p{N}._%+'&=~!#$*/?^{|}\-"
_EMAIL = rf"[{_LOCAL}]+@[\p{{L}}\p{{M}}\p{{N}}.\-]+\.(?:\p{{L}}[\p{{L}}\p{{M}}]+|[xX][nN]--[A-Za-z0-9\-]+)"
_IBAN = r"[A-Za-z]{2}[0-9]{2}(?:[ .\-\t\r\n]{0,2}[A-Za-z0-9]){11,30}"
_DIGITS = r"[0-9](?:[ .\-\t\r\n]{0,2}[0-9]){11,}"
_PHONE = (
    r"(?:\+[ ]?|\b00[ ]?)[1-9](?:[ .\-/()]{0,3}[0-9]){6,20}"
    r"|\(?0[1-9][0-9]{0,4}\)?(?:[ \-/()]{0,3}[0-9]){4,10}"
    r"|0[1-9][0-9]{0,3}(?:\.[0-9]{2,4}){3,4}"
    r"|(?:1[ .\-])?\(?[2-9][0-9]{2}\)?[ .\-][0-9]{3}[ .\-][0-9]{4}"
    r"|(?i:tel|telefon|telephone|phone|fon|mobil|mobile|handy|fax)[.:]*[ ]?[0-9(](?:[ .\-/()]{0,3}[0-9]){4,14}"
)
_DATE = re.compile(r"(?:0?[1-9]|[12]\d|3[01])[ .\-/](?:0?[1-9]|1[0-2])[ .\-/](?:\d\d)?\d\d")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` up to, not including, `end`, and what was found there."""

    start: int
    end: int
    name: str


def find(text: str, rules: Rules) -> list[Span]:
    """What the detectors and patterns find, in order, none touching another: what overlaps is one.

    Patterns look at the text as it stands and as it reads, the detectors at how it reads. A text in which more may be
    something than MOST times is one find: the whole of it.
    """
    if not text or not (rules.detect or rules.patterns):
        return []
    folded = fold(text)
    found: list[Span] = []
    try:
        for name in rules.detect:
            found += _BUILT_IN[name](folded)
        for own in rules.patterns:
            ready = compiled(own.pattern)
            found += [Span(start, end, own.name) for start, end in _windowed(ready, text)]
            if folded.places is not None:
                found += [Span(*folded.span(*pair), own.name) for pair in _windowed(ready, folded.text)]
    except _TooManyError:
        return [Span(0, len(text), WHOLE)]
    return union(found)


def union(found: list[Span]) -> list[Span]:
    """Overlapping ones made one, by the name of the first and longest: nothing of any of them is left over."""
    merged: list[Span] = []
    for span in sorted(found, key=lambda one: (one.start, -one.end)):
        if merged and span.start < merged[-1].end:
            if span.end > merged[-1].end:
                merged[-1] = Span(merged[-1].start, span.end, merged[-1].name)
        else:
            merged.append(span)
    return merged


def _email(folded: Folded) -> Iterator[Span]:
    for start, end in _all(_EMAIL, folded.text):
        yield Span(*folded.span(start, end), "EMAIL")


def _iban(folded: Folded) -> Iterator[Span]:
    """From every place where one may begin: a false start hides none behind it."""
    text, taken = folded.text, 0
    for start, end in _all(_IBAN, text, step=True):
        if start >= taken and (found := numbers.iban_end(text[start : end + 48])):
            taken = start + found
            yield Span(*folded.span(start, taken), "IBAN")


def _card(folded: Folded) -> Iterator[Span]:
    for start, end in _all(_DIGITS, folded.text):
        for first, last in numbers.cards(folded.text[start:end]):
            yield Span(*folded.span(start + first, start + last), "CARD")


def _phone(folded: Folded) -> Iterator[Span]:
    text, taken = folded.text, 0
    for start, end in _all(_PHONE, text, step=True):
        if start >= taken and not _is_other(text, start, end):
            taken = end
            yield Span(*folded.span(start, end), "PHONE")


def _is_other(text: str, start: int, end: int) -> bool:
    """Whether digits that could be a phone number are a part of something else: a word, a longer number, a date."""
    if text[start] == "+":
        return False
    before = text[max(0, start - 2) : start]
    if before and (before[-1].isalnum() or (before[-1] in ".,:/-" and before[0].isdigit())):
        return True
    return (end < len(text) and text[end].isdigit()) or _DATE.fullmatch(text, start, end) is not None


_BUILT_IN: dict[str, Callable[[Folded], Iterator[Span]]] = {
    "email": _email,
    "phone": _phone,
    "iban": _iban,
    "card": _card,
}


def _all(pattern: str, text: str, *, step: bool = False) -> Iterator[tuple[int, int]]:
    """Every match, in characters; with `step` those as well that begin inside another.

    For patterns that look no further than what they find: then it takes linear time.
    """
    ready, whole = compiled(pattern), text.encode()
    at, place, seen = 0, _Places(whole), 0
    while (match := ready.search(whole, at)) is not None:
        seen = _one_more(seen)
        start, end = match.span()
        yield place.of(start), place.ahead(start, end)
        at = _after(whole, start) if step else end


def starts(ready: Any, text: str) -> Iterator[int]:
    """Every place where a match begins, also inside another."""
    whole = text.encode()
    at, place = 0, _Places(whole)
    while (match := ready.search(whole, at)) is not None:
        yield place.of(match.start())
        at = _after(whole, match.start())


def _windowed(ready: Any, text: str) -> Iterator[tuple[int, int]]:
    """Every match of a pattern that may look anywhere, each from a window of its own."""
    whole = text.encode()
    at, place, size, seen = 0, _Places(whole), len(whole), 0
    while at < size:
        until = _cut(whole, at + WINDOW)
        match = ready.search(whole, at, until)
        if match is None:
            at = size if until == size else _cut(whole, until - REACH)
            continue
        seen = _one_more(seen)
        start, end = match.span()
        if until < size and start > at and end > until - REACH // 2:
            at = start  # it may go on behind this window: look from where it begins
            continue
        if end > start:
            yield place.of(start), place.ahead(start, end)
        at = end if end > start else _after(whole, end)


class _TooManyError(Exception):
    """More was found in one text than is looked at one by one."""


def _one_more(seen: int) -> int:
    if seen == MOST:
        raise _TooManyError
    return seen + 1


def _cut(whole: bytes, at: int) -> int:
    """The place, or the next one before it, where no character is cut in two."""
    at = min(at, len(whole))
    while at < len(whole) and whole[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _after(whole: bytes, at: int) -> int:
    at += 1
    while at < len(whole) and whole[at] & 0xC0 == 0x80:
        at += 1
    return at


class _Places:
    """Turns places in UTF-8 into characters, going forward: together they read a text once."""

    def __init__(self, whole: bytes) -> None:
        self._whole, self._ascii = whole, whole.isascii()
        self._byte = self._character = 0

    def of(self, byte: int) -> int:
        if self._ascii:
            return byte
        self._character += len(self._whole[self._byte : byte].decode())
        self._byte = byte
        return self._character

    def ahead(self, start: int, end: int) -> int:
        """The end of what begins at a place that was just asked for."""
        return end if self._ascii else self._character + len(self._whole[start:end].decode())
