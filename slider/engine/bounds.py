"""Bounds on an error rate that hold at every look, from counts of right and wrong labels alone."""

import numpy as np
import numpy.typing as npt

from slider.engine import audit
from slider.engine.arrays import Floats, Ints, check_counts, check_inside

THETA: Floats = np.array([0.9, 0.45, 0.25])
"""Stakes against "the error is at least a", as the part of the wealth that a wrong label costs."""
OMEGA: Floats = np.array([0.3, 0.2, 0.5])
"""Share of the starting wealth behind each of `THETA`; sums to 1.

What they cost, measured at delta 5 % and limits of 1 to 5 %: the median number of labels to a wealth of 20 is
4.4, 6.9, 15, 31, 75 and 220 / limit when the error is 0, 25, 40, 60, 75 and 85 % of the limit. Who knew the error
beforehand and staked on it alone would need 3.0, 5.8, 10, 24, 67 and 190. With the five of `WIDE_THETA` it is 4.1,
6.5, 12, 32, 95 and 310: a little less far from the limit, more near it.
"""

WIDE_THETA: Floats = np.array([0.92, 0.7, 0.45, 0.25, 0.1])
"""Stakes of the upper bound, which must stay close to the error when there are many labels."""
WIDE_OMEGA: Floats = np.array([0.3, 0.25, 0.2, 0.15, 0.1])

LOW_THETA: Floats = np.array([0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001])
"""Stakes against "the error is at most a". Errors are rare, so a right label must cost little."""
LOW_OMEGA: Floats = np.full(9, 1.0 / 9.0)

_HALVINGS = 40
_EDGE = 1e-12


def log_wealth(wrong: npt.ArrayLike, right: npt.ArrayLike, *, error_limit: npt.ArrayLike) -> Floats:
    """Return the log of the evidence against "the error is at least `error_limit`".

    A wealth of 1 is staked on the labels, one after the other: W = sum_j omega_j prod_i (1 - lambda_j w_i
    (y_i - a)) with y = 1 for wrong, a the limit, w the label's weight and lambda_j = theta_j / (1 - a). Order
    does not matter, so W is a function of the counts.

    The promise: when, given all that came before, each item is wrong with probability at least a, W is a
    non-negative supermartingale, and P(W ever reaches 1/delta) <= delta, however often and whenever one looks
    (Ville's inequality). It needs: the item was looked at by a coin of known chance that does not depend on
    its answer, its weight is least/chance (`audit.weight_class`), and every label counts (an overdue one as
    wrong). Chances and the least chance may follow from all that came before, and the chance from the item's own
    score: an item is then looked at with mean weight `least`, whatever it scores.

    Args:
        wrong: shape (..., C) counts of wrong labels; column c holds weight `audit.LADDER[c]`, C at most 13.
        right: the same for right labels.
        error_limit: strictly between 0 and 1; a number, or shape (...) to test each row at its own limit.

    Returns:
        Shape (...): natural logarithms; 0 without labels.

    Raises:
        ValueError: shapes differ, a count is negative or not whole, or a limit is out of range.

    Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 2024.
    """
    wrongs, rights = _pair(wrong, right)
    limit = np.asarray(error_limit, dtype=np.float64)
    if not np.all((limit > 0.0) & (limit < 1.0)):
        raise ValueError(f"error_limit is {error_limit!r}: give a number strictly between 0 and 1.")
    return _wealth(wrongs, rights, odds=limit / (1.0 - limit), theta=THETA, omega=OMEGA)


def upper_error(wrong: npt.ArrayLike, right: npt.ArrayLike, *, delta: float) -> Floats:
    """Return an upper confidence bound on the error that may be looked at after every label.

    The smallest limit a whose wealth, as in `log_wealth` but with the stakes `WIDE_THETA`, reaches 1/delta, by
    bisection (the wealth grows with a).

    The promise: when each label is wrong with probability at least e given all that came before, P(the bound
    is ever below e) <= delta. Under drift it speaks of the labels so far and not of the next one.

    Args:
        wrong, right: counts as in `log_wealth`, shape (..., C).
        delta: probability with which the bound may fail, strictly between 0 and 1.

    Returns:
        Shape (...), in (0, 1]; exactly 1 when nothing is known. Never below the answer to the inversion: the
        bisection (2**-40) rounds up.

    Raises:
        ValueError: as in `log_wealth`, or delta is out of range.
    """
    wrongs, rights = _pair(wrong, right)
    return _inverted(wrongs, rights, delta=delta, theta=WIDE_THETA, omega=WIDE_OMEGA)


def lower_error(wrong: npt.ArrayLike, right: npt.ArrayLike, *, delta: float) -> Floats:
    """Return a lower confidence bound on the error that may be looked at after every label.

    The mirror of `upper_error`: the same wealth with right and wrong exchanged and smaller stakes
    (`LOW_THETA`).

    The promise: when each label is wrong with probability at most e given all that came before, P(the bound
    is ever above e) <= delta. Arguments and errors are those of `upper_error`.

    Returns:
        Shape (...), in [0, 1); exactly 0 when nothing is known.
    """
    wrongs, rights = _pair(wrong, right)
    return 1.0 - _inverted(rights, wrongs, delta=delta, theta=LOW_THETA, omega=LOW_OMEGA)


def _pair(wrong: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Ints, Ints]:
    """Check the two tables of counts against each other and against the ladder."""
    wrongs, rights = check_counts(wrong, "wrong"), check_counts(right, "right")
    if wrongs.shape != rights.shape or wrongs.ndim == 0 or not 1 <= wrongs.shape[-1] <= audit.STEPS:
        raise ValueError(
            f"wrong has shape {wrongs.shape} and right {rights.shape}: give both as (..., weight classes), "
            f"the same shape, with 1 to {audit.STEPS} classes."
        )
    return wrongs, rights


def _wealth(wrong: Ints, right: Ints, *, odds: Floats, theta: Floats, omega: Floats) -> Floats:
    """Return the log wealth at limits given as odds a / (1 - a): a wrong label costs theta * w."""
    stakes = np.outer(audit.LADDER[: wrong.shape[-1]], theta)
    gains = np.log1p(odds[..., None, None] * stakes)
    logs: Floats = np.matmul(wrong, np.log1p(-stakes)) + np.log(omega)
    logs += (right[..., None, :] @ gains)[..., 0, :]
    top: Floats = logs.max(axis=-1)
    total: Floats = top + np.log(np.exp(logs - top[..., None]).sum(axis=-1))
    return total


def _inverted(wrong: Ints, right: Ints, *, delta: float, theta: Floats, omega: Floats) -> Floats:
    """Return the smallest limit whose wealth reaches 1/delta, row by row."""
    target = -np.log(check_inside(delta, "delta"))
    low, high = np.zeros(wrong.shape[:-1]), np.ones(wrong.shape[:-1])
    for _ in range(_HALVINGS):
        middle = np.clip(0.5 * (low + high), _EDGE, 1.0 - _EDGE)
        enough = _wealth(wrong, right, odds=middle / (1.0 - middle), theta=theta, omega=omega) >= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    # Without right labels no limit below 1 reaches the target, and the search only creeps up to 1.
    high[right.sum(axis=-1) == 0] = 1.0
    return high
