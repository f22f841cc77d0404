"""What is expected of each rank: the error rate by bin that later labels are compared with."""

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Floats, Ints

LEAST_LABELS = 600
"""Labels that an expectation stands on at least."""

GROUPS: Floats = np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0])
"""Where the groups of bins end whose rates are estimated together."""

GROUP_OF_BIN: Ints = np.searchsorted(GROUPS, certificate.CUTS, side="left").astype(np.int64)
GROUP_OF_BIN.setflags(write=False)

_MEMBERS = (GROUP_OF_BIN[None, :] == np.arange(len(GROUPS))[:, None]).astype(np.float64)
_NEAR = 8.0
_CAUTION = 0.5
_BLUR = 0.12


def usual(wrong: Ints, right: Ints, *, tested: Floats) -> Floats:
    """Return the error rate of each bin as it looks: by groups of bins, made to rise with the rank.

    Never below a group's own rate shrunk by eight labels, so that a bad group that isotony would pool away does not
    look good.

    Args:
        wrong, right: shape (streams, bins), labels of both lanes without weights: inside a bin they are alike.
        tested: shape (streams,), the limit: a prior of half an error at it stands behind every group.

    Returns:
        Shape (streams, bins), in (0, 1).
    """
    rates: Floats = _grouped(wrong, right, tested)[0][:, GROUP_OF_BIN]
    return rates


def expected(wrong: Ints, right: Ints, *, tested: Floats) -> Floats:
    """Return the error rate that later labels of each bin are compared with: `usual`, erring on the high side.

    An eighth of the way to the next harder group, since where errors set in moves a little with the items that one is
    ranked among; then raised by a twentieth, by .001 and by `_CAUTION` standard errors. Too clean an expectation
    cries wolf. Arguments and shape are those of `usual`.
    """
    rates, seen = _grouped(wrong, right, tested)
    harder = np.maximum(rates, np.concatenate([rates[:, 1:], rates[:, -1:]], axis=1))
    rates = rates + _BLUR * (harder - rates)
    raised = np.minimum(0.97, 1.05 * rates + 0.001 + _CAUTION * np.sqrt(rates / (seen + 5.0)))
    by_bin: Floats = raised[:, GROUP_OF_BIN]
    return by_bin


def hoped(wrong: Ints, right: Ints, *, tested: Floats) -> Floats:
    """Return the mirror of `expected`, erring on the low side: what labels are compared with that are better.

    Arguments and shape are those of `usual`.
    """
    rates, seen = _grouped(wrong, right, tested)
    lowered = rates / 1.05 - 0.001 - _CAUTION * np.sqrt(rates / (seen + 5.0))
    easier = np.minimum(lowered, np.concatenate([lowered[:, :1], lowered[:, :-1]], axis=1))
    by_bin: Floats = np.clip(lowered + _BLUR * (easier - lowered), 0.0, 1.0)[:, GROUP_OF_BIN]
    return by_bin


def _grouped(wrong: Ints, right: Ints, tested: Floats) -> tuple[Floats, Floats]:
    """Return the rates by group, and the labels that each stands on."""
    bad, seen = wrong @ _MEMBERS.T, (wrong + right) @ _MEMBERS.T
    rising = _isotonic((bad + 0.5 * tested[:, None]) / (seen + 0.5), seen + 0.5)
    return np.maximum(rising, (bad + _NEAR * rising) / (seen + _NEAR)), seen


def ranked_anew(scores: Floats, *, wrong: Bools, propensity: Floats) -> Ints:
    """Count the labels of one epoch as a new calibration ranks them.

    Ranks move when the score is refitted: a better one gathers the errors in the last bins, which would look like a
    change for the worse. So what is expected is worked out again, from the same labels in their new places. (They
    have also taught the new score, which flatters it a little; nothing that is promised rests on it.)

    Args:
        scores: shape (n,), the new ranking scores of labelled items.
        wrong: shape (n,).
        propensity: shape (n,), the chance with which each was looked at: a label stands for 1 / propensity items.

    Returns:
        Shape (bins, 2), counts of right and wrong labels by bin.
    """
    table = np.zeros((len(certificate.CUTS), 2), dtype=np.int64)
    if not len(scores):
        return table
    _, spot = np.unique(-scores, return_inverse=True)
    mass = np.bincount(spot, weights=1.0 / propensity)
    middle = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    bins = certificate.bins(np.minimum(middle[spot], 1.0))
    np.add.at(table, (bins, wrong.astype(np.int64)), 1)
    return table


LEAST_INSIDE = 30
"""Labels inside a lane before two rankings of it are compared."""

_NEAR_LIMIT = 0.9
_SLACK = 0.1


def is_worse(new: Floats, old: Floats, *, wrong: Bools, propensity: Floats, share: float, tested: float) -> bool:
    """Whether a new ranking would put more errors into a lane than the one in force, and more than it can bear.

    Evidence counts for a cut of the rank, whatever ranks: a ranking that is as good on the whole but gathers other
    items in the lane would stand on evidence that it has not earned. (Where two signals contradict each other, a fit
    can turn about with every few labels.) So the same labels are laid into the lane by both rankings.

    Args:
        new, old: shape (n,), the scores of the epoch's labelled items under each.
        wrong: shape (n,).
        propensity: shape (n,), the chance with which each was looked at: a label stands for 1 / propensity items.
        share: the cut that is open, or the first that can be.
        tested: the limit.

    Returns:
        True when the lane's error would rise to over nine tenths of the limit, or by over a tenth of it; False with few
        labels inside.
    """
    mass = 1.0 / propensity
    before, after = (_inside(scores, mass=mass, share=share) for scores in (old, new))
    if min((before > 0.0).sum(), (after > 0.0).sum()) < LEAST_INSIDE:
        return False
    was, becomes = (float((part * wrong).sum() / part.sum()) for part in (before, after))
    return becomes > min(max(was, _NEAR_LIMIT * tested), was + _SLACK * tested)


def _inside(scores: Floats, *, mass: Floats, share: float) -> Floats:
    """Return how much of each label's mass lies inside the easiest `share`; equal scores go in evenly."""
    _, spot = np.unique(-scores, return_inverse=True)
    of_group = np.bincount(spot, weights=mass)
    room = share * mass.sum() - (np.cumsum(of_group) - of_group)
    inside: Floats = mass * np.clip(room / of_group, 0.0, 1.0)[spot]
    return inside


def is_due(labels: Ints, *, has: Bools) -> Bools:
    """Say which streams have enough labels, shape (streams,), for a first expectation."""
    result: Bools = (labels >= LEAST_LABELS) & ~has
    return result


def _isotonic(rates: Floats, weights: Floats) -> Floats:
    """Return the non-decreasing fit of each row by the max-min formula: max over s <= i, min over t >= i, of means."""
    mass = np.concatenate([np.zeros((len(rates), 1)), np.cumsum(weights, axis=1)], axis=1)
    total = np.concatenate([np.zeros((len(rates), 1)), np.cumsum(weights * rates, axis=1)], axis=1)
    size = rates.shape[1]
    spans = mass[:, None, 1:] - mass[:, :-1, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        means = (total[:, None, 1:] - total[:, :-1, None]) / spans
    means[:, np.tri(size, k=-1, dtype=np.bool_)] = np.inf
    least = np.minimum.accumulate(means[:, :, ::-1], axis=2)[:, :, ::-1]
    least[:, np.tri(size, k=-1, dtype=np.bool_)] = -np.inf
    fitted: Floats = least.max(axis=1)
    return fitted
