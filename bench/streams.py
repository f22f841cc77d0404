"""Streams of made-up items whose chance of being wrong is known: the rows of the synthetic table."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from slider.engine import certificate, lanes
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.streams import Arrived, Block, Held

ITEMS = 20_000
CHANGE = 10_000
"""The item at which a sudden change comes."""

CHUNK = 500
"""The true error of a stream that changes is measured anew for each stretch of this many items."""

_CONFIDENCE = np.clip(np.arange(101) / 100.0, 0.002, 0.998)

LEVELS: Floats = np.round(np.log(_CONFIDENCE) - np.log1p(-_CONFIDENCE), 6)
"""Scores: the log-odds of a confidence in whole percent, as models state it. So there are ties."""

_TRUTH_REPLAYS = 300
_BLOCK = 50


@dataclass(frozen=True, slots=True)
class Kind:
    """How items come about: an item has a hidden difficulty z, and the confidence sees it through noise.

    Attributes:
        flat: every item's chance of being wrong, whatever its score; None: logistic(-4.3 + 2 z).
        multiple: what the odds of an error are multiplied by after the change.
        slowly: the change creeps in from item 5,000 to the end instead of coming at item 10,000.
        visible: after the change the confidence drops as well.
        drift: items become harder, and the confidence swings with a period of 8,000 items.
        cluster: the share of items that are wrong six times in ten with a confidence near 1.
        cluster_from: the item from which on the cluster is there.
    """

    flat: float | None = None
    multiple: float = 1.0
    slowly: bool = False
    visible: bool = False
    drift: bool = False
    cluster: float = 0.0
    cluster_from: int = 0

    @property
    def changes(self) -> bool:
        """Whether the true errors are not the same all along."""
        return self.multiple != 1.0 or self.drift or self.cluster_from > 0


class Made:
    """A stream of one kind for several replays; nothing is learnt, the confidence is the ranking."""

    def __init__(self, kind: Kind, *, replays: int, seed: int) -> None:
        self.replays, self.changes = replays, kind.changes
        self._kind, self._rng = kind, np.random.default_rng([seed, 3])
        self._window = np.full((replays, lanes.WINDOW), np.nan)
        self._at = 0

    def block(self, start: int, n: int) -> Block:
        p, level = _drawn(self._kind, start, (self.replays, n), self._rng)
        self._at = start + n
        scores = LEVELS[level]
        self._window = np.concatenate([self._window, scores], axis=1)[:, -lanes.WINDOW :]
        wrong = self._rng.random(p.shape) < p
        return Block(scores=scores, p_wrong=p, wrong=wrong, rows=np.full(p.shape, -1, dtype=np.int64))

    def learn(self, arrived: Arrived, *, epoch: Ints, held: Held | None = None) -> Bools:
        return np.zeros(self.replays, dtype=np.bool_)

    def heard(self) -> Ints:
        return np.zeros((self.replays, len(certificate.CUTS), 2), dtype=np.int64)

    def window(self, size: int) -> Floats:
        return self._window[:, -size:]

    def errors(self) -> Floats:
        by_chunk = truth(self._kind).by_bin
        return np.broadcast_to(by_chunk[self._chunk()], (self.replays, by_chunk.shape[1]))

    @property
    def stage(self) -> int:
        return self._chunk()

    def errors_in(self, stage: int, *, replays: Ints) -> Floats:
        by_bin = truth(self._kind).by_bin[stage]
        return np.broadcast_to(by_bin, (len(replays), len(by_bin)))

    def error_above(self, thresholds: Floats) -> Floats:
        levels = np.searchsorted(LEVELS, thresholds - 1e-9)
        above: Floats = truth(self._kind).above[self._chunk()][levels]
        return above

    def _chunk(self) -> int:
        return min(max(self._at - 1, 0), ITEMS - 1) // CHUNK


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The true errors of a kind, by stretch of `CHUNK` items.

    Attributes:
        by_bin: shape (stretches, bins), of each bin of the rank.
        above: shape (stretches, 102), of all items at or above each of `LEVELS`; the last is 0.
    """

    by_bin: Floats
    above: Floats


@cache
def truth(kind: Kind) -> Truth:
    """Measure the true errors of a kind with the ranker itself, over 6 million items."""
    bins, chunks = len(certificate.CUTS), ITEMS // CHUNK
    if kind.flat is not None:
        above = np.full((chunks, len(LEVELS) + 1), kind.flat)
        above[:, -1] = 0.0
        return Truth(by_bin=np.full((chunks, bins), kind.flat), above=above)
    rng, stream = np.random.default_rng(99), Made(kind, replays=_TRUTH_REPLAYS, seed=99)
    by_bin, by_level = np.zeros((2, chunks, bins)), np.zeros((2, chunks, len(LEVELS)))
    for start in range(0, ITEMS, _BLOCK):
        before, drawn = stream.window(lanes.WINDOW), stream.block(start, _BLOCK)
        ranks = lanes.ranks_of(before, scores=drawn.scores, ties=rng.random(drawn.scores.shape))
        places = certificate.bins(ranks).ravel(), np.searchsorted(LEVELS, drawn.scores.ravel() - 1e-9)
        for table, place in zip((by_bin, by_level), places, strict=True):
            table[0, start // CHUNK] += np.bincount(place, minlength=table.shape[2])
            table[1, start // CHUNK] += np.bincount(place, weights=drawn.p_wrong.ravel(), minlength=table.shape[2])
    if not kind.changes:
        by_bin, by_level = (_pooled(table) for table in (by_bin, by_level))
    at_least = np.cumsum(by_level[:, :, ::-1], axis=2)[:, :, ::-1]
    above = at_least[1] / np.maximum(at_least[0], 1.0)
    return Truth(
        by_bin=by_bin[1] / np.maximum(by_bin[0], 1.0),
        above=np.concatenate([above, np.zeros((chunks, 1))], axis=1),
    )


def _pooled(table: Floats) -> Floats:
    """Take all stretches together but the first, whose items are ranked among few."""
    result: Floats = np.repeat(table[:, 1:].sum(axis=1, keepdims=True), table.shape[1], axis=1)
    return result


def _drawn(kind: Kind, start: int, shape: tuple[int, int], rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Draw items: their chances of being wrong, and their confidence in whole percent."""
    z, noise = rng.standard_normal(shape), 0.6 * rng.standard_normal(shape)
    swing = 0.0
    if kind.drift:
        z = z + 0.6 * start / ITEMS
        swing = 1.5 * np.sin(2.0 * np.pi * start / 8000.0)
    odds = -4.3 + 2.0 * z + np.log(kind.multiple) * _strength(kind, start)
    p = np.full(shape, kind.flat) if kind.flat is not None else _logistic(odds)
    seen = z + noise + (0.5 if kind.visible and start >= CHANGE else 0.0)
    confidence = _logistic(2.2 - 1.6 * seen + swing)
    if kind.cluster > 0.0 and start >= kind.cluster_from:
        inside = rng.random(shape) < kind.cluster
        p = np.where(inside, 0.6, p)
        confidence = np.where(inside, 0.995 + 0.004 * rng.random(shape), confidence)
    return p, np.round(100.0 * confidence).astype(np.int64)


def _strength(kind: Kind, start: int) -> float:
    """Return how much of the change is there, 0 to 1."""
    if kind.slowly:
        return min(1.0, max(0.0, (start - 5000) / (ITEMS - 5000)))
    return float(start >= CHANGE)


def _logistic(x: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-x))
