"""What a share would mean, from what the last day and the newest looks have shown."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import connection

from slider.models import Policy
from slider.queries import curve

NEWEST = 10_000  # so many routed items are read at most
RECENT = 1_000
LOOKS = 500
FEW = 5  # looks, before a median is worth saying


@dataclass(frozen=True, slots=True)
class Traffic:
    """A day like the last one. `fixed` is the share that hard rules keep with people, whatever the slider says."""

    items: int
    fixed: float
    seconds_a_look: float | None
    model_cost: float | None  # an item; None where the price is unknown
    look_cost: float


@dataclass(frozen=True, slots=True)
class Effects:
    """A day at one share; None is «not known yet»."""

    share: float
    looks: float
    audits: float
    hours: float | None
    wrong: float | None
    wrong_most: float | None
    cost: float | None


@dataclass(frozen=True, slots=True)
class Mover:
    """An item of the last 1,000 that would have gone the other way."""

    item_id: int
    name: str
    rank: float
    p_correct: float
    to_people: bool


@dataclass(frozen=True, slots=True)
class Backtest:
    """The last 1,000 ranked items, routed again at another share; `movers` are ten of those that change lane."""

    looked_at: int
    to_unattended: int
    to_people: int
    movers: list[Mover]


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
    """The median time between taking a look and deciding it, over the newest ones."""
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
    return float(median) if looked >= FEW else None


def effects(share: float, *, day: Traffic, points: list[curve.Point], audit_chance: float) -> Effects:
    """A day at this share, 0-1 of what may be ranked. `slider.js` does the same sums while one drags."""
    ranked = day.items * (1 - day.fixed)
    unattended = ranked * share
    audits = unattended * audit_chance
    looks = day.items - unattended + audits
    point = curve.at(points, share)
    cost = None if day.model_cost is None else day.items * day.model_cost + looks * day.look_cost
    return Effects(
        share=share,
        looks=looks,
        audits=audits,
        hours=None if day.seconds_a_look is None else looks * day.seconds_a_look / 3600,
        wrong=_times(unattended, point.error if point else None),
        wrong_most=_times(unattended, point.upper if point else None),
        cost=cost,
    )


def _times(items: float, rate: float | None) -> float | None:
    if items == 0:
        return 0.0
    return None if rate is None else items * rate


def backtest(policy: Policy, share: float) -> Backtest:
    """Route the newest ranked items again, by the ranks they had then."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH newest AS (
                SELECT item_id, lane, rank, p_correct FROM (
                    SELECT item_id, lane, rank, p_correct, why FROM slider_decision
                    WHERE task_id = %(task)s ORDER BY seq DESC LIMIT %(recent)s
                ) AS d WHERE rank IS NOT NULL AND why IN ('easy', 'hard', 'stale', 'held')
            ), moved AS (
                SELECT *, lane = 'unattended' AS to_people FROM newest
                WHERE (rank <= %(share)s AND %(share)s > 0) <> (lane = 'unattended')
            )
            SELECT (SELECT count(*) FROM newest),
                   (SELECT count(*) FROM moved WHERE NOT to_people),
                   (SELECT count(*) FROM moved WHERE to_people)
            """,
            {"task": policy.task_id, "share": share, "recent": RECENT},
        )
        looked_at, to_unattended, to_people = cursor.fetchone()
    return Backtest(looked_at, to_unattended, to_people, _movers(policy, share) if to_unattended + to_people else [])


def _movers(policy: Policy, share: float) -> list[Mover]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.item_id, i.external_id, d.rank, d.p_correct, d.lane = 'unattended' FROM (
                SELECT item_id, lane, rank, p_correct, why FROM slider_decision
                WHERE task_id = %(task)s ORDER BY seq DESC LIMIT %(recent)s
            ) AS d JOIN slider_item i ON i.id = d.item_id
            WHERE d.rank IS NOT NULL AND d.why IN ('easy', 'hard', 'stale', 'held')
              AND (d.rank <= %(share)s AND %(share)s > 0) <> (d.lane = 'unattended')
            ORDER BY abs(d.rank - %(share)s) LIMIT 10
            """,
            {"task": policy.task_id, "share": share, "recent": RECENT},
        )
        return [Mover(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Realised:
    """How the last routed items ran. `share` is the mean share that was in force; each group is a count."""

    routed: int
    unattended: int
    audited: int
    hard: int
    rules: int
    no_answer: int
    silent: int  # while the guard was silent, or the slider pulled back
    in_force: float

    @property
    def share(self) -> float | None:
        """The share that ran unattended of what the slider could choose among."""
        ranked = self.routed - self.rules
        return self.unattended / ranked if ranked else None


def realised(task_id: int) -> Realised:
    """Count the last 1,000 decisions by what led to them."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(*) FILTER (WHERE lane = 'unattended'), count(*) FILTER (WHERE audit),
                   count(*) FILTER (WHERE why = 'hard'), count(*) FILTER (WHERE why = 'rule'),
                   count(*) FILTER (WHERE why = 'no_answer'), count(*) FILTER (WHERE why IN ('stale', 'held')),
                   coalesce(avg(share), 0)
            FROM (SELECT lane, audit, why, share FROM slider_decision WHERE task_id = %s ORDER BY seq DESC LIMIT %s) AS d
            """,
            [task_id, RECENT],
        )
        return Realised(*cursor.fetchone())


def cost_words(amount: float | None) -> Decimal | None:
    """A cost as money; None stays «not known»."""
    return None if amount is None else Decimal(str(round(amount, 6)))
