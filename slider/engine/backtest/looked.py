"""Baselines that count a uniform sample of audits and look at an interval after every block."""

from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from slider.engine import audit, certificate
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest import binomial
from slider.engine.backtest.book import Book
from slider.engine.backtest.rules import Inside, Seen
from slider.engine.labels import Labels

FIRST = 0.5
"""The cuts are gone through upwards from here, up to the first that fails."""

LEAST = 100
"""No cut is believed with fewer labels."""

WARM = 500
"""Labels before anything is believed, where even people's lane is counted."""

Bound = Callable[[Ints, Ints], Bools]
"""From the wrong and all labels up to each cut, shape (replays, bins), to whether the cut seems to keep the limit."""


class Looked:
    """Audits at one chance, drawn over all items, counted as they arrive; the largest cut in sequence is open.

    While everything goes to people every label counts; once something runs, a label of people's lane is kept by the
    same coin that draws audits, so that the sample stays uniform. Labels count in the order in which they arrive: where
    errors are judged later than right answers, that flatters.
    """

    def __init__(self, name: str, *, replays: int, rung: int, promises: bool, bound: Bound) -> None:
        self.name, self.promises = name, promises
        self.share = np.zeros(replays)
        self._rungs = np.full(replays, rung, dtype=np.int64)
        self._bound = bound
        self._counts = np.zeros((replays, len(certificate.CUTS), 2), dtype=np.int64)

    def lanes(self, bins: Ints, scores: Floats) -> Bools:
        open_now: Bools = np.isfinite(scores) & (certificate.CUTS[bins] <= self.share[:, None] + 1e-9)
        return open_now

    def closed(self, bins: Ints) -> Ints:
        return np.full(bins.shape, -1, dtype=np.int64)

    def rungs(self) -> Ints:
        return self._rungs

    def inside(self) -> Inside:
        return Inside(open_bins=self.share[:, None] + 1e-9 >= certificate.CUTS)

    def look(self, book: Book, seen: Seen, *, rng: np.random.Generator) -> None:
        """Count what has arrived and look again; a new ranking starts the count anew."""
        arrived = book.labels(*book.arrived(seen.since))
        if arrived is not None:
            kept = self._sample(arrived, rng)
            replay = np.broadcast_to(np.arange(len(self.share))[:, None], kept.shape)[kept]
            np.add.at(self._counts, (replay, arrived.bins[kept], arrived.wrong[kept].astype(np.int64)), 1)
        self._counts[seen.ranked_anew] = 0
        book.epoch = book.epoch + seen.ranked_anew.astype(np.int16)
        wrong, labels = np.cumsum(self._counts[..., 1], axis=1), np.cumsum(self._counts.sum(axis=2), axis=1)
        self.share = self._chosen(self._bound(wrong, labels), labels)

    def _sample(self, labels: Labels, rng: np.random.Generator) -> Bools:
        coin = rng.random(labels.bins.shape) < audit.LADDER[self._rungs][:, None]
        kept: Bools = labels.present & (labels.lane | coin | (self.share == 0.0)[:, None])
        return kept

    def _chosen(self, good: Bools, labels: Ints) -> Floats:
        first = int(np.searchsorted(certificate.CUTS, FIRST - 1e-9))
        held = np.logical_and.accumulate((good & (labels >= LEAST))[:, first:], axis=1)
        share: Floats = np.where(held, certificate.CUTS[first:], 0.0).max(axis=1)
        return share


class Naive(Looked):
    """The error among all reviewed items, whichever lane they are of: the usual dashboard.

    It promises nothing: a bare rate instead of a bound, the largest cut that looks good instead of a sequence, and
    every look takes the luckiest cut so far.
    """

    def _sample(self, labels: Labels, rng: np.random.Generator) -> Bools:
        return labels.present

    def _chosen(self, good: Bools, labels: Ints) -> Floats:
        warm = labels[:, -1:] >= WARM
        share: Floats = np.where(good & (labels >= LEAST) & warm, certificate.CUTS, 0.0).max(axis=1)
        return share


def hoeffding(limit: float, *, delta: float) -> Bound:
    """Hoeffding's bound for one look at a fixed number of labels.

    The promise: at one look at one cut, the error is at most the mean plus sqrt(log(1/delta) / 2n) with probability
    1 - delta. It is not made for looking again, but it is so wide at small errors that looking does not use up what it
    gives away; the price is share.
    """

    def bound(wrong: Ints, labels: Ints) -> Bools:
        n = np.maximum(labels, 1)
        good: Bools = wrong / n + np.sqrt(np.log(1.0 / delta) / (2.0 * n)) <= limit
        return good

    return bound


def clopper_pearson(limit: float, *, delta: float, labels: int) -> Bound:
    """The exact binomial bound, for one look: looked at after every block, the first lucky one opens the cut.

    `labels`: no replay has more.
    """
    allowed = binomial.most_wrong(labels, limit=limit, chance=delta)

    def bound(wrong: Ints, seen: Ints) -> Bools:
        good: Bools = wrong <= allowed[seen]
        return good

    return bound


def normal(limit: float, *, delta: float) -> Bound:
    """The textbook interval by the normal curve: too narrow at small errors even for one look, zero wide at none."""
    z = NormalDist().inv_cdf(1.0 - delta)

    def bound(wrong: Ints, labels: Ints) -> Bools:
        n = np.maximum(labels, 1)
        rate = wrong / n
        good: Bools = rate + z * np.sqrt(rate * (1.0 - rate) / n) <= limit
        return good

    return bound


def no_bound(limit: float) -> Bound:
    """The bare rate."""

    def bound(wrong: Ints, labels: Ints) -> Bools:
        good: Bools = wrong <= limit * labels
        return good

    return bound
