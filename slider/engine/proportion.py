"""A share of counted cases with an exact interval, such as how often somebody was right about known answers."""

from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Floats, check_counts, check_inside

_HALVINGS = 45


@dataclass(frozen=True, slots=True)
class Share:
    """`value` is None, and the interval all there is, where nothing was counted."""

    hits: int
    of: int
    value: float | None
    lower: float
    upper: float


def share(hits: int, of: int, *, delta: float) -> Share:
    """Return the share of hits with Clopper and Pearson's interval.

    The promise: when each case is a hit with the same probability p, given those before it, and their number does not
    follow from their outcomes, P(the interval misses p) <= delta: for one look, each side delta / 2. Not promised:
    anything at several looks (`reviewers.miss_upper` holds at all of them), or for somebody who was chosen because
    of their share.

    Raises:
        ValueError: a count is negative or not whole, more hits than cases, or delta is out of range.

    Source: Clopper and Pearson, Biometrika 1934.
    """
    hit, all_of_them = int(check_counts(hits, "hits")), int(check_counts(of, "of"))
    if hit > all_of_them:
        raise ValueError(f"hits is {hits!r} of {of!r}: no more can be hit than there are.")
    side = check_inside(delta, "delta") / 2.0
    if all_of_them == 0:
        return Share(0, 0, None, 0.0, 1.0)
    upper = _highest(hit, all_of_them, side)
    lower = 1.0 - _highest(all_of_them - hit, all_of_them, side)
    return Share(hit, all_of_them, hit / all_of_them, lower, upper)


def _highest(hits: int, n: int, side: float) -> float:
    """The largest p under which `hits` or fewer of n come up with a chance of `side`."""
    if hits == n:
        return 1.0
    ways, low, high = log_ways(hits, n), hits / n, 1.0
    k = np.arange(hits + 1)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        chance = float(np.exp(ways + k * np.log(middle) + (n - k) * np.log1p(-middle)).sum())
        low, high = (middle, high) if chance > side else (low, middle)
    return high


def log_ways(hits: int, n: int) -> Floats:
    """The logs of the numbers of ways to choose 0, 1 ... `hits` of n."""
    k = np.arange(1, hits + 1)
    steps = np.log(n - k + 1) - np.log(k)
    result: Floats = np.concatenate([[0.0], np.cumsum(steps)])
    return result
