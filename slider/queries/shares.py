"""The three shares of a slider, requested, allowed and in effect, and in one sentence which of them binds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slider.engine import certificate, percents
from slider.models import Gauge, Maker, Mode, Policy


@dataclass(frozen=True, slots=True)
class Shares:
    """Where a slider stands this moment. All shares are 0-1; `allowed` is None while nothing is known yet."""

    requested: float
    allowed: float | None
    effective: float
    state: str  # held | stale | trial | waiting | braked | guarded
    words: str
    why: str  # why it is not more, short
    more: str  # what would open the next step; empty where nothing is known about that
    apart: str = ""  # which ranks are in quarantine; empty where none is

    @property
    def promised(self) -> bool:
        """True where the error limit is held by evidence."""
        return self.state in ("guarded", "braked")


def shares(gauge: Gauge, *, now: datetime) -> Shares:
    """Read the three shares of a gauge; `now` is the database's (`clock.now`), as it is for routing."""
    policy = gauge.policy
    stale = is_stale(gauge, now=now)
    state = _state(policy, stale=stale)
    in_force = 0.0 if stale or policy.held else policy.effective
    return Shares(
        requested=policy.requested,
        allowed=proven(policy),
        effective=in_force,
        state=state,
        words=_words(policy, state),
        why=_why(policy, state),
        more="" if state in ("held", "stale", "braked") else _more(policy),
        apart=_apart(policy.certificate),
    )


def is_stale(gauge: Gauge, *, now: datetime) -> bool:
    """Whether the guard has been silent for so long that everything goes to people."""
    return gauge.is_silent(now)


def _state(policy: Policy, *, stale: bool) -> str:
    if policy.held:
        return "held"
    if stale:
        return "stale"
    if policy.mode == Mode.TRIAL:
        return "trial"
    if braked_at(policy) < 1:
        return "braked"
    return "guarded" if policy.effective > 0 else "waiting"


def vouched(policy: Policy, share: float) -> float:
    """The step of the grid that evidence alone would let run: the largest certified one that is not above `share`."""
    cuts = policy.certificate.get("cuts", [])
    certified = zip(cuts, policy.certificate.get("certified", []), strict=True)
    return max((cut for cut, ok in certified if ok and cut <= share), default=0.0)


def proven(policy: Policy) -> float | None:
    """Where the evidence ends; None while that is not known. The brake may let less run than that."""
    return None if policy.allowed is None else max(policy.allowed, float(policy.certificate.get("cap", 0.0)))


def braked_at(policy: Policy) -> float:
    """The share that the brake holds a guarded slider at: less than evidence alone would let run; 1 without a brake."""
    braked = not policy.held and policy.mode == Mode.GUARDED and policy.effective < vouched(policy, policy.requested)
    return policy.effective if braked else 1.0


def holding(policy: Policy) -> Policy | None:
    """The move that pulled the slider back, where it is pulled back: policies made since then keep it so."""
    if not policy.held:
        return None
    moves = Policy.objects.filter(task=policy.task_id).order_by("-number").defer("calibration", "certificate")
    before = moves.filter(held=False).values_list("number", flat=True).first()
    return moves.select_related("made_by").filter(number__gt=before or 0).last()


def ended(policy: Policy) -> Policy | None:
    """The guard's move that ended the evidence and so pulled the slider back; None where no such move stands."""
    if policy.held or policy.effective > 0 or policy.mode == Mode.TRIAL or policy.epoch == 1:
        return None
    moves = Policy.objects.filter(task=policy.task_id).order_by("number").defer("calibration", "certificate")
    first = moves.filter(epoch=policy.epoch).first()
    if first is None or first.maker != Maker.GUARD:
        return None
    return first if moves.filter(number=first.number - 1, effective__gt=0).exists() else None


def _words(policy: Policy, state: str) -> str:
    asked, effect, allows = said(policy.requested), said(policy.effective), _allows(policy)
    if state == "held":
        move = holding(policy)
        who = "the guard" if move is not None and move.maker == Maker.GUARD else "a person"
        return f"0 % in effect: the slider is pulled back, by {who}. You asked {asked}; {allows}."
    if state == "stale":
        return (
            "0 % in effect: the guard gave no sign of life for too long, so everything goes to people until it does. "
            f"You asked {asked}; {allows}."
        )
    if state == "trial":
        return (
            f"{effect} in effect, as you asked, on a person's word; {allows}. No promise is made about its error. "
            "If audits show it above the limit, the guard pulls it back."
        )
    if policy.requested == 0:
        return f"0 % in effect: you asked that everything goes to people; {allows}."
    if state == "braked":
        return f"{effect} in effect: you asked {asked} and {allows}, but the brake holds it: {_brake(policy)}."
    return _by_evidence(policy, asked=asked, effect=effect, allows=allows)


def _by_evidence(policy: Policy, *, asked: str, effect: str, allows: str) -> str:
    if policy.effective == 0 and ended(policy) is not None:
        return f"0 % in effect: the guard pulled the slider back and gathers new evidence. You asked {asked}; {allows}."
    if policy.allowed is None:
        return f"0 % in effect: you asked {asked}; {allows}."
    if policy.allowed == 0:
        return f"0 % in effect: you asked {asked}; {looked(policy)} are not enough yet to allow any share."
    if policy.allowed < policy.requested:
        return f"{effect} in effect: you asked {asked}; {allows}."
    if policy.effective < policy.requested:
        step = f"and {effect} is the next step below that the evidence vouches for"
        return f"{effect} in effect: you asked {asked}, {step}; it goes up to {said(policy.allowed)}."
    return f"{effect} in effect, as you asked; {looked(policy)} allow up to {said(policy.allowed)}."


def _why(policy: Policy, state: str) -> str:
    """Why no more runs, as an answer of its own."""
    asked, limit, allowed = policy.requested, said(policy.error_limit), proven(policy)
    if state == "held":
        return "The slider is pulled back: everything goes to people until somebody releases it."
    if state == "stale":
        return "The guard is silent: nothing runs unattended until it is back."
    if state == "trial":
        return f"Nobody asked for more than {said(asked)}: on trial exactly that runs."
    if state == "braked":
        return f"The brake: {_brake(policy)}."
    if allowed is not None and 0 < allowed < asked:
        return f"The evidence ends at {said(allowed)}: beyond it {limit} wrong or less is not shown yet."
    if not allowed and asked > 0 and ended(policy) is not None:
        return f"The guard pulled the slider back: new evidence has to show {limit} wrong or less before anything runs."
    if not allowed and asked > 0:
        return f"The evidence allows no share yet: {limit} wrong or less is not shown for any."
    more = f": the evidence would allow up to {said(allowed)}" if allowed and allowed > asked else ""
    return f"Nobody asked for more than {said(asked)}{more}."


def _allows(policy: Policy) -> str:
    """What the evidence allows, as the end of a sentence."""
    if policy.allowed is None:
        return "what the evidence allows is not known yet"
    share = proven(policy)
    return f"{looked(policy)} allow {said(share) if share else 'no share yet'}"


def looked(policy: Policy) -> str:
    """What the evidence is made of: «312 reviewed items», «1,200 rows of history and 34 reviewed items»."""
    past = int(policy.certificate.get("history", 0))
    live = policy.labels - past
    reviewed = f"{live:,} reviewed item{'' if live == 1 else 's'}"
    if not past:
        return reviewed
    return f"{past:,} rows of history" + (f" and {reviewed}" if live > 0 else "")


def _brake(policy: Policy) -> str:
    """Why less runs than evidence has certified: the guard says it with its figures, or it is said in general."""
    brake = policy.certificate.get("brake")
    words = brake.get("words") if isinstance(brake, Mapping) else None
    return str(words) if words else "the newest verdicts look worse than the evidence as a whole"


def _apart(facts: Mapping[str, Any]) -> str:
    """The ranks that the guard has put in quarantine, in words."""
    found = facts.get("quarantine") or []
    spans = [f"{said(float(one['from']))} to {said(float(one['to']))}" for one in found if isinstance(one, Mapping)]
    if not spans:
        return ""
    return (
        f"In quarantine: answers ranked {' and '.join(spans)} were wrong far more often than expected; "
        "they go to people whatever the slider says."
    )


def _more(policy: Policy) -> str:
    """What would open the next step, as an estimate."""
    more = policy.certificate.get("more")
    following = next_cut(proven(policy) or 0.0)
    if more is None or following is None or policy.mode == Mode.TRIAL:
        return ""
    return f"{about(more)} more verdicts would allow {said(following)}, if the errors stay as they are."


def next_cut(allowed: float) -> float | None:
    """The step above what is allowed that verdicts could open next: those below the first staked one are not."""
    staked = float(certificate.CUTS[certificate.LEVELS > 0][0])
    return next((cut for cut in certificate.CUTS.tolist() if cut >= staked and cut > allowed), None)


def about(count: int) -> str:
    """How many, as roughly as the estimate is: «A few», «About 20», «About 150», «Some 400», «Some 12,000»."""
    if count < 10:
        return "A few"
    if count < 300:
        unit = 10 if count < 100 else 50
        return f"About {_rounded(count, unit)}"
    return f"Some {_rounded(count, 100 if count < 10_000 else 1_000):,}"


def _rounded(count: int, unit: int) -> int:
    return (2 * count + unit) // (2 * unit) * unit


said = percents.said
"""A share as people read it: «62 %», with as many digits as it takes to tell 99 from 99.5 and 100."""
