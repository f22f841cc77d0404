"""What a share would mean: a day like the last one, run at another share, from counters alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from slider.engine import capacity
from slider.engine.arrays import Floats
from slider.models import Policy
from slider.queries import curve
from slider.queries.traffic import Traffic, traffic


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a day at any share can be worked out from."""

    traffic: Traffic
    day: capacity.Day
    points: list[curve.Point]
    staffed_hours: float | None


@dataclass(frozen=True, slots=True)
class Effects:
    """A day at one share; None is «not known yet». `wrong` lies between `wrong_least` and `wrong_most`."""

    share: float
    unattended: float | None
    looks: float | None
    hours: float | None
    wrong: float | None
    wrong_least: float | None
    wrong_most: float | None
    cost: float | None


def outlook(
    policy: Policy, *, staffed_hours: float | None, now: datetime, audit_chance: float | None = None
) -> Outlook:
    """Gather what is known about the days to come under this policy's evidence, audited as it is now or as given."""
    seen, chance = traffic(policy.task_id, now=now), policy.audit_chance if audit_chance is None else audit_chance
    return Outlook(seen, seen.day(chance), curve.points(policy), staffed_hours)


def effects(share: float, *, outlook: Outlook) -> Effects:
    """A day at this share, 0-1 of what may be ranked. `steer.js` does the same sums while one drags."""
    return positions([share], outlook=outlook)[0]


def positions(shares: Sequence[float], *, outlook: Outlook) -> list[Effects]:
    """A day at each of these shares: all sums at once, no question to the database."""
    day = outlook.day
    if day.items == 0:
        return [Effects(share, *[None] * 7) for share in shares]
    alone, looks = capacity.unattended(day, shares).tolist(), capacity.looks(day, shares).tolist()
    hours, cost = _each(capacity.hours(day, shares), len(shares)), _each(capacity.cost(day, shares), len(shares))
    found: list[Effects] = []
    for place, share in enumerate(shares):
        point, items = curve.at(outlook.points, share), alone[place]
        wrong, least, most = (
            _times(items, rate) for rate in ((point.error, point.lower, point.upper) if point else (None, None, None))
        )
        found.append(Effects(share, items, looks[place], hours[place], wrong, least, most, cost[place]))
    return found


def _each(numbers: Floats | None, count: int) -> list[float | None]:
    return [None] * count if numbers is None else list(numbers.tolist())


def _times(items: float, rate: float | None) -> float | None:
    if items == 0:
        return 0.0
    return None if rate is None else items * rate
