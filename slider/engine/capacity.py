"""Capacity and money: what a day costs people and purse at each share, and which share staffed hours carry."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slider.engine.arrays import Floats, check_fraction, check_length

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """A day's work as it was counted: the what-if asks how the very same day would have run at another share.

    Attributes:
        items: items routed in the day, 0 or more. It need not be whole: a part of an hour counts in part.
        cuts: shape (k,), rising shares, the last one 1: the upper ends of the bins of rank.
        by_bin: shape (k,), how many items of the day fell into each bin and had a usable answer. What never may run
            unattended (hard rules, no answer) is in `items` and in no bin.
        audit_chance: the chance, 0-1, that an unattended item is looked at all the same.
        seconds_a_look: the measured time a person takes for one look; None while it is not known.
        model_cost: money that the model costs an item, 0 or more; None while it is not known.
        look_cost: money that one look of a person costs, 0 or more.
    """

    items: float
    cuts: Floats
    by_bin: Floats
    audit_chance: float
    seconds_a_look: float | None = None
    model_cost: float | None = None
    look_cost: float = 0.0

    def __post_init__(self) -> None:
        check_length(self.by_bin, self.cuts.size, "by_bin")
        check_fraction(self.audit_chance, "audit_chance")
        if self.cuts.size == 0 or np.any(np.diff(self.cuts, prepend=0.0) <= 0.0) or self.cuts[-1] != 1.0:
            raise ValueError(f"cuts is {self.cuts!r}: give rising shares above 0 that end at 1.")
        if np.any(~(self.by_bin >= 0.0)) or not self.by_bin.sum() <= self.items * (1 + 1e-9):
            raise ValueError(f"by_bin sums to {self.by_bin.sum()} of {self.items} items: give counts, 0 or more.")
        for name in ("seconds_a_look", "model_cost", "look_cost"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value < np.inf:
                raise ValueError(f"{name} is {value!r}: give a number, 0 or more, or None while it is not known.")


def unattended(day: Day, share: npt.ArrayLike) -> Floats:
    """Return how many items of the day would have run unattended: those with an answer and a rank up to `share`.

    Between two cuts the items of a bin are taken as spread evenly, which ranks are (`lanes.choose`).

    An estimate, not a promise: it says what the ranks of the counted day would have given. In days to come the lane
    keeps its share to `lanes.choose`'s promise, and their number of items is their own.

    Args:
        day: what was counted.
        share: shares, 0-1, of any shape; the share in force, not the one asked for.

    Returns:
        Items a day, in the shape of `share`; rising in it.

    Raises:
        ValueError: a share is outside [0, 1].
    """
    shares = np.asarray(share, dtype=np.float64)
    if not np.all((shares >= 0.0) & (shares <= 1.0)):
        raise ValueError(f"share is {share!r}: give shares between 0 and 1 (80 % is 0.8).")
    result: Floats = np.interp(shares, [0.0, *day.cuts], [0.0, *np.cumsum(day.by_bin)])
    return result


def looks(day: Day, share: npt.ArrayLike) -> Floats:
    """Return how many looks by people the day would have taken: all of people's lane, and the audits of the other.

    Known-answer items and second looks are not in it. Arguments, shape and errors as in `unattended`; falling in the
    share, and level where every unattended item is audited.
    """
    alone = unattended(day, share)
    return day.items - alone * (1.0 - day.audit_chance)


def hours(day: Day, share: npt.ArrayLike) -> Floats | None:
    """Return the hours that people's looks would have taken, or None while no look has been timed.

    Looks times `seconds_a_look`; as in `looks` otherwise. Pauses and search for work are not in it unless the seconds
    have them.
    """
    return None if day.seconds_a_look is None else looks(day, share) * (day.seconds_a_look / _HOUR_S)


def cost(day: Day, share: npt.ArrayLike) -> Floats | None:
    """Return what the day would have cost, model and people together, or None while the model's price is not known.

    The model is asked about every item, whichever lane it takes; people cost `look_cost` a look. As in `looks`
    otherwise.
    """
    return None if day.model_cost is None else day.items * day.model_cost + looks(day, share) * day.look_cost


def least_share(day: Day, *, staffed_hours: float) -> float | None:
    """Return the smallest share at which the staffed hours carry people's lane and the audits: the left wall.

    The inverse of `hours`, which falls in the share: everything from the returned share up fits, nothing below does.

    Args:
        day: what was counted.
        staffed_hours: hours a day for which reviewers are there, 0 or more.

    Returns:
        A share, 0-1; 0 where the hours carry everything; None where no share fits, not even 1, or while no look has
        been timed.

    Raises:
        ValueError: `staffed_hours` is negative or not finite.
    """
    if not 0.0 <= staffed_hours < np.inf:
        raise ValueError(f"staffed_hours is {staffed_hours!r}: give hours a day, 0 or more.")
    if day.seconds_a_look is None:
        return None
    too_many = day.items - (staffed_hours * _HOUR_S / day.seconds_a_look if day.seconds_a_look else np.inf)
    if too_many <= 0.0:
        return 0.0
    spared = 1.0 - day.audit_chance
    reached = np.cumsum(day.by_bin)
    # The smallest slack of rounding must not turn «just enough» into «never».
    if spared == 0.0 or too_many / spared > reached[-1] * (1 + 1e-12):
        return None
    needed = min(too_many / spared, float(reached[-1]))
    place = int(np.searchsorted(reached, needed, side="left"))
    below, start = (float(reached[place - 1]), float(day.cuts[place - 1])) if place else (0.0, 0.0)
    part = (needed - below) / (float(reached[place]) - below)
    return min(1.0, start + part * (float(day.cuts[place]) - start))
