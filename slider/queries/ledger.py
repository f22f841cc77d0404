"""How many wrong results have left, at most, and how often the unattended lane was wrong: the worst it may be."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from slider.models import Policy


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the guard counted: at most `at_most` of `items` results were wrong, `found` of them known by name."""

    items: int
    found: int
    at_most: int
    since: datetime
    blind: int  # wrong results that could have left without any found
    sure: float  # 0-1


def ledger(policy: Policy) -> Ledger | None:
    """The ledger in a policy's evidence; None where there is none yet, or where it can't be read."""
    facts = policy.certificate.get("ledger")
    if not isinstance(facts, dict):
        return None
    try:
        since = parse_datetime(str(facts["since"]))
        items, at_most, found = int(facts["items"]), float(facts["at_most"]), int(facts["found"])
        blind = float(facts["blind"])
        if since is None or not 0 <= found <= at_most:
            return None
        aware = since if timezone.is_aware(since) else timezone.make_aware(since)
        # A bound is rounded up, but no more can be wrong than have left.
        return Ledger(items, found, min(items, _up(at_most)), aware, _up(blind), 1 - policy.delta)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def newest(policy: Policy) -> Ledger | None:
    """The ledger as the guard last wrote it. It knows no epochs: one that begins has none, and the last one stands."""
    if "ledger" in policy.certificate:
        return ledger(policy)
    wrote = Policy.objects.filter(task=policy.task_id, number__lt=policy.number, certificate__has_key="ledger")
    last = wrote.order_by("-number").first()
    return None if last is None else ledger(last)


def _up(bound: float) -> int:
    return int(-(-bound // 1))
