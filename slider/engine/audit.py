"""Audits: how often an unattended item is looked at all the same, and which ones."""

import math
from collections.abc import Sequence

import numpy as np

from slider.engine import coins
from slider.engine.arrays import Bools, Floats, check_fraction, check_inside

STEPS = 13
"""Number of rungs, and so of weight classes: the quotient of two rungs lies on the same ladder."""

LADDER: Floats = 2.0 ** (-np.arange(STEPS) / 2.0)
"""The only audit chances there are: 1, 0.707, 0.5, ... 1/64, shape (13,). So evidence is whole numbers."""
LADDER.setflags(write=False)

_WANTED = 5.0
_MOST = 0.5
_SAME = 1e-9


def chance(*, floor: float, error_limit: float, lane_items: int) -> float:
    """Choose the audit chance for the next unattended items of a task.

    max(floor, min(1/2, 5 / (error_limit * lane_items))), rounded up to the next rung: dense until the lane
    has about 5 / (error_limit * floor) items, then thinning out to the floor. Known before the item is seen,
    and the same for every item of the lane: chances that follow the score starve the region where the model
    is confidently wrong.

    Args:
        floor: the least share of unattended items that is audited, in (0, 1]. Below 1/64 counts as 1/64.
        error_limit: the share of wrong answers that the task tolerates, in [0, 1). 0 keeps the chance at 1/2.
        lane_items: unattended items routed so far in this epoch, 0 or more.

    Returns:
        A value of `LADDER`, never below `floor`.

    Raises:
        ValueError: an argument is out of its range.
    """
    if check_fraction(floor, "floor") == 0.0:
        raise ValueError("floor is 0: a lane that is never audited cannot be vouched for; give 1/64 or more.")
    if check_fraction(error_limit, "error_limit") == 1.0:
        raise ValueError("error_limit is 1: give the share of wrong answers that is tolerated, below 1.")
    if lane_items < 0:
        raise ValueError(f"lane_items is {lane_items}: give the number of items routed so far, 0 or more.")
    due = error_limit * lane_items
    wanted = max(floor, _MOST if due * _MOST <= _WANTED else _WANTED / due)
    return float(LADDER[max(index for index in range(STEPS) if LADDER[index] >= min(wanted, 1.0) - _SAME)])


def draws(secret: bytes, ids: Sequence[int] | Sequence[str], chance: float, epoch: int) -> Bools:
    """Say which unattended items are audited: an independent coin per item, the same at every retry.

    The epoch is part of the coin, so that an item routed again under new evidence is drawn anew. Store
    `chance` with the decision, before anybody acts on the item: the certificate needs the chance that was in
    force.

    Args:
        secret: the task's coin secret.
        ids: the items' own ids.
        chance: in (0, 1], the audit chance in force (a value of `LADDER` if it is to count as evidence).
        epoch: the number of the evidence epoch.

    Returns:
        Shape (n,), True for an audit, in the order of `ids`.

    Raises:
        ValueError: the chance is 0 or not in [0, 1], or the secret is empty.
    """
    if check_fraction(chance, "chance") == 0.0:
        raise ValueError("chance is 0: give the audit chance in force, 1/64 or more.")
    result: Bools = coins.coins(secret, ids, f"audit|{epoch}") < chance
    return result


def rung(chance: float) -> int:
    """Return the index of `chance` in `LADDER`.

    Raises:
        ValueError: the chance is not one of the ladder's (it was not made by `audit.chance`).
    """
    index = round(-2.0 * math.log2(chance)) if check_fraction(chance, "chance") > 0.0 else -1
    if not 0 <= index < STEPS or not math.isclose(chance, float(LADDER[index]), rel_tol=_SAME):
        raise ValueError(f"The audit chance {chance!r} is not on the ladder 1, 0.7071, 0.5, ... 1/64.")
    return index


def weight_class(chance: float, *, least: float) -> int:
    """Return the weight class of a label: the weight is least / chance, at most 1, and `LADDER[class]`.

    Weighting makes a label from the people's lane (chance 1) count as much as one audit does, so that a cut
    that spans both lanes is judged by its items and not by who happened to be looked at.

    Args:
        chance: the chance with which this item was looked at: 1 in the people's lane, the audit chance
            otherwise.
        least: the smallest chance of the policy that was in force when the item was routed.

    Raises:
        ValueError: one of them is not on the ladder, or `least` is above `chance`.
    """
    steps = rung(check_inside(least, "least") if least != 1.0 else 1.0) - rung(chance)
    if steps < 0:
        raise ValueError(f"least is {least}, above the item's own chance {chance}: they belong to two policies.")
    return steps
