"""Answers that are copies: of the worker's instructions, or of the whole item."""

from collections.abc import Sequence
from dataclasses import dataclass

from slider.engine.sanity import words

LEAST_WORDS = 8
LEAST_LETTERS = 30
OF_PROMPT = 0.7
"""Beyond this share of its word rows that stand in the instructions too, an answer copies them."""

OF_ITEM = 0.85
"""Beyond this share, counted both ways (the smaller one), an answer copies the whole item."""

_ROW = 4


@dataclass(frozen=True, slots=True)
class Source:
    """A text that an answer might copy, as the rows of four words in it."""

    rows: frozenset[int]


def source(text: str) -> Source:
    """Prepare a text to be compared with."""
    return source_of(words.words(text))


def source_of(found: Sequence[str]) -> Source:
    """Prepare a text of these words to be compared with."""
    return Source(frozenset(_rows(found)))


def copied(text: str, of: Source) -> float | None:
    """Return the share of a text's rows of four words that stand in `of` as well.

    Returns:
        A share in [0, 1]; None for a text of fewer than 8 words or 30 letters: short answers copy by right.
    """
    shares = both(words.words(text), prompt=of, item=of)
    return None if shares is None else shares[0]


def overlap(text: str, of: Source) -> float | None:
    """Return the smaller of two shares: the text's rows that stand in `of`, and those of `of` in the text.

    It is near 1 only where one is the whole of the other: an answer that quotes from its item stays far below.

    Returns:
        As `copied`.
    """
    shares = both(words.words(text), prompt=of, item=of)
    return None if shares is None else shares[1]


def both(found: Sequence[str], *, prompt: Source, item: Source) -> tuple[float, float] | None:
    """Of an answer of these words: how much is `copied` from the instructions, and its `overlap` with the item."""
    if len(found) < LEAST_WORDS or sum(map(len, found)) < LEAST_LETTERS:
        return None
    rows = _rows(found)
    of_item = _share(rows, item)
    if of_item:
        of_item = min(of_item, len(item.rows.intersection(rows)) / len(item.rows))
    return _share(rows, prompt), of_item


def _share(rows: Sequence[int], of: Source) -> float:
    return 0.0 if of.rows.isdisjoint(rows) else sum(map(of.rows.__contains__, rows)) / len(rows)


def _rows(found: Sequence[str]) -> list[int]:
    return list(map(hash, zip(*(found[begin:] for begin in range(_ROW)), strict=False)))
