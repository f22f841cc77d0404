"""Baselines that set a score once and never look again: what most systems with a confidence threshold do."""

from collections.abc import Callable

import numpy as np

from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest import binomial
from slider.engine.backtest.book import Book
from slider.engine.backtest.rules import Inside, Seen

PARTS: Floats = np.concatenate(
    [np.arange(10, 50, 10), np.arange(50, 70, 5), np.arange(70, 90, 2.5), [90, 92, 94, 96, 98, 100]]
)
PARTS = PARTS / 100.0
"""The parts of the labelled items that may become the lane; their lowest scores are the candidates."""

FIRST = 0.5
"""A fixed sequence of tests begins here: from a smaller part a thousand labels could prove nothing."""

_LOWEST = -1e300

Choose = Callable[[Floats, Bools], Floats]
"""From scores and verdicts, shape (replays, n), to thresholds, shape (replays,); inf where nothing may run."""


class Threshold:
    """Everything that scores at least so much runs unattended, and a fixed share of that is audited."""

    def __init__(self, name: str, *, replays: int, rung: int, promises: bool) -> None:
        self.name, self.promises = name, promises
        self.thresholds = np.full(replays, np.inf)
        self._rungs = np.full(replays, rung, dtype=np.int64)

    def lanes(self, bins: Ints, scores: Floats) -> Bools:
        return np.isfinite(scores) & (scores >= self.thresholds[:, None])

    def closed(self, bins: Ints) -> Ints:
        return np.full(bins.shape, -1, dtype=np.int64)

    def rungs(self) -> Ints:
        return self._rungs

    def inside(self) -> Inside:
        return Inside(thresholds=self.thresholds)

    def look(self, book: Book, seen: Seen, *, rng: np.random.Generator) -> None:
        """A threshold that is set learns nothing more."""


class Fixed(Threshold):
    """A fixed confidence, as Amazon's Augmented AI and most home-made gates have it.

    The confidence is the logistic of the ranking score: a model's own probability where the stream hands that out, the
    frozen calibration's where it ranks by one. It promises nothing: .90 is a wish about each item, no bound on the
    lane, and a model that is confidently wrong passes.
    """

    def __init__(self, confidence: float, *, replays: int, rung: int, after: int) -> None:
        """`after`: the item from which on it is in force; before, everything goes to people."""
        super().__init__(f"fixed confidence {confidence:.2f}", replays=replays, rung=rung, promises=False)
        self._score = float(np.log(confidence) - np.log1p(-confidence)) - 1e-9
        self._after = after

    def look(self, book: Book, seen: Seen, *, rng: np.random.Generator) -> None:
        if book.now >= self._after:
            self.thresholds[:] = self._score


class Once(Threshold):
    """People review everything until n items under one ranking are judged; then a score is chosen, for ever.

    A new ranking starts the count anew: labels that have taught a ranking would flatter it.
    """

    def __init__(self, name: str, *, replays: int, rung: int, promises: bool, labels: int, choose: Choose) -> None:
        super().__init__(name, replays=replays, rung=rung, promises=promises)
        self._labels, self._choose = labels, choose
        self._start, self._set = np.zeros(replays, dtype=np.int64), np.zeros(replays, dtype=np.bool_)
        self._scores: list[Floats] = []

    def look(self, book: Book, seen: Seen, *, rng: np.random.Generator) -> None:
        if self._set.all():
            return
        self._scores.append(seen.scores)
        anew = seen.ranked_anew & ~self._set
        self._start[anew] = book.now
        for start in np.unique(self._start[~self._set]).tolist():
            part = slice(start, start + self._labels)
            if book.now < part.stop:
                continue
            ready = np.flatnonzero(~self._set & (self._start == start))
            ready = ready[(book.at[ready, part] < book.now).all(axis=1)]
            if ready.size:
                scores = np.concatenate([block[ready] for block in self._scores], axis=1)[:, part]
                self.thresholds[ready] = self._choose(scores, book.said[ready, part])
                self._set[ready] = True


def learn_then_test(limit: float, *, delta: float, in_sequence: bool) -> Choose:
    """Learn then Test: a p-value of Hoeffding and Bentkus for each candidate, all of them held to delta together.

    The promise, at the one moment of choosing: with probability 1 - delta the chosen score's error is at most `limit`,
    if the labels are exchangeable with all later items and correct. It breaks when anything changes later, and pays for
    every candidate. By Holm's correction over all candidates (as MAPIE does it), or in a fixed sequence upwards from
    the half of the items that score highest.

    Source: Angelopoulos, Bates, Candes, Jordan, Lei, "Learn then test", 2021; Bates et al., JACM 2021.
    """

    def choose(scores: Floats, wrong: Bools) -> Floats:
        thresholds, bad, seen = candidates(scores, wrong)
        p = hoeffding_bentkus(bad, seen, limit=limit)
        return _largest(_sequence(p <= delta) if in_sequence else _holm(p, delta=delta), thresholds)

    return choose


def selective(limit: float, *, delta: float) -> Choose:
    """A selective guarantee: exact binomial bounds in a fixed sequence upwards from the half that score highest.

    The promise and what breaks it are those of `learn_then_test`; the exact bound needs fewer labels.

    Source: Geifman and El-Yaniv, "Selective classification for deep neural networks" (SGR), 2017; Jung, Brahman, Choi,
    "Trust or Escalate", ICLR 2025.
    """

    def choose(scores: Floats, wrong: Bools) -> Floats:
        thresholds, bad, seen = candidates(scores, wrong)
        allowed = binomial.most_wrong(scores.shape[1], limit=limit, chance=delta)
        return _largest(_sequence(bad <= allowed[seen]), thresholds)

    return choose


def conformal(limit: float) -> Choose:
    """The conformal quantile of correct answers: the score that a share 1 - limit of them reaches.

    It promises coverage: a new correct answer passes with probability 1 - limit. That says nothing of the wrong answers
    that pass as well, and so nothing of the lane: it has to break, and stands here to show it.

    Source: Vovk, Gammerman, Shafer, "Algorithmic learning in a random world", 2005.
    """

    def choose(scores: Floats, wrong: Bools) -> Floats:
        rising = np.sort(np.where(wrong, np.inf, scores), axis=1)
        place = np.floor(limit * ((~wrong).sum(axis=1) + 1)).astype(np.int64) - 1
        found = rising[np.arange(len(rising)), np.maximum(place, 0)]
        return np.where(place < 0, _LOWEST, np.maximum(found, _LOWEST))

    return choose


def candidates(scores: Floats, wrong: Bools) -> tuple[Floats, Ints, Ints]:
    """Return the candidate thresholds, and the wrong and all labels that reach each, shape (replays, parts).

    What is tied at a threshold is in, all of it: a score can't tell ties apart.
    """
    falling = -np.sort(-scores, axis=1)
    places = np.maximum((PARTS * scores.shape[1]).astype(np.int64), 1) - 1
    thresholds = np.maximum(falling[:, places], _LOWEST)
    inside = np.maximum(scores, _LOWEST)[:, :, None] >= thresholds[:, None, :]
    return thresholds, (inside & wrong[:, :, None]).sum(axis=1), inside.sum(axis=1)


def hoeffding_bentkus(wrong: Ints, labels: Ints, *, limit: float) -> Floats:
    """Return the p-value of "the error is above the limit", entry by entry (Bates et al., JACM 2021)."""
    rate = np.minimum(wrong / labels, limit)
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.where(rate > 0.0, rate * np.log(rate / limit), 0.0)
    gap = gap + (1.0 - rate) * np.log((1.0 - rate) / (1.0 - limit))
    p: Floats = np.minimum(np.exp(-labels * gap), np.e * binomial.lower_tail(wrong, labels, rate=limit))
    return p


def _holm(p: Floats, *, delta: float) -> Bools:
    """Reject by Holm's step-down procedure, row by row."""
    order = np.argsort(p, axis=1)
    steps = np.take_along_axis(p, order, axis=1) <= delta / (p.shape[1] - np.arange(p.shape[1]))
    shown = np.zeros(p.shape, dtype=np.bool_)
    np.put_along_axis(shown, order, np.logical_and.accumulate(steps, axis=1), axis=1)
    return shown


def _sequence(passed: Bools) -> Bools:
    """Keep what passed from the first part of the sequence up to the first failure."""
    kept = passed & (PARTS >= FIRST)
    first = int(np.searchsorted(PARTS, FIRST))
    kept[:, first:] = np.logical_and.accumulate(passed[:, first:], axis=1)
    return kept


def _largest(shown: Bools, thresholds: Floats) -> Floats:
    """Return the lowest threshold that was shown to hold, inf where there is none."""
    lowest: Floats = np.where(shown, thresholds, np.inf).min(axis=1)
    return lowest
