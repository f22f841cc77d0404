"""How the newest items ran, and how they would have run at another share."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from slider.engine import regions

RECENT = 1_000


@dataclass(frozen=True, slots=True)
class Mover:
    """An item of the last 1,000 that goes the other way. `rank` is the share of items that were easier, 0-1."""

    item_id: int
    name: str
    rank: float
    p_correct: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """The last 1,000 items, routed by two shares; `movers` are the ten nearest the edge that change lane."""

    looked_at: int
    to_unattended: int
    to_people: int
    movers: list[Mover]

    @property
    def goes(self) -> str:
        """Where the movers would go: all of them go the same way."""
        return "unattended" if self.to_unattended else "people"

    @property
    def movers_all(self) -> int:
        return self.to_unattended + self.to_people


def backtest(task_id: int, *, now: float, then: float, closed: Sequence[int] = (), blind: bool = False) -> Backtest:
    """Route the newest items by the ranks they had, once by the share in force and once by the other.

    What goes to people at any share changes no lane: hard rules, no usable answer, a sentinel's finding, and ranks in
    one of the `closed` regions, those in quarantine now.

    `blind` is for people who review: an item that still waits for a look is counted and not named, since its side of
    the edge would tell an audit from a gate.
    """
    low, high = sorted((now, then))
    starts, ends = _stretches(closed)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH newest AS (
                SELECT item_id, rank, p_correct, why FROM slider_decision
                WHERE task_id = %s ORDER BY seq DESC LIMIT %s
            ), between AS (
                SELECT item_id, rank, p_correct FROM newest
                WHERE rank > %s AND rank <= %s AND why NOT IN ('rule', 'no_answer', 'sentinel') AND NOT EXISTS (
                    SELECT FROM unnest(%s::float8[], %s::float8[]) AS apart (low, high)
                    WHERE rank > apart.low AND rank <= apart.high
                )
            )
            SELECT (SELECT count(*) FROM newest), (SELECT count(*) FROM between), b.item_id, i.external_id, b.rank,
                   b.p_correct
            FROM (SELECT) AS always LEFT JOIN between AS b ON NOT (%s AND EXISTS (
                SELECT FROM slider_review r WHERE r.item_id = b.item_id AND r.state IN ('waiting', 'open', 'held')
            )) LEFT JOIN slider_item i ON i.id = b.item_id
            ORDER BY abs(b.rank - %s) LIMIT 10
            """,
            [task_id, RECENT, low, high, starts, ends, blind, now],
        )
        rows = cursor.fetchall()
    looked_at, moved = rows[0][:2]
    movers = [Mover(item_id, name, rank, p) for *_, item_id, name, rank, p in rows if item_id is not None]
    return Backtest(looked_at, moved if then > now else 0, moved if then < now else 0, movers)


def _stretches(closed: Sequence[int]) -> tuple[list[float], list[float]]:
    """Where these regions begin and end, as ranks: a rank at the start of one belongs to the region before it."""
    ends = regions.EDGES.tolist()
    starts = [-1.0, *ends[:-1]]
    known = [region for region in closed if 0 <= region < regions.COUNT]
    return [starts[region] for region in known], [ends[region] for region in known]


@dataclass(frozen=True, slots=True)
class Realised:
    """How the last routed items ran. `share` is the mean share that was in force; each group is a count."""

    routed: int
    unattended: int
    audited: int
    hard: int
    rules: int
    no_answer: int
    sentinel: int
    quarantine: int
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
                   count(*) FILTER (WHERE why = 'no_answer'), count(*) FILTER (WHERE why = 'sentinel'),
                   count(*) FILTER (WHERE why = 'quarantine'), count(*) FILTER (WHERE why IN ('stale', 'held')),
                   coalesce(avg(share), 0)
            FROM (
                SELECT lane, audit, why, share FROM slider_decision WHERE task_id = %s ORDER BY seq DESC LIMIT %s
            ) AS d
            """,
            [task_id, RECENT],
        )
        return Realised(*cursor.fetchone())
