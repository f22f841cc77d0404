"""The two walls: left of one people's hours are too few, right of the other evidence ends; between lies the choice."""

import math
from dataclasses import dataclass

from slider.engine import capacity, certificate
from slider.models import Policy
from slider.queries import curve, shares
from slider.queries.steer import Outlook


@dataclass(frozen=True, slots=True)
class Window:
    """Where the walls stand, 0-1. `least` None: no left wall can be drawn; `most` None: evidence says nothing yet.

    State: unset (nobody said the hours) | unknown (a wall is not known yet) | open | empty | none (no share fits).
    """

    state: str
    least: float | None
    most: float | None
    words: str
    openers: tuple[str, ...] = ()  # what would open an empty window, each in words

    @property
    def wall(self) -> float:
        """Where the left wall is drawn: at 1 where no share fits, at 0 where there is none to draw."""
        return 1.0 if self.state == "none" else self.least or 0.0


def window(policy: Policy, *, outlook: Outlook) -> Window:
    """Find both walls for a day like the last one."""
    staffed, most = outlook.staffed_hours, shares.proven(policy)
    if staffed is None:
        words = "No left wall: nobody has said how many hours a day reviewers are there for this task."
        return Window("unset", None, most, words)
    if missing := _missing(outlook):
        return Window("unknown", None, most, f"Where {_staffed(staffed)} end is not known yet: {missing}.")
    least = capacity.least_share(outlook.day, staffed_hours=staffed)
    if least is None:
        return _none(outlook, staffed, most)
    least = rounded_up(least)
    if most is None:
        words = f"{_from(least, staffed)}. How far up the evidence goes is not known yet."
        return Window("unknown", least, None, words)
    if least > most:
        return _empty(policy, outlook, staffed, least)
    if least == 0:
        words = (
            f"{_from(least, staffed)}, so the window goes from 0 % up to {shares.said(most)}, where the evidence ends."
        )
    else:
        words = f"The window: {_from(least, staffed)}, and the evidence ends at {shares.said(most)}."
    return Window("open", least, most, words)


def rounded_up(share: float) -> float:
    """A wall to a tenth of a per cent, on the safe side."""
    return min(1.0, math.ceil(share * 1000 - 1e-6) / 1000)


def over(hours: float | None, staffed: float | None, *, now: bool = False) -> str:
    """The warning where a share takes more hours than there are; empty where it doesn't, or where that is not known."""
    if hours is None or staffed is None or hours <= staffed * (1 + 1e-9):
        return ""
    need, grow = ("need", "grows") if now else ("would need", "would grow")
    are = "is" if staffed == 1 else "are"
    return f"People {need} {said_hours(hours)} a day; {said_given(staffed)} {are} staffed, so the backlog {grow}."


def said_given(hours: float) -> str:
    """The staffed hours as somebody set them: «30 minutes», «1 hour», «7.25 hours»."""
    if hours < 1:
        return said_hours(hours)
    return "1 hour" if hours == 1 else f"{round(hours, 2):g} hours"


def said_hours(hours: float) -> str:
    """A measured time as people read it: «45 minutes», «1 hour», «9.2 hours»."""
    if hours < 0.995:
        minutes = math.ceil(hours * 60 - 1e-6)
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    tenths = round(hours, 1)
    return "1 hour" if tenths == 1 else f"{tenths:,g} hours" if hours < 1000 else f"{hours:,.0f} hours"


def _missing(outlook: Outlook) -> str:
    if outlook.day.items == 0:
        return "nothing was routed in the last 24 hours"
    return "too few looks by people have been timed" if outlook.day.seconds_a_look is None else ""


def _staffed(staffed: float) -> str:
    return f"the {said_given(staffed)} a day of reviewers"


def _from(least: float, staffed: float) -> str:
    if least == 0:
        return f"{_staffed(staffed).capitalize()} carry every share"
    return f"{_staffed(staffed)} are enough from {shares.said(least)} up"


def _at(outlook: Outlook, share: float) -> float:
    hours = capacity.hours(outlook.day, share)
    assert hours is not None
    return float(hours)


def _none(outlook: Outlook, staffed: float, most: float | None) -> Window:
    least_hours = said_hours(_at(outlook, 1.0))
    words = (
        f"No share fits {_staffed(staffed)}: with everything unattended that can be, audits and what always goes to "
        f"people would still take {least_hours} a day. So many staffed hours would open it."
    )
    return Window("none", None, most, words)


def _empty(policy: Policy, outlook: Outlook, staffed: float, least: float) -> Window:
    most = shares.proven(policy) or 0.0
    words = (
        f"The window is empty: {_from(least, staffed)}, and the evidence ends at {shares.said(most)}. "
        "Between the two no share keeps both promises."
    )
    openers = [_evidence(policy, least), _hours(outlook, staffed, most), _limit(policy, outlook, least)]
    return Window("empty", least, most, words, tuple(filter(None, openers)))


def _evidence(policy: Policy, least: float) -> str:
    """How many more reviewed items: the next step is estimated, and where that is not enough it is said so."""
    wanted = next((cut for cut in certificate.CUTS.tolist() if cut >= least), 1.0)
    more, following = policy.certificate.get("more"), shares.next_cut(shares.proven(policy) or 0.0)
    if more is None or following is None:
        return f"more reviewed items, until they allow {shares.said(wanted)}"
    step, reach = f"{shares.about(more).lower()} more verdicts", shares.said(following)
    if following >= wanted:
        return f"{step}, which would allow {reach}"
    return f"more reviewed items, until they allow {shares.said(wanted)}; the next step, {reach}, takes {step}"


def _hours(outlook: Outlook, staffed: float, most: float) -> str:
    wanted = said_hours(_at(outlook, most))
    return f"{wanted} of reviewers a day instead of {said_given(staffed)}: so much {shares.said(most)} takes"


def _limit(policy: Policy, outlook: Outlook, least: float) -> str:
    """The limit that the bound of today would keep; nothing where that is not known, or already below the limit."""
    point = curve.at(outlook.points, least)
    if point is None or point.upper is None or not policy.error_limit < point.upper < 0.5:
        return ""
    wider = math.ceil(point.upper * 1000 - 1e-6) / 10
    return (
        f"a limit of {wider:g} % wrong instead of {policy.error_limit * 100:g} %: the bound at "
        f"{shares.said(point.share)} today (evidence for another limit is gathered anew)"
    )
