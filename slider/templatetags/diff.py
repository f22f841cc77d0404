"""What differs between two values: sentences first, words only where at least half of a sentence is equal."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, zip_longest
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from rapidfuzz.distance import LCSseq

from slider.queries import shape
from slider.templatetags import shown

register = template.Library()

_SENTENCE = re.compile(r"(?<=[.!?])(?=\s)|(?<=\n)")
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
LIKE_ENOUGH = 0.5
MOST_WORDS = 2000  # a longer sentence is compared as a whole
MOST_SENTENCES = 4000  # so many that differ are compared; of longer texts only the beginning
LONGEST = 200_000  # characters
LONG_SAME = 800  # of a longer stretch that stayed, only the ends are shown


class Change(StrEnum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that is in both, only before, or only after."""

    change: Change
    text: str


def pieces(before: str, after: str) -> list[Piece]:
    """What became of `before`, in reading order; the same and gone pieces make it up, the same and new ones `after`."""
    found: list[Piece] = []
    gone: list[str] = []
    new: list[str] = []
    for change, sentence in _between(_SENTENCE.split(before), _SENTENCE.split(after)):
        if change == Change.SAME:
            found += _sentences(gone, new)
            gone, new = [], []
            found.append(Piece(change, sentence))
        else:
            (gone if change == Change.GONE else new).append(sentence)
    return _joined([*found, *_sentences(gone, new)])


def _between(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Change, str]]:
    """The sentences compared, without work for those at both ends that stayed: time grows with what lies between."""
    start, most = 0, min(len(before), len(after))
    while start < most and before[start] == after[start]:
        start += 1
    end = 0
    while end < most - start and before[-1 - end] == after[-1 - end]:
        end += 1
    yield from ((Change.SAME, text) for text in before[:start])
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(old), len(new)) <= MOST_SENTENCES:
        yield from _compared(old, new)
    else:
        yield from ((Change.GONE, text) for text in old)
        yield from ((Change.NEW, text) for text in new)
    yield from ((Change.SAME, text) for text in before[len(before) - end :])


def _sentences(gone: Sequence[str], new: Sequence[str]) -> Iterator[Piece]:
    """Changed sentences side by side: by words where they are alike, else one out and the other in."""
    for old, fresh in zip_longest(gone, new, fillvalue=""):
        old_words, fresh_words = _WORD.findall(old), _WORD.findall(fresh)
        short = max(len(old_words), len(fresh_words)) <= MOST_WORDS
        if old and fresh and short and LCSseq.normalized_similarity(old_words, fresh_words) >= LIKE_ENOUGH:
            yield from (Piece(change, word) for change, word in _compared(old_words, fresh_words))
        else:
            yield Piece(Change.GONE, old)
            yield Piece(Change.NEW, fresh)


def _compared(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[Change, str]]:
    for step in LCSseq.opcodes(before, after):
        if step.tag == "equal":
            yield from ((Change.SAME, text) for text in before[step.src_start : step.src_end])
        else:
            yield from ((Change.GONE, text) for text in before[step.src_start : step.src_end])
            yield from ((Change.NEW, text) for text in after[step.dest_start : step.dest_end])


def _joined(found: Sequence[Piece]) -> list[Piece]:
    """Runs of equal pieces as one each; between two that stayed, first all that is gone and then all that is new."""
    joined: list[Piece] = []
    for same, run in groupby((piece for piece in found if piece.text), key=lambda piece: piece.change == Change.SAME):
        together = list(run)
        for change in (Change.SAME,) if same else (Change.GONE, Change.NEW):
            text = "".join(piece.text for piece in together if piece.change == change)
            joined += [Piece(change, text)] if text else []
    return joined


_TAGS = {Change.GONE: "<del>{}</del>", Change.NEW: "<ins>{}</ins>", Change.SAME: "{}"}


@register.simple_tag
def diff(before: Any, after: Any) -> SafeString:
    """Two values as one text with `<del>` and `<ins>`; what is no text is compared as a whole, as JSON of one line."""
    old, new = shape.as_text(before), shape.as_text(after)
    are_long = max(len(old), len(new)) > LONGEST
    if isinstance(before, str) and isinstance(after, str):
        found = pieces(old[:LONGEST], new[:LONGEST])
    else:
        found = [Piece(Change.GONE, old[:LONGEST]), Piece(Change.NEW, new[:LONGEST])]
    marked = [_marked(piece) for piece in found if piece.text]
    nothing_stayed = all(piece.change != Change.SAME for piece in found)
    if are_long:
        words = '<span class="quiet"> The first {} characters of both are compared.</span>'
        marked.append(format_html(words, f"{LONGEST:,}"))
    return format_html_join(" " if nothing_stayed else "", "{}", ((piece,) for piece in marked))


def _marked(piece: Piece) -> SafeString:
    if piece.change != Change.SAME or len(piece.text) <= LONG_SAME:
        return format_html(_TAGS[piece.change], shown.visible(piece.text))
    half = LONG_SAME // 2
    first, last = piece.text[:half], piece.text[-half:]
    between = f" … {len(piece.text) - 2 * half:,} characters are the same … "
    words = '{}<span class="quiet same">{}</span>{}'
    return format_html(words, shown.visible(first), between, shown.visible(last))
