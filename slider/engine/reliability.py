"""Whether a chance of being correct keeps its word: said against found, bin by bin."""

import math
from dataclasses import dataclass

import numpy as np

from slider.engine import rates
from slider.engine.arrays import Bools, Floats, Ints, check_length

EDGES: Floats = np.array([0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0])
"""The bins of `p_correct`, finer at the top where unattended items are; a value on an edge is in the lower bin."""
EDGES.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """One entry per bin of `EDGES`, shape (len(EDGES) - 1,), and two sums.

    Attributes:
        labels: labels in the bin.
        said: their mean `p_correct`, weighted by 1 / chance; NaN without a label.
        found: the share that people found correct, weighted likewise; NaN without a label.
        lower, upper: an interval for it (`rates.rates`).
        known: whether the bin has `least` labels.
        gap: the expected calibration error over the known bins: mean of |said - found|, by the weight of the items.
            NaN when no bin is known.
        luck: what `gap` would come to by chance alone, if every `p_correct` were exactly right.
    """

    labels: Ints
    said: Floats
    found: Floats
    lower: Floats
    upper: Floats
    known: Bools
    gap: float
    luck: float


def reliability(p: Floats, *, correct: Bools, chances: Floats, delta: float, least: int) -> Reliability:
    """Compare the chances of being correct that were said with what people found.

    Each `p` must have been said before its label was known: a fit judged on what it was fitted on flatters itself.
    The intervals promise what `rates.rates` promises, one bin at a time. `gap` is an estimate, and is never below
    what chance alone makes of few labels: read it beside `luck`.

    Args:
        p: shape (n,), in [0, 1].
        correct: shape (n,), True where a person found the answer correct.
        chances: shape (n,), the chance with which each item was looked at.
        delta: how often one interval may miss, strictly between 0 and 1.
        least: labels that a bin needs to be known.

    Raises:
        ValueError: shapes differ, or a number is out of its range.
    """
    check_length(correct, p.size, "correct")
    if not np.all((p >= 0.0) & (p <= 1.0)):
        raise ValueError("p holds a value outside 0 ... 1: give chances of being correct.")
    size = len(EDGES) - 1
    place: Ints = np.maximum(np.searchsorted(EDGES, p, side="left") - 1, 0).astype(np.int64)
    counts = rates.table(place, chances=chances, wrong=~correct, size=size)
    wrong = rates.rates(counts, delta=delta)
    weight = 1.0 / chances
    mass = _sums(place, weight)
    said = _ratio(_sums(place, weight * p), mass)
    noise: Floats = np.sqrt(_sums(place, weight**2 * p * (1.0 - p)))
    known = counts.labels >= least
    gap, luck = math.nan, math.nan
    if known.any():
        share = mass[known] / mass[known].sum()
        gap = float((share * np.abs(said - (1.0 - wrong.error))[known]).sum())
        # The mean of |N(0, s)| is s * sqrt(2 / pi).
        luck = float((share * _ratio(noise, mass)[known]).sum() * math.sqrt(2.0 / math.pi))
    return Reliability(
        labels=counts.labels,
        said=said,
        found=1.0 - wrong.error,
        lower=1.0 - wrong.upper,
        upper=1.0 - wrong.lower,
        known=known,
        gap=gap,
        luck=luck,
    )


def _sums(place: Ints, weight: Floats) -> Floats:
    sums: Floats = np.bincount(place, weights=weight, minlength=len(EDGES) - 1).astype(np.float64)
    return sums


def _ratio(part: Floats, whole: Floats) -> Floats:
    result: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0.0)
    return result
