"""The chapter of the routing: the lane, and every number that led to it."""

from slider.engine import certificate, coins, percents
from slider.models import Decision, Lane, Policy
from slider.queries.chapters import Chapter, Fact


def decided(decision: Decision) -> Chapter:
    """Where the item went and why, with the score, the cut, the slider as it stood, the coin and the audit's chance."""
    facts = [*_slider(decision.policy), *_place(decision), *_audit(decision)]
    title = "Left to run unattended" if decision.lane == Lane.UNATTENDED else "Sent to people"
    text = decision.get_why_display() + (f": {decision.detail}" if decision.detail else "")
    return Chapter(decision.created_at, title, text, tuple(facts), anchor="decision")


def _slider(policy: Policy) -> list[Fact]:
    allowed = "not known yet" if policy.allowed is None else percents.said(policy.allowed)
    held = "; pulled back" if policy.held else ""
    return [
        Fact("slider", f"asked {percents.said(policy.requested)}, allowed {allowed}{held}"),
        Fact("policy", str(policy.number)),
    ]


def _place(decision: Decision) -> list[Fact]:
    facts = [Fact("share in force", percents.said(decision.share))]
    if decision.rank is not None:
        facts.append(Fact("harder than", f"{percents.said(decision.rank, digits=1)} of recent items"))
    if decision.bin is not None:
        facts.append(Fact("cut", f"among the easiest {percents.said(float(certificate.CUTS[decision.bin]))}"))
    return [*facts, Fact("place in the order of routing", f"{decision.seq:,}")]


def _audit(decision: Decision) -> list[Fact]:
    """The coin is the item's own: under the chance it is an audit. In people's lane nothing is drawn."""
    if decision.lane != Lane.UNATTENDED:
        return []
    coin = coins.coin(bytes(decision.task.coin_secret), decision.item_id, f"audit|{decision.epoch}")
    chance = percents.said(decision.audit_chance)
    drawn = f"drawn, with a chance of {chance}" if decision.audit else f"not drawn; the chance was {chance}"
    return [Fact("audit", drawn), Fact("coin", f"{coin:.4f}, and below {decision.audit_chance:.4f} is an audit")]
