"""The alarm: audits of the unattended lane that are worse than promised end the epoch."""

import numpy as np

from slider.engine import audit, detect
from slider.engine.arrays import Floats, Ints
from slider.engine.labels import Labels

TIMES: Floats = np.array([1.5, 2.0, 3.0, 5.0, 10.0])
"""The errors that the alarm is tuned to, as multiples of the limit."""

_MOST_AIM = 0.9


def start(streams: int) -> Floats:
    """Return the statistic of an epoch without labels, shape (streams, 5)."""
    return np.zeros((streams, len(TIMES)))


def observe(level: Floats, labels: Labels, *, tested: Floats, rung: Ints) -> Floats:
    """Carry the statistic over labels of the unattended lane, in the order in which they arrived.

    The promise: while every label of the lane is wrong with probability `tested` or less given all that came
    before, the mean number of lane labels until `reading` first reaches A is at least A. (Bets
    1 + mu w (y - tested), with mu the Kelly stake for an error of 1.5, 2, 3, 5 and 10 times the limit.)

    The labels of a still lane arrive like that, also when errors are judged later than right answers: each counts by
    how far the audit chance has fallen since its item was drawn (`rung`), or else the late errors of many audits would
    meet the right answers of few. Shipped items that are looked at again belong here when they are drawn from the whole
    lane, whatever the reason for looking, as long as what came after an item says nothing about it.

    Args:
        level: shape (streams, 5).
        labels: those of people's lane are passed over.
        tested: shape (streams,), the promised limit times the share of errors that reviewers catch.
        rung: shape (streams,), of the audit chance that is in force as they arrive.

    Returns:
        Shape (streams, 5).
    """
    factors = _factors(labels, tested, rung)
    return detect.shiryaev_roberts(level, factors, present=labels.present & labels.lane)


def reading(level: Floats) -> Floats:
    """Return what is compared with the run length A: the mean over the five tunings, shape (streams,)."""
    result: Floats = level.mean(axis=-1)
    return result


def stir(level: Floats, labels: Labels, *, tested: Floats, rung: Ints) -> Floats:
    """Carry the same bets as a CUSUM of logarithms: quick to stir, and so only a reason to look more closely.

    Arguments and shapes are those of `observe`; while the lane keeps its limit, the mean number of lane labels until
    `stirred` first reaches log(A) is at least A - 1.
    """
    steps = np.log(_factors(labels, tested, rung))
    return detect.cusum(level, steps, present=labels.present & labels.lane)


def stirred(level: Floats) -> Floats:
    """Return the log of the mean of the five likelihood ratios that `stir` carries, shape (streams,)."""
    top = level.max(axis=-1)
    result: Floats = top + np.log(np.exp(level - top[:, None]).mean(axis=-1))
    return result


def _factors(labels: Labels, tested: Floats, rung: Ints) -> Floats:
    """Return each label's five bets against "the error is at most the limit", shape (streams, n, 5)."""
    limit = tested[:, None, None]
    aims = np.maximum(limit, np.minimum(_MOST_AIM, limit * TIMES))
    stakes = (aims - limit) / (limit * (1.0 - limit))
    weights = labels.weights * audit.LADDER[np.maximum(rung[:, None] - labels.rungs, 0)]
    factors: Floats = 1.0 + stakes * weights[:, :, None] * (labels.wrong[:, :, None] - limit)
    return factors
