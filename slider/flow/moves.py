"""The only writer of an item's state: conditional updates, each with its Move in the same statement."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from slider.flow import arrays
from slider.models import State, standing


class Lost(Exception):
    """Somebody else moved the item first; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One wanted move: `token` is the claim it is made under, `wait_s` when it may be tried next."""

    item_id: int
    token: int
    to: State
    reason: str
    wait_s: float = 0.0


_MOVE = """
WITH wanted AS (
    SELECT i.id, w.to_state, w.reason, w.wait_s
    FROM slider_item i
    JOIN unnest(%(ids)s::bigint[], %(tokens)s::bigint[], %(to)s::text[], %(reasons)s::text[], %(waits)s::float8[])
         AS w(id, token, to_state, reason, wait_s) ON w.id = i.id AND w.token = i.token
    WHERE i.state = %(from)s
    ORDER BY i.id
    FOR UPDATE OF i
), moved AS (
    UPDATE slider_item i SET
        state = w.to_state,
        token = i.token + (w.to_state = 'working')::int,
        tries = greatest(0, i.tries + (w.to_state = 'working')::int - %(refund)s),
        lease_until = CASE WHEN w.to_state = 'working'
                      THEN clock_timestamp() + %(lease_s)s * interval '1 second' END,
        run_at = CASE WHEN w.to_state = 'ready' AND w.wait_s > 0
                 THEN clock_timestamp() + w.wait_s * interval '1 second' ELSE i.run_at END,
        finished_at = CASE WHEN w.to_state IN ('done', 'withdrawn') THEN clock_timestamp() END
    FROM wanted w WHERE i.id = w.id
    RETURNING i.id, i.token, w.to_state, w.reason
), written AS (
    INSERT INTO slider_move (item_id, from_state, to_state, token, by_id, reason, at)
    SELECT id, %(from)s, to_state, token, %(by)s, left(reason, 300), clock_timestamp() FROM moved
)
SELECT id, token FROM moved
"""


def move_all(
    steps: Sequence[Step], *, source: State, by: int | None = None, lease_s: float = 0.0, refund: int = 0
) -> dict[int, int]:
    """Make those of the moves that are still possible; returns the tokens of the moved items by id.

    An item that is no longer in `source`, or whose token has changed, stays as it is and is absent from the
    answer. `lease_s` is the lease given with a move to `working`; `refund` is taken off the count of tries.
    """
    if not steps:
        return {}
    # One move is asked for with every key, and planned once. What is best for many depends on how many rows there are
    # now: a plan of the first day, when a look through the whole table was quick, would read it for every batch.
    with standing.cursor() if len(steps) == 1 else connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "ids": arrays.numbers([step.item_id for step in steps]),
                "tokens": arrays.numbers([step.token for step in steps]),
                "to": arrays.literal([step.to for step in steps]),
                "reasons": arrays.literal([step.reason for step in steps]),
                "waits": arrays.literal([step.wait_s for step in steps]),
                "from": str(source),
                "by": by,
                "lease_s": lease_s,
                "refund": refund,
            },
        )
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class Taken:
    """An item that has just been claimed, with its payload as JSON text."""

    item_id: int
    token: int
    tries: int
    body: str


_TAKE = """
WITH picked AS MATERIALIZED (
    SELECT id FROM slider_item
    WHERE task_id = %(task)s AND state = 'ready' AND run_at <= statement_timestamp() AND tries < %(max_tries)s
    ORDER BY priority, due_at, run_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE slider_item i SET
        state = 'working', token = i.token + 1, tries = i.tries + 1,
        lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
    FROM picked WHERE i.id = picked.id AND i.state = 'ready'
    RETURNING i.id, i.token, i.tries, i.priority, i.due_at, i.run_at
), written AS (
    INSERT INTO slider_move (item_id, from_state, to_state, token, by_id, reason, at)
    SELECT id, 'ready', 'working', token, NULL, left(%(reason)s, 300), clock_timestamp() FROM taken
)
SELECT t.id, t.token, t.tries, p.body::text FROM taken t JOIN slider_payload p ON p.item_id = t.id
ORDER BY t.priority, t.due_at, t.run_at, t.id
"""


def take(task_id: int, *, most: int, max_tries: int, lease_s: float, reason: str) -> list[Taken]:
    """Move up to `most` ready items of a task whose time has come to `working`, in one statement; in their order.

    Rows that another worker is just taking are passed over, never waited for.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE, {"task": task_id, "most": most, "max_tries": max_tries, "lease_s": lease_s, "reason": reason}
        )
        return [Taken(*row) for row in cursor.fetchall()]


def move(step: Step, *, source: State, by: int | None = None) -> int:
    """Make one move or raise Lost; returns the item's token."""
    moved = move_all([step], source=source, by=by)
    if step.item_id not in moved:
        raise Lost(f"item {step.item_id} is no longer {source.label} under claim {step.token}")
    return moved[step.item_id]


def hold(claimed: Sequence[tuple[int, int]]) -> set[int]:
    """Lock, in id order, those claimed (item, token) pairs whose claim still stands; returns their ids.

    Called first in a finishing transaction: what is absent belongs to somebody else now and must not be written.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.id FROM slider_item i
            JOIN unnest(%s::bigint[], %s::bigint[]) AS c(id, token) ON c.id = i.id AND c.token = i.token
            WHERE i.state = 'working' ORDER BY i.id FOR UPDATE OF i
            """,
            [arrays.numbers([pair[0] for pair in claimed]), arrays.numbers([pair[1] for pair in claimed])],
        )
        return {row[0] for row in cursor.fetchall()}


def born(item_ids: Sequence[int], *, reason: str, by: int | None = None) -> None:
    """Write the first Move of items that intake has just inserted as ready."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO slider_move (item_id, from_state, to_state, token, by_id, reason, at)
            SELECT id, '', 'ready', 0, %s, left(%s, 300), clock_timestamp() FROM unnest(%s::bigint[]) AS id
            """,
            [by, reason, list(item_ids)],
        )
