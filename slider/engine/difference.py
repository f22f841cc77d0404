"""How far two shares lie apart, with an interval that keeps its promise for few cases and for shares near 0 and 1."""

import math
from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Floats, check_inside
from slider.engine.proportion import log_ways, share

_HALVINGS = 45
_STEPS = 48


@dataclass(frozen=True, slots=True)
class Difference:
    """`value` is the first share less the second; None, and the interval all there is, where one of them is empty."""

    value: float | None
    lower: float
    upper: float


def difference(first: tuple[int, int], second: tuple[int, int], *, delta: float) -> Difference:
    """Return the difference of two shares of hits, each given as (hits, of), with an interval.

    The promise: when the cases of each side are hits with one probability each, p and q, and no case knows another,
    P(the interval misses p - q) <= delta, each side delta / 2, for one look and any numbers. Where the probability
    changes from case to case by a rule that does not follow from outcomes, it holds nearly: such counts vary less.

    How: of the two one-sided exact p-values of a pair (p, q), each is at least as large as a uniform draw, so their
    product is below `c` with c (1 - ln c) = delta / 2 at most so often. The end is the largest difference of all
    pairs whose product is not below. Between two steps of the search the larger one counts: rounding only widens it.

    Why not Newcombe's: near the corner where sway is large (one share near 1, the other near 0) it holds 0.84 to 0.92
    instead of 0.95, computed over all outcomes (`tests/engine/test_difference.py`).

    Raises:
        ValueError: a count is negative or not whole, more hits than cases, or delta is out of range.

    Source: Fisher, Statistical Methods for Research Workers, 1932 (products of p-values); Clopper and Pearson 1934.
    """
    one, other = share(*first, delta=delta), share(*second, delta=delta)
    side = check_inside(delta, "delta") / 2.0
    if one.value is None or other.value is None:
        return Difference(None, -1.0, 1.0)
    upper = _furthest((one.hits, one.of), (other.hits, other.of), side)
    lower = -_furthest((other.hits, other.of), (one.hits, one.of), side)
    return Difference(one.value - other.value, lower, upper)


def _furthest(above: tuple[int, int], below: tuple[int, int], side: float) -> float:
    """The largest p - q that the counts do not rule out."""
    least = _product(side)
    levels = np.geomspace(least, 1.0, _STEPS + 1)
    highest = _highest(*above, levels=np.minimum(least / levels[1:], 1.0))
    lowest = 1.0 - _highest(below[1] - below[0], below[1], levels=levels[:-1])
    return float(min(1.0, np.max(highest - lowest)))


def _product(side: float) -> float:
    """Below which a product of two uniform draws falls with a chance of `side`: c (1 - ln c) = side."""
    low, high = 0.0, side
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if middle * (1.0 - math.log(middle)) <= side else (low, middle)
    return low


def _highest(hits: int, n: int, *, levels: Floats) -> Floats:
    """For each level the largest p under which `hits` or fewer of n come up with at least that chance, rounded up."""
    if hits == n:
        return np.ones(len(levels))
    ways, k = log_ways(hits, n), np.arange(hits + 1)
    low, high = np.zeros(len(levels)), np.ones(len(levels))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        logs = ways + k * np.log(middle)[:, None] + (n - k) * np.log1p(-middle)[:, None]
        enough = np.exp(logs).sum(axis=1) >= levels
        low, high = np.where(enough, middle, low), np.where(enough, high, middle)
    return high
