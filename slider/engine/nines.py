"""An error rate said in nines, and what the next nine costs in labels."""

import math

import numpy as np
import numpy.typing as npt

from slider.engine import audit, bounds
from slider.engine.arrays import Floats, check_counts, check_fraction, check_inside

STEPS: Floats = np.array([0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001])
"""Errors on the way from one nine to four: 90, 95, 98, 99 % right ..., each about a third of a nine."""
STEPS.setflags(write=False)

_MOST_LABELS = 1e9
_HALVINGS = 60


def nines(error: float) -> float:
    """Say an error rate in nines of accuracy: 0.1 is 1, 0.01 is 2, 0.003 is 2.52, 0 is infinite.

    The result promises what `error` promises: a bound in, a certified number of nines out; an estimate in, an
    estimate out. The name on the screen must say which.

    Args:
        error: a share of wrong answers, in [0, 1].

    Returns:
        -log10(error), 0 or more.

    Raises:
        ValueError: `error` is not in [0, 1].
    """
    if check_fraction(error, "error") == 0.0:
        return math.inf
    return max(0.0, -math.log10(error))


def error_of(nines: float) -> float:
    """Return the error rate that this number of nines stands for: the inverse of `nines`.

    Raises:
        ValueError: `nines` is negative or not a number.
    """
    if not nines >= 0.0:
        raise ValueError(f"nines is {nines!r}: give 0 or more (99 % right is 2).")
    return float(10.0**-nines)


def labels_for(
    target: float, *, error: float, delta: float, wrong: npt.ArrayLike = (0,), right: npt.ArrayLike = (0,)
) -> float:
    """Estimate how many more labels bring `bounds.upper_error` down to `target`, at an assumed true error.

    The log wealth at the limit `target` is followed along its mean: each further label of full weight is wrong
    with probability `error`. An estimate and no promise: in seeded runs the bound is down at `target` by then in
    about half of the cases, and after twice as many labels in nine of ten.

    Args:
        target: the error to be shown, strictly between 0 and 1: `error_of(2)` for the second nine.
        error: what the true error is taken to be, in [0, 1].
        delta: chance with which the bound may fail, strictly between 0 and 1.
        wrong, right: what is known already, counts by weight class as in `bounds.log_wealth`, shape (C,).

    Returns:
        A whole number of labels (as a float); 0 when the bound is there already, inf when labels alone will
        not do: the assumed error is too close to the target, or above it.

    Raises:
        ValueError: a number is out of its range, or the counts do not fit.

    Source: the growth of a mixture of bets, as in `bounds.log_wealth`.
    """
    limit, enough = check_inside(target, "target"), -math.log(check_inside(delta, "delta"))
    bad, good = check_counts(wrong, "wrong"), check_counts(right, "right")
    if bad.shape != good.shape or bad.ndim != 1 or not 1 <= bad.size <= audit.STEPS:
        raise ValueError(f"wrong has shape {bad.shape} and right {good.shape}: give both as (weight classes,).")
    rate, odds = check_fraction(error, "error"), limit / (1.0 - limit)
    stakes = np.outer(audit.LADDER[: bad.size], bounds.WIDE_THETA)
    start = np.log(bounds.WIDE_OMEGA) + bad @ np.log1p(-stakes) + good @ np.log1p(odds * stakes)
    growth: Floats = rate * np.log1p(-bounds.WIDE_THETA) + (1.0 - rate) * np.log1p(odds * bounds.WIDE_THETA)

    def reached(labels: float) -> bool:
        return bool(np.logaddexp.reduce(start + labels * growth) >= enough)

    if reached(0.0):
        return 0.0
    if not reached(_MOST_LABELS):
        return math.inf
    low, high = 0.0, _MOST_LABELS
    # Convex in the number of labels: from below, it passes what is enough once.
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if reached(middle) else (middle, high)
    return float(math.ceil(high))
