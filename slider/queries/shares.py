"""The three shares of a slider, requested, allowed and in effect, and in one sentence which of them binds."""

from dataclasses import dataclass
from datetime import datetime

from slider.engine import certificate
from slider.models import Gauge, Mode, Policy


@dataclass(frozen=True, slots=True)
class Shares:
    """Where a slider stands this moment. All shares are 0-1; `allowed` is None while nothing is known yet."""

    requested: float
    allowed: float | None
    effective: float
    state: str  # held | stale | trial | waiting | guarded
    words: str
    more: str  # what would open the next step; empty where nothing is known about that

    @property
    def promised(self) -> bool:
        """True where the error limit is held by evidence."""
        return self.state == "guarded"


def shares(gauge: Gauge, *, now: datetime) -> Shares:
    """Read the three shares of a gauge; `now` is the database's (`clock.now`), as it is for routing."""
    policy = gauge.policy
    stale = is_stale(gauge, now=now)
    state = _state(policy, stale=stale)
    in_force = 0.0 if stale or policy.held else policy.effective
    return Shares(
        requested=policy.requested,
        allowed=policy.allowed,
        effective=in_force,
        state=state,
        words=_words(policy, state),
        more=_more(policy),
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
    return "guarded" if policy.effective > 0 else "waiting"


def _words(policy: Policy, state: str) -> str:
    asked, effect = said(policy.requested), said(policy.effective)
    if state == "held":
        return f"0 % in effect: the slider is pulled back. It stood at {asked} when that happened."
    if state == "stale":
        return "0 % in effect: the guard gave no sign of life for too long, so everything goes to people until it does."
    if state == "trial":
        return f"{effect} in effect on a person's word. No promise is made about its error."
    if policy.requested == 0:
        return "0 % in effect: you asked that everything goes to people."
    if policy.allowed is None:
        return f"0 % in effect: you asked {asked}; what the evidence allows is not known yet."
    looked = f"{policy.labels:,} reviewed items"
    if policy.allowed == 0:
        return f"0 % in effect: you asked {asked}; {looked} are not enough yet to allow any share."
    if policy.allowed < policy.requested:
        return f"{effect} in effect: you asked {asked}; {looked} allow {said(policy.allowed)}."
    if policy.effective < policy.requested:
        return (
            f"{effect} in effect: you asked {asked}, and {effect} is the next step below that the evidence vouches for."
        )
    return f"{effect} in effect, as you asked; {looked} allow up to {said(policy.allowed)}."


def _more(policy: Policy) -> str:
    """What would open the next step, as an estimate."""
    more = policy.certificate.get("more")
    following = next_cut(policy.allowed or 0.0)
    if more is None or following is None or policy.mode == Mode.TRIAL:
        return ""
    return f"{_about(more)} more verdicts would allow {said(following)}, if the errors stay as they are."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a wanted share would come to, in one sentence; `tone` is good, warn or bad."""

    tone: str
    words: str


def verdict(policy: Policy, *, requested: float, mode: Mode, effective: float) -> Verdict:
    """Say what happens if this is applied. `effective` is the share that routing would follow."""
    asked, effect = said(requested), said(effective)
    if policy.held:
        return Verdict("warn", f"The slider is pulled back and stays so: 0 % runs until it is released, then {effect}.")
    if requested == 0:
        return Verdict("good", "Everything goes to people.")
    if mode == Mode.TRIAL:
        # In a trial the page has said it already, loudly.
        promise = "" if policy.mode == Mode.TRIAL else ": no promise about its error"
        return Verdict("warn", f"{asked} would run unattended at once, on your word{promise}.")
    if policy.allowed is None:
        return Verdict("warn", f"You ask {asked}; what the evidence allows is not known yet. Until it is, 0 % runs.")
    looked = f"{policy.labels:,} reviewed items"
    if effective == 0:
        return Verdict("warn", f"You ask {asked}; {looked} do not vouch for that yet, so 0 % runs. {_more(policy)}")
    if policy.allowed < requested:
        return Verdict("warn", f"You ask {asked}; {looked} allow {effect}, so {effect} runs. {_more(policy)}")
    limit = f"{policy.error_limit * 100:g} %"
    step = "" if effective == requested else f"{effect} runs: the next step below that the evidence vouches for. "
    return Verdict("good", f"{step}{looked} vouch for {effect}: at most {limit} of it wrong.")


def next_cut(allowed: float) -> float | None:
    """The step above what is allowed that verdicts could open next: those below the first staked one are not."""
    staked = float(certificate.CUTS[certificate.LEVELS > 0][0])
    return next((cut for cut in certificate.CUTS.tolist() if cut >= staked and cut > allowed), None)


def _about(count: int) -> str:
    """How many, as roughly as the estimate is: «A few», «About 20», «About 150», «Some 400», «Some 12,000»."""
    if count < 10:
        return "A few"
    if count < 300:
        unit = 10 if count < 100 else 50
        return f"About {_rounded(count, unit)}"
    return f"Some {_rounded(count, 100 if count < 10_000 else 1_000):,}"


def _rounded(count: int, unit: int) -> int:
    return (2 * count + unit) // (2 * unit) * unit


def said(share: float) -> str:
    """A share as people read it: «62 %», with as many digits as it takes to tell 99 from 99.5 and 100."""
    percent = round(share * 100, 2)
    return f"{percent:g} %"
