"""Rates of wrong answers in sets of items that were looked at by known coins, with honest intervals."""

from dataclasses import dataclass

import numpy as np

from slider.engine import audit, bounds
from slider.engine.arrays import Bools, Floats, Ints, check_counts, check_inside, check_length

_SAME = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Counts of labels by set and weight class, shape (sets, audit.STEPS) each."""

    wrong: Ints
    right: Ints

    @property
    def labels(self) -> Ints:
        """How many labels each set has, shape (sets,)."""
        total: Ints = (self.wrong + self.right).sum(axis=1)
        return total


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """One entry a set; NaN, 0 and 1 where it has no label.

    Attributes:
        error: the share of wrong answers, each label weighted by 1 / its chance.
        lower, upper: an interval for it.
    """

    error: Floats
    lower: Floats
    upper: Floats


def table(sets: Ints, *, chances: Floats, wrong: Bools, count: Ints | None = None, size: int | None = None) -> Table:
    """Count labels by set and weight class; within a set the weight is its least chance / the label's own.

    Args:
        sets: shape (n,), the set that each row belongs to, 0 ... size - 1.
        chances: shape (n,), the chance with which the item was looked at, of `audit.LADDER`.
        wrong: shape (n,), True where the answer was wrong.
        count: shape (n,), how many labels each row stands for; 1 when None.
        size: the number of sets; as many as are named when None.

    Raises:
        ValueError: shapes differ, or a chance is not on the ladder.
    """
    check_length(chances, sets.size, "chances")
    check_length(wrong, sets.size, "wrong")
    many = np.ones(sets.size, dtype=np.int64) if count is None else check_counts(count, "count")
    check_length(many, sets.size, "count")
    tables = np.zeros((2, (int(sets.max(initial=-1)) + 1) if size is None else size, audit.STEPS), dtype=np.int64)
    if sets.size:
        rungs = _rungs(chances)
        least = np.zeros(tables.shape[1], dtype=np.int64)
        np.maximum.at(least, sets, rungs)
        np.add.at(tables, (wrong.astype(np.int64), sets, least[sets] - rungs), many)
    return Table(wrong=tables[1], right=tables[0])


def rates(counts: Table, *, delta: float) -> Rates:
    """Return the weighted rate of wrong answers of each set and an interval for it.

    The promise: take any set of items, whatever their answers are and however they came about, fixed before the
    coins fell. When each was looked at by its own independent coin of known chance, P(the interval misses the
    set's share of wrong answers) <= delta, for one look at a set that is complete. The reason: the mean of
    1 - lambda w (y - a) over an item's coin is 1 - lambda c (y - a), with c the least chance; the product of these
    over the set is at most (1 - lambda c (mean y - a))^n by the inequality of the means, which is at most 1 while
    the set's share is a or more. So the wealth of `bounds` has a mean of 1 at most, and Markov's inequality does the
    rest; each side takes half of delta.

    It is not promised: anything about items to come; several looks at a set that grows (that takes the assumption of
    `bounds.upper_error`); all sets at once (give delta / sets for that); a set that was chosen because its labels
    looked bad. A set whose least chance was so small that no such item was looked at speaks of the others.

    Args:
        counts: of `table`, shape (sets, classes).
        delta: how often an interval may miss, strictly between 0 and 1.

    Raises:
        ValueError: delta is out of range, or the counts do not fit.

    Source: Waudby-Smith and Ramdas, JRSS-B 2024, for the bets; the estimate is Hajek's ratio.
    """
    return Rates(error=estimates(counts), lower=lowest(counts, delta=delta), upper=highest(counts, delta=delta))


def estimates(counts: Table) -> Floats:
    """Return `Rates.error` alone."""
    bad: Floats = counts.wrong @ audit.LADDER
    total: Floats = bad + counts.right @ audit.LADDER
    result: Floats = np.divide(bad, total, out=np.full(bad.shape, np.nan), where=total > 0.0)
    return result


def lowest(counts: Table, *, delta: float) -> Floats:
    """Return `Rates.lower` alone."""
    side, used = check_inside(delta, "delta") / 2.0, _used(counts)
    found = bounds.lower_error(counts.wrong[:, :used], counts.right[:, :used], delta=side)
    return np.where(counts.labels > 0, found, 0.0)


def highest(counts: Table, *, delta: float) -> Floats:
    """Return `Rates.upper` alone."""
    side, used = check_inside(delta, "delta") / 2.0, _used(counts)
    return bounds.upper_error(counts.wrong[:, :used], counts.right[:, :used], delta=side)


def _used(counts: Table) -> int:
    """How many weight classes hold labels: empty ones would only cost time."""
    filled = np.flatnonzero((counts.wrong + counts.right).any(axis=0))
    return int(filled[-1]) + 1 if filled.size else 1


def _rungs(chances: Floats) -> Ints:
    """Return the index of each chance on the ladder."""
    if not np.all((chances > 0.0) & (chances <= 1.0)):
        raise ValueError("chances holds a value outside (0, 1]: give the chance that the item was looked at.")
    places: Ints = np.rint(-2.0 * np.log2(chances)).astype(np.int64)
    if np.any(places >= audit.STEPS) or not np.allclose(
        audit.LADDER[np.minimum(places, audit.STEPS - 1)], chances, rtol=_SAME
    ):
        raise ValueError("chances holds a value that is not on the ladder 1, 0.7071, 0.5, ... 1/64.")
    return places
