"""Texts that say the same again and again: "da da da da", and sentences in a loop."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from slider.engine.arrays import Ints
from slider.engine.sanity import words

REPEATS = 4
"""So often in a row a word, or a row of words, has to stand."""

MANY = 8
MOST_SHARE, MOST_SHARE_OF_MANY = 0.8, 0.6
"""From this share of a text's letters on, what repeats itself makes the text a repetition: 0.6 from 8 times on."""

LEAST_LETTERS = 8
_LONGEST_LOOP = 60
_MOST_WORDS = 1_500
_CELLS = frozenset(
    {
        "na",
        "none",
        "null",
        "nan",
        "nil",
        "yes",
        "no",
        "true",
        "false",
        "ja",
        "nein",
        "oui",
        "non",
        "si",
        "sí",
        "ok",
        "x",
    }
)
_TABLE = ("|", "\t", ";")


@dataclass(frozen=True, slots=True)
class Loop:
    """The thing that a text says again and again, how often, and the share of the text's letters that it takes."""

    thing: str = ""
    times: int = 0
    share: float = 0.0

    @property
    def threshold(self) -> float:
        """The share from which on the text is a repetition."""
        return MOST_SHARE_OF_MANY if self.times >= MANY else MOST_SHARE


def loop(text: str) -> Loop:
    """Return what a text repeats most.

    That is the heavier of two: the longest row of words with a period of up to 60 words that stands at least 4 times in
    a row, and, from 8 words on, the most frequent single word. Numbers keep their place and have no letters, so rows of
    a log that differ in their times repeat nothing. In tables (bars, tabs, semicolons) words that fill empty cells are
    left out.

    Returns:
        A Loop, its thing cut to 40 characters; an empty one for a text of fewer than 8 letters.
    """
    found = words.words(text)[:_MOST_WORDS]
    if any(sign in text for sign in _TABLE):
        found = [word for word in found if word not in _CELLS]
    weights = np.array(words.weights(found), dtype=np.int64)
    letters = int(weights.sum())
    if letters < LEAST_LETTERS or _is_told_at_once(found):
        return Loop()
    most, thing, times = max(_longest_loop(found, weights), _commonest(found, weights))
    return Loop(thing[:40], times, most / letters)


def may_be(text: str, found: list[str]) -> bool:
    """Whether a text of these words may be a repetition by its `loop`: False is sure, True asks for `loop` itself.

    Whatever has more than half of a text's letters in one piece has the letter in its middle: so no row is heavy enough
    unless the word that holds this letter stands 4 times at one distance.
    """
    found = found[:_MOST_WORDS]
    if any(sign in text for sign in _TABLE):
        return True
    if _is_told_at_once(found):
        return False
    weights = words.weights(found)
    upto = list(accumulate(weights))
    letters = upto[-1]
    if letters < LEAST_LETTERS:
        return False
    times = Counter(found)
    most = max(times.values()) * max(weights)
    if most / letters >= MOST_SHARE_OF_MANY:
        most = max(times[word] * weight for word, weight in zip(found, weights, strict=True))
    return most / letters >= MOST_SHARE_OF_MANY or _stands_in_a_row(found, bisect_right(upto, letters // 2))


def _is_told_at_once(found: Sequence[str]) -> bool:
    """Most texts are told by this alone: what is mostly repetition has few different words."""
    return len(found) < REPEATS or len(set(found)) > 0.6 * len(found) + 1


def _stands_in_a_row(found: list[str], place: int) -> bool:
    """Whether the word at a place stands at least 4 times at one distance, there among them."""
    word = found[place]
    if found.count(word) < REPEATS:
        return False
    for period in range(1, min(_LONGEST_LOOP, len(found) // REPEATS) + 1):
        first = last = place
        while first >= period and found[first - period] == word:
            first -= period
        while last + period < len(found) and found[last + period] == word:
            last += period
        if last - first >= (REPEATS - 1) * period:
            return True
    return False


def _commonest(found: list[str], weights: Ints) -> tuple[int, str, int]:
    if len(found) < 2 * REPEATS:
        return 0, "", 0
    letters: Counter[str] = Counter()
    for word, weight in zip(found, weights.tolist(), strict=True):
        letters[word] += weight
    word, most = letters.most_common(1)[0]
    return most, word, found.count(word)


def _longest_loop(found: list[str], weights: Ints) -> tuple[int, str, int]:
    """The letters of the heaviest row with a period, one period of it, and how often it stands."""
    numbers: dict[str, int] = {}
    line = np.array([numbers.setdefault(word, len(numbers)) for word in found])
    summed = np.concatenate([[0], np.cumsum(weights)])
    best, thing, times = 0, "", 0
    for period in range(1, min(_LONGEST_LOOP, len(line) // REPEATS) + 1):
        same = np.concatenate([[False], line[period:] == line[:-period], [False]])
        edges = np.flatnonzero(same[1:] != same[:-1])
        begins, ends = edges[::2], edges[1::2] + period
        long = ends - begins >= REPEATS * period
        for begin, end in zip(begins[long].tolist(), ends[long].tolist(), strict=True):
            if (letters := int(summed[end] - summed[begin])) > best:
                best, thing, times = letters, words.joined(found[begin : begin + period]), (end - begin) // period
    return best, thing, times
