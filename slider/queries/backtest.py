"""How the newest items ran, and how they would have run at another share."""

from dataclasses import dataclass

from django.db import connection

from slider.models import Policy

RECENT = 1_000


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
            FROM (
                SELECT lane, audit, why, share FROM slider_decision WHERE task_id = %s ORDER BY seq DESC LIMIT %s
            ) AS d
            """,
            [task_id, RECENT],
        )
        return Realised(*cursor.fetchone())
