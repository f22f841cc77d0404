"""How far people agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for any number, with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Floats, Ints, check_counts, check_inside
from slider.engine.proportion import share

RESAMPLES = 2000
_HALF = 0.5
LEAST = 10
"""Items below which nothing is said: a resample of fewer is no picture of what others there could have been."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """1 is agreement, 0 what chance alone would make. None where it is not known: too few items, or only one word."""

    items: int
    value: float | None
    lower: float | None
    upper: float | None


def kappa(table: Ints, *, delta: float, seed: int) -> Agreement:
    """Return Cohen's kappa of two people, with an interval.

    kappa = (observed agreement - that of chance) / (1 - that of chance), chance being each person's own frequencies.

    What the interval promises: it spans two, each from quantile delta / 2 to 1 - delta / 2. One is the bootstrap's, of
    resamples of as many items. The other draws the shares of all pairs of words from what the items leave open, a
    Dirichlet with half an item more in each cell (Jeffreys): a resample never shows what did not come up, and where
    two people reject little and never both, the bootstrap alone misses 17 to 80 of 100 times. P(the span misses the
    kappa of all such items) comes to delta or less as items become many; measured it is at most delta from some forty
    on, also for people who accept nearly all (`tests/engine/test_agreement.py`, `bench/reviewers.py`). It needs items
    that are like a random draw: second looks at random, not only those that somebody found doubtful. Where nobody
    disagrees at all, the lower end is what the exact bound on the share of disagreements leaves.

    Args:
        table: shape (words, words), how many items the first person called by the row's word and the second by the
            column's.
        delta: how often the interval may miss, strictly between 0 and 1.
        seed: of the resamples.

    Raises:
        ValueError: the table is not square, a count is none, or delta is out of range.

    Source: Cohen, Educational and Psychological Measurement 1960; Efron, Annals of Statistics 1979; Jeffreys 1946.
    """
    counts = check_counts(table, "table")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"table has shape {counts.shape}: give one row and one column a word.")
    words, n = len(counts), int(counts.sum())

    def of(weights: Floats) -> Floats:
        tables = weights.reshape(-1, words, words)
        total = tables.sum(axis=(1, 2))
        same = np.trace(tables, axis1=1, axis2=2) / total
        by_chance = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1) / total**2
        return _ratio(1.0 - same, 1.0 - by_chance)

    disagreed = n - int(np.trace(counts))
    chance = float((counts.sum(axis=1) * counts.sum(axis=0)).sum()) / max(n, 1) ** 2
    used = counts.sum(axis=0) + counts.sum(axis=1) > 0
    sample = _Sample(counts.ravel(), _HALF * np.outer(used, used).ravel(), n, disagreed)
    return _agreement(of, sample, apart=1.0 - chance, delta=delta, seed=seed)


def alpha(said: Ints, *, delta: float, seed: int) -> Agreement:
    """Return Krippendorff's alpha for words without an order, any number of people, and looks that are missing.

    alpha = 1 - observed disagreement / that of chance. Two looks at one item disagree or not; an item with m looks
    counts m times, its pairs sharing that; chance is two looks at any items. An item with one look says nothing.

    What the interval promises is what `kappa` says of its own. Items are resampled, never looks: those at one item
    hang together.

    Args:
        said: shape (items, words), how many people called the item by each word.
        delta, seed: as for `kappa`.

    Raises:
        ValueError: a shape, a count or delta is out of range.

    Source: Krippendorff, Content Analysis, chapter 12; Hayes and Krippendorff 2007 for resampling.
    """
    counts = check_counts(said, "said")
    if counts.ndim != 2:
        raise ValueError(f"said has shape {counts.shape}: give one row an item and one column a word.")
    counts = counts[counts.sum(axis=1) > 1]
    patterns, times = np.unique(counts, axis=0, return_counts=True)
    unseen = _pairs_of(np.flatnonzero(counts.sum(axis=0)), counts.shape[1])
    prior = np.concatenate([np.zeros(len(times)), _HALF * np.where(unseen.max(axis=1) == 2, 1.0, 2.0)])
    patterns, times = np.concatenate([patterns, unseen]), np.concatenate([times, np.zeros(len(unseen), dtype=np.int64)])
    looks = patterns.sum(axis=1)
    apart = (looks**2 - (patterns**2).sum(axis=1)) / np.maximum(looks - 1, 1)

    def of(weights: Floats) -> Floats:
        words = weights @ patterns
        total = words.sum(axis=1)
        by_chance = (total**2 - (words**2).sum(axis=1)) / (total - 1.0)
        return _ratio(weights @ apart, by_chance)

    word = times @ patterns
    total = int(word.sum())
    chance = float(total**2 - (word**2).sum()) / max(total * (total - 1), 1)
    disagreed = int(times[apart > 0].sum())
    sample = _Sample(times, prior, len(counts), disagreed)
    return _agreement(of, sample, apart=chance, delta=delta, seed=seed)


def _pairs_of(used: Ints, words: int) -> Ints:
    """What two looks at one item could have been, of the words that were used: one row a pair, in any order."""
    pairs = [(a, b) for n, a in enumerate(used) for b in used[n:]]
    rows = np.zeros((len(pairs), words), dtype=np.int64)
    for row, (a, b) in zip(rows, pairs, strict=True):
        row[a] += 1
        row[b] += 1
    return rows


def _ratio(observed: Floats, by_chance: Floats) -> Floats:
    """1 - observed / by chance; NaN where only one word was used."""
    found: Floats = np.full(observed.shape, np.nan)
    np.divide(observed, by_chance, out=found, where=by_chance > 1e-12)
    return 1.0 - found


@dataclass(frozen=True, slots=True)
class _Sample:
    """How often each outcome came up, what is added to it where shares are drawn, and in how many words differed."""

    times: Ints
    prior: Floats
    items: int
    disagreed: int


def _agreement(of: Callable[[Floats], Floats], sample: _Sample, *, apart: float, delta: float, seed: int) -> Agreement:
    """The figure of a sample, and the span of the same figure of resamples and of shares drawn anew."""
    side, items = check_inside(delta, "delta") / 2.0, sample.items
    if items < LEAST or apart <= 1e-12:
        return Agreement(items, None, None, None)
    value = float(of(sample.times[None].astype(np.float64))[0])
    if sample.disagreed == 0:
        # Two looks at an item disagree in at most so many of them.
        return Agreement(items, value, max(-1.0, 1.0 - share(0, items, delta=delta).upper / apart), 1.0)
    rng = np.random.default_rng(seed)
    resampled = rng.multinomial(items, sample.times / items, size=RESAMPLES).astype(np.float64)
    weights = sample.times + sample.prior
    drawn = np.zeros((RESAMPLES, len(weights)))
    drawn[:, weights > 0] = items * rng.dirichlet(weights[weights > 0], size=RESAMPLES)
    ends = np.array([np.nanquantile(of(found), [side, 1.0 - side]) for found in (resampled, drawn)])
    return Agreement(items, value, float(ends[:, 0].min()), float(ends[:, 1].max()))
