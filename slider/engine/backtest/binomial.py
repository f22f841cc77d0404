"""Exact binomial tails, without tables from elsewhere: what the intervals of Clopper and Pearson are made of."""

import numpy as np

from slider.engine.arrays import Floats, Ints, check_inside


def most_wrong(labels: int, *, limit: float, chance: float) -> Ints:
    """Return how many of n labels may be wrong for the exact test to call the error rate smaller than `limit`.

    For each n the largest f with P(Binomial(n, limit) <= f) <= chance: just then the one-sided upper bound of Clopper
    and Pearson at level 1 - chance is at most `limit`. By the recursion from n to n + 1, which follows one quantile, so
    that nothing under- or overflows.

    Args:
        labels: the largest n.
        limit, chance: strictly between 0 and 1.

    Returns:
        Shape (labels + 1,), for n = 0 ... labels; -1 where not even 0 errors will do.
    """
    check_inside(limit, "limit")
    check_inside(chance, "chance")
    result = np.full(labels + 1, -1, dtype=np.int64)
    first_too_many, mass, below = 0, 1.0, 1.0  # of n = 0: P(X = f) and P(X <= f)
    for n in range(1, labels + 1):
        below -= limit * mass
        mass *= n / (n - first_too_many) * (1.0 - limit)
        while below <= chance:
            mass *= (n - first_too_many) / (first_too_many + 1) * limit / (1.0 - limit)
            first_too_many += 1
            below += mass
        result[n] = first_too_many - 1
    return result


def lower_tail(wrong: Ints, labels: Ints, *, rate: float) -> Floats:
    """Return P(Binomial(labels, rate) <= wrong), entry by entry, for 0 < rate < 1 and 0 <= wrong <= labels."""
    check_inside(rate, "rate")
    wrong, labels = np.broadcast_arrays(wrong, labels)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, labels.max(initial=0) + 1.0)))])
    total = np.zeros(wrong.shape)
    for k in range(int(wrong.max(initial=0)) + 1):
        here = (wrong >= k) & (labels >= k)
        n = labels[here]
        ways = logs[n] - logs[k] - logs[n - k]
        total[here] += np.exp(ways + k * np.log(rate) + (n - k) * np.log1p(-rate))
    return np.minimum(total, 1.0)
