"""Suspicion: labels of both lanes, and the scores themselves, that no longer look like the epoch's start."""

import numpy as np

from slider.engine import detect
from slider.engine.arrays import Floats
from slider.engine.labels import Labels

ODDS: Floats = np.array([2.0, 4.0, 16.0])
"""How many times the expected odds of an error the suspicion is tuned to."""

TAILS: Floats = np.array([0.9, 0.7, 0.2])
"""Quantiles of the scores whose mass is watched: the easiest 10 % and 30 %, the hardest 20 %."""

_HOPELESS = 0.8
"""Bins that are expected to be wrong more often are not listened to."""

# Which mark, and how many times the mass beyond it speaks for no drift and for drift.
_DRIFTS = ((0, 1.2, 1.6), (0, 0.8, 0.5), (1, 1.12, 1.35), (1, 0.88, 0.65), (2, 1.15, 1.5), (2, 0.85, 0.55))
_MOST_MASS, _ALMOST_ALL = 0.98, 0.99


def start(streams: int) -> Floats:
    """Return the statistics of an epoch without labels, shape (streams, 6)."""
    return np.zeros((streams, 2 * len(ODDS)))


def observe(levels: Floats, labels: Labels, *, expected: Floats) -> Floats:
    """Carry CUSUM statistics of all labels, and of the unattended lane's alone, against what was expected.

    The people's lane is labelled whole, so that a model that turned bad shows there within a few dozen items,
    long before thin audits of the unattended lane can speak.

    Args:
        levels: shape (streams, 6).
        labels: in the order of arrival, both lanes.
        expected: shape (streams, bins), the expected error (`reference.expected`); NaN: not known yet, and
            then nothing is carried.

    Returns:
        Shape (streams, 6), log-likelihood ratios: three of all labels, three of the unattended lane's.
    """
    usual = np.take_along_axis(expected, labels.bins, axis=1)
    # Where nearly everything is wrong already, nothing can become much worse.
    known = labels.present & (np.nan_to_num(usual, nan=1.0) <= _HOPELESS)
    usual = np.clip(np.where(known, usual, 0.5), 1e-4, 0.95)[:, :, None]
    aims = usual * ODDS / (1.0 - usual + usual * ODDS)
    steps = np.where(labels.wrong[:, :, None], np.log(aims / usual), np.log((1.0 - aims) / (1.0 - usual)))
    everywhere = detect.cusum(levels[:, :3], steps, present=known)
    unattended = detect.cusum(levels[:, 3:], steps, present=known & labels.lane)
    return np.concatenate([everywhere, unattended], axis=1)


def reading(levels: Floats) -> Floats:
    """Return the log of the mean likelihood ratio of the statistics, shape (streams,)."""
    top = levels.max(axis=-1)
    result: Floats = top + np.log(np.exp(levels - top[:, None]).mean(axis=-1))
    return result


def start_drift(streams: int) -> Floats:
    """Return the statistics of the scores' drift, shape (streams, 6)."""
    return np.zeros((streams, len(_DRIFTS)))


def thresholds(scores: Floats) -> Floats:
    """Write down how the scores of recent items lie.

    Args:
        scores: shape (streams, n), -inf for items without an answer.

    Returns:
        Shape (streams, 6): the scores at `TAILS`, and the share of items beyond each, ties included.
    """
    marks = np.quantile(scores, TAILS, axis=1, method="inverted_cdf").T
    return np.concatenate([marks, _beyond(scores, marks) / scores.shape[1]], axis=1)


def _beyond(scores: Floats, marks: Floats) -> Floats:
    """Count the items at or above the first two marks, and below the third, shape (streams, 3)."""
    counts = [(scores >= marks[:, :1]).sum(1), (scores >= marks[:, 1:2]).sum(1), (scores < marks[:, 2:3]).sum(1)]
    return np.stack(counts, axis=1).astype(np.float64)


def drift(levels: Floats, scores: Floats, *, marks: Floats) -> Floats:
    """Carry CUSUM statistics of the share of new scores beyond the marks: no label is needed, nothing is proved.

    Args:
        levels: shape (streams, 6).
        scores: shape (streams, n), the ranking scores of the newest items.
        marks: shape (streams, 6), `thresholds` of an earlier stretch; NaN: nothing is carried.

    Returns:
        Shape (streams, 6), log-likelihood ratios.
    """
    size, result = scores.shape[1], levels.copy()
    known = ~np.isnan(marks[:, 0])
    beyond = _beyond(scores, np.nan_to_num(marks))
    for place, (which, null, other) in enumerate(_DRIFTS):
        mass = np.clip(np.nan_to_num(marks[:, 3 + which], nan=0.5), 0.002, _MOST_MASS)
        p, q = np.minimum(mass * null, _ALMOST_ALL), np.minimum(mass * other, _ALMOST_ALL)
        step = beyond[:, which] * np.log(q / p) + (size - beyond[:, which]) * np.log((1.0 - q) / (1.0 - p))
        result[:, place] = np.where(known, np.maximum(levels[:, place], 0.0) + step, 0.0)
    return result
