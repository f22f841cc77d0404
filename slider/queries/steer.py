"""What a share would mean, from what the last day and the newest looks have shown."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from slider.models import Policy
from slider.queries import curve

NEWEST = 10_000  # so many routed items are read at most
RECENT = 1_000
LOOKS = 500
FEW = 5  # looks, before a median is worth saying
LEAST_S = 1.0  # nobody reads an item in less: such looks were played, or answered unseen


@dataclass(frozen=True, slots=True)
class Traffic:
    """A day like the last one. `fixed` is the share that hard rules keep with people, whatever the slider says."""

    items: int
    fixed: float
    seconds_a_look: float | None
    model_cost: float | None  # an item; None where the price is unknown
    look_cost: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a day at any share can be worked out from."""

    day: Traffic
    points: list[curve.Point]
    audit_chance: float


@dataclass(frozen=True, slots=True)
class Effects:
    """A day at one share; None is «not known yet»."""

    share: float
    looks: float | None
    hours: float | None
    wrong: float | None
    wrong_most: float | None
    cost: float | None


def outlook(policy: Policy) -> Outlook:
    """Gather what is known about the days to come under this policy's evidence."""
    return Outlook(traffic(policy.task_id), curve.points(policy), policy.audit_chance)


def traffic(task_id: int) -> Traffic:
    """Measure the last 24 hours; where they held more than `NEWEST` items, the rate of those."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE why = 'rule'),
                   extract(epoch FROM clock_timestamp() - min(created_at))
            FROM (SELECT created_at, why FROM slider_decision WHERE task_id = %s ORDER BY seq DESC LIMIT %s) AS d
            WHERE created_at > clock_timestamp() - interval '1 day'
            """,
            [task_id, NEWEST],
        )
        items, ruled, span_s = cursor.fetchone()
        cursor.execute(
            """
            SELECT avg(a.cost) FROM slider_attempt a JOIN (
                SELECT attempt_id FROM slider_decision WHERE task_id = %s ORDER BY seq DESC LIMIT %s
            ) AS d ON d.attempt_id = a.id
            """,
            [task_id, RECENT],
        )
        (cost,) = cursor.fetchone()
    per_day = round(items * 86_400 / float(span_s)) if items == NEWEST else items
    return Traffic(
        items=per_day,
        fixed=ruled / items if items else 0.0,
        seconds_a_look=seconds_a_look(task_id),
        model_cost=None if cost is None else float(cost),
        look_cost=float(settings.ENV.SLIDER_REVIEW_COST),
    )


def seconds_a_look(task_id: int) -> float | None:
    """The median time between taking a look and deciding it, over the newest ones; None while it is not known."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM decided_at - taken_at))
            FROM (SELECT decided_at, taken_at FROM slider_review WHERE task_id = %s AND state = 'decided'
                  AND taken_at IS NOT NULL ORDER BY decided_at DESC LIMIT %s) AS r
            """,
            [task_id, LOOKS],
        )
        looked, median = cursor.fetchone()
    return float(median) if looked >= FEW and median >= LEAST_S else None


def effects(share: float, *, outlook: Outlook) -> Effects:
    """A day at this share, 0-1 of what may be ranked. `steer.js` does the same sums while one drags."""
    day = outlook.day
    if day.items == 0:
        return Effects(share, looks=None, hours=None, wrong=None, wrong_most=None, cost=None)
    unattended = day.items * (1 - day.fixed) * share
    looks = day.items - unattended + unattended * outlook.audit_chance
    point = curve.at(outlook.points, share)
    cost = None if day.model_cost is None else day.items * day.model_cost + looks * day.look_cost
    return Effects(
        share=share,
        looks=looks,
        hours=None if day.seconds_a_look is None else looks * day.seconds_a_look / 3600,
        wrong=_times(unattended, point.error if point else None),
        wrong_most=_times(unattended, point.upper if point else None),
        cost=cost,
    )


def _times(items: float, rate: float | None) -> float | None:
    if items == 0:
        return 0.0
    return None if rate is None else items * rate
