"""Regions of the rank: a stretch of confident answers that is wrong gets closed alone, not the whole lane."""

import numpy as np

from slider.engine import certificate, detect
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.labels import Labels

EDGES: Floats = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6])
"""Where the regions end. Above 60 % there are none: the edge of the lane is the cap's business."""

COUNT = len(EDGES)

EASY = 0.3
"""Up to this cut items count as the easiest: where confident mistakes hide."""

OF_BIN: Ints = np.searchsorted(EDGES, certificate.CUTS, side="left").astype(np.int64)
"""The region of each bin, shape (bins,); `COUNT` where there is none."""
OF_BIN.setflags(write=False)

_TIMES: Floats = np.array([2.0, 4.0, 8.0])
_ODDS: Floats = np.array([4.0, 16.0])
_MOST_BASE, _MOST_AIM = 0.45, 0.9
_MEMBERS: Floats = (OF_BIN[None, :] == np.arange(COUNT)[:, None]) * certificate.WIDTHS
_MEMBERS = _MEMBERS / _MEMBERS.sum(axis=1, keepdims=True)


def start(streams: int) -> Floats:
    """Return the statistics of an epoch without labels, shape (streams, regions, 3)."""
    return np.zeros((streams, COUNT, len(_TIMES)))


def start_surprise(streams: int) -> Floats:
    """Return the surprise of an epoch without labels, shape (streams, regions, 2)."""
    return np.zeros((streams, COUNT, len(_ODDS)))


def observe(levels: Floats, labels: Labels, *, tested: Floats) -> Floats:
    """Carry the evidence that a region is worse than twice the limit.

    A Shiryaev-Roberts statistic a region, of likelihood ratios against the error q = 2 * limit, for errors of 2, 4
    and 8 times q. (q is at most 45 %, and never below the limit.)

    The promise: while each label of the region is wrong with probability q or less, given all that came before, the
    mean number of its labels until `reading` first reaches A is at least A. A region that stands at the limit itself
    runs far longer: at 3 % some 60 times A.

    What follows: a lane with an error of a at most, without a region that has an error of a at least, has an error
    of a at most. So closing a bad region never turns a lane that keeps the limit into one that breaks it. Closing a
    good one can, when the rest stands near the limit: that is what the budget A is for.

    Args:
        levels: shape (streams, regions, 3).
        labels: in the order of arrival, both lanes.
        tested: shape (streams,), the limit.

    Returns:
        Shape (streams, regions, 3).
    """
    twice = np.maximum(tested, np.minimum(_MOST_BASE, 2.0 * tested))
    base = np.broadcast_to(twice[:, None, None], (len(tested), COUNT, 1))
    aims = np.maximum(base, np.minimum(_MOST_AIM, base * _TIMES))
    wrong, right = np.log(aims / base), np.log((1.0 - aims) / (1.0 - base))
    return _each_region(levels, labels, wrong, right, by_sum=True)


def surprise(levels: Floats, labels: Labels, *, expected: Floats) -> Floats:
    """Carry the CUSUM that says: look here. Found errors where hardly any are expected.

    Log-likelihood ratios of 4 and 16 times the expected odds. It closes nothing; it decides where shipped items
    are looked at again. Arguments as for `observe`; streams without an expectation stay at 0.

    Returns:
        Shape (streams, regions, 2).
    """
    known = ~np.isnan(expected[:, :1, None])
    usual = np.clip(np.nan_to_num(expected @ _MEMBERS.T, nan=0.5), 1e-4, 0.95)[:, :, None]
    aims = usual * _ODDS / (1.0 - usual + usual * _ODDS)
    wrong, right = np.log(aims / usual) * known, np.log((1.0 - aims) / (1.0 - usual)) * known
    return _each_region(levels, labels, wrong, right, by_sum=False)


def reading(levels: Floats) -> Floats:
    """Return what is compared with the run length A, shape (streams, regions): the mean over the tunings."""
    result: Floats = levels.mean(axis=-1)
    return result


def without(quarantined: Bools) -> Bools:
    """Return which bins remain in the ranking, shape (streams, bins), when regions (streams, regions) are closed."""
    padded = np.concatenate([quarantined, np.zeros((len(quarantined), 1), dtype=np.bool_)], axis=1)
    return ~padded[:, OF_BIN]


def _each_region(levels: Floats, labels: Labels, wrong: Floats, right: Floats, *, by_sum: bool) -> Floats:
    """Carry one statistic a region and tuning; only the streams and regions that have labels are touched."""
    region = OF_BIN[labels.bins]
    stream, place = np.nonzero(labels.present & (region < COUNT))
    result = levels.copy()
    if not stream.size:
        return result
    pair = stream * COUNT + region[stream, place]
    order = np.argsort(pair, kind="stable")
    touched, counts = np.unique(pair, return_counts=True)
    row = np.repeat(np.arange(len(touched)), counts)
    column = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    mine, was_wrong = (np.zeros((len(touched), int(counts.max())), dtype=np.bool_) for _ in range(2))
    mine[row, column], was_wrong[row, column] = True, labels.wrong[stream, place][order]
    whose, where = np.divmod(touched, COUNT)
    steps = np.where(was_wrong[..., None], wrong[whose, where][:, None], right[whose, where][:, None])
    old = levels[whose, where]
    if by_sum:
        result[whose, where] = detect.shiryaev_roberts(old, np.exp(steps), present=mine)
    else:
        result[whose, where] = detect.cusum(old, steps, present=mine)
    return result
