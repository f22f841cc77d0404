"""Answers that are copies: of the worker's instructions, or of the whole item."""

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
    return Source(frozenset(_rows(words.words(text))))


def copied(text: str, of: Source) -> float | None:
    """Return the share of a text's rows of four words that stand in `of` as well.

    Returns:
        A share in [0, 1]; None for a text of fewer than 8 words or 30 letters: short answers copy by right.
    """
    rows = _of_answer(text)
    return None if rows is None else sum(row in of.rows for row in rows) / len(rows)


def overlap(text: str, of: Source) -> float | None:
    """Return the smaller of two shares: the text's rows that stand in `of`, and those of `of` in the text.

    It is near 1 only where one is the whole of the other: an answer that quotes from its item stays far below.

    Returns:
        As `copied`.
    """
    rows = _of_answer(text)
    if rows is None:
        return None
    if not of.rows:
        return 0.0
    return min(sum(row in of.rows for row in rows) / len(rows), len(of.rows & set(rows)) / len(of.rows))


def _of_answer(text: str) -> list[int] | None:
    found = words.words(text)
    if len(found) < LEAST_WORDS or sum(map(len, found)) < LEAST_LETTERS:
        return None
    return _rows(found)


def _rows(found: list[str]) -> list[int]:
    return [hash(tuple(found[place : place + _ROW])) for place in range(len(found) - _ROW + 1)]
