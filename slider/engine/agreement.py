"""How far people agree beyond chance: Cohen's kappa for two, Krippendorff's alpha for any number, with intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Floats, Ints, check_counts, check_inside
from slider.engine.proportion import share

RESAMPLES = 2000
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

    What the interval promises: it is the bootstrap's over items, each end the quantile at delta / 2 of what resamples
    of as many items give, so P(it misses the kappa of all such items) comes to delta as items become many, and is near
    it from some fifty on (measured, with two people who err independently: `tests/engine/test_agreement.py`). It
    needs items that are like a random draw: second looks at random, not only those that somebody found doubtful. Where
    nobody disagrees at all a resample can't either; the lower end is then what the exact bound on the share of
    disagreements leaves.

    Args:
        table: shape (words, words), how many items the first person called by the row's word and the second by the
            column's.
        delta: how often the interval may miss, strictly between 0 and 1.
        seed: of the resamples.

    Raises:
        ValueError: the table is not square, a count is none, or delta is out of range.

    Source: Cohen, Educational and Psychological Measurement 1960; Efron, Annals of Statistics 1979.
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
    return _agreement(of, counts.ravel(), n, disagreed=disagreed, apart=1.0 - chance, delta=delta, seed=seed)


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
    looks = patterns.sum(axis=1)
    apart = (looks**2 - (patterns**2).sum(axis=1)) / np.maximum(looks - 1, 1)

    def of(weights: Floats) -> Floats:
        words = weights @ patterns
        total = words.sum(axis=1)
        by_chance = (total**2 - (words**2).sum(axis=1)) / (total - 1.0)
        return _ratio(weights @ apart, by_chance)

    word = times @ patterns if len(times) else np.zeros(counts.shape[1], dtype=np.int64)
    total = int(word.sum())
    chance = float(total**2 - (word**2).sum()) / max(total * (total - 1), 1)
    disagreed = int(times[apart > 0].sum())
    return _agreement(of, times, len(counts), disagreed=disagreed, apart=chance, delta=delta, seed=seed)


def _ratio(observed: Floats, by_chance: Floats) -> Floats:
    """1 - observed / by chance; NaN where only one word was used."""
    found: Floats = np.full(observed.shape, np.nan)
    np.divide(observed, by_chance, out=found, where=by_chance > 1e-12)
    return 1.0 - found


def _agreement(
    of: Callable[[Floats], Floats], times: Ints, items: int, *, disagreed: int, apart: float, delta: float, seed: int
) -> Agreement:
    """The figure of a sample, and the quantiles of the same figure of resamples of its items."""
    side = check_inside(delta, "delta") / 2.0
    if items < LEAST or apart <= 1e-12:
        return Agreement(items, None, None, None)
    value = float(of(times[None].astype(np.float64))[0])
    if disagreed == 0:
        # Two looks at an item disagree in at most so many of them.
        return Agreement(items, value, max(-1.0, 1.0 - share(0, items, delta=delta).upper / apart), 1.0)
    drawn = np.random.default_rng(seed).multinomial(items, times / items, size=RESAMPLES)
    found = of(drawn.astype(np.float64))
    lower, upper = np.nanquantile(found, [side, 1.0 - side])
    return Agreement(items, value, float(lower), float(upper))
