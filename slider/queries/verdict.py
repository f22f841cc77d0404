"""What a wanted share would come to, in one sentence."""

from dataclasses import dataclass

from slider.models import Mode, Policy
from slider.queries import shares


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a wanted share would come to, in one sentence; `tone` is good, warn or bad."""

    tone: str
    words: str


def verdict(policy: Policy, *, requested: float, mode: Mode, effective: float, stale: bool = False) -> Verdict:
    """Say what happens if this is applied. `effective` is the share that routing would follow with a live guard."""
    meant = _verdict(policy, requested=requested, mode=mode, effective=effective)
    if stale and not policy.held:
        return Verdict("warn", f"{meant.words} Until the guard gives a sign of life, 0 % runs.")
    return meant


def _verdict(policy: Policy, *, requested: float, mode: Mode, effective: float) -> Verdict:
    asked, effect = shares.said(requested), shares.said(effective)
    if policy.held:
        return Verdict("warn", f"The slider is pulled back and stays so: 0 % runs until it is released, then {effect}.")
    if requested == 0:
        return Verdict("good", "Everything goes to people.")
    if mode == Mode.TRIAL:
        # In a trial the page has said it already, loudly.
        promise = "" if policy.mode == Mode.TRIAL else ": no promise about its error"
        return Verdict("warn", f"{asked} would run unattended at once, on your word{promise}.")
    allowed, vouched = shares.proven(policy), shares.vouched(policy, requested)
    if allowed is None:
        return Verdict("warn", f"You ask {asked}; what the evidence allows is not known yet. Until it is, 0 % runs.")
    looked = shares.looked(policy)
    if effective < vouched:
        held = f"the brake holds it at {effect} for now"
        return Verdict("warn", f"You ask {asked}; {looked} vouch for {shares.said(vouched)}, but {held}.")
    if effective == 0:
        return Verdict("warn", f"You ask {asked}; {looked} do not vouch for that yet, so 0 % runs.")
    if allowed < requested:
        return Verdict("warn", f"You ask {asked}; {looked} allow {effect}, so {effect} runs.")
    limit = f"{policy.error_limit * 100:g} %"
    step = "" if effective == requested else f"{effect} runs: the next step below that the evidence vouches for. "
    return Verdict("good", f"{step}{looked} vouch for {effect}: at most {limit} of it wrong.")
