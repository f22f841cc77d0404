"""Leases: who holds an item or a review, until when by the database's clock, and what happens when it runs out."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from slider.flow import arrays, moves, walks
from slider.models import Review, State, standing, whole
from slider.models.may_look import may_look

_LIMITS = 7_312  # the advisory lock's own number space


@dataclass(frozen=True, slots=True)
class Claim:
    """An item in a worker's hands: only writes under this token count."""

    item_id: int
    token: int
    tries: int
    body: dict[str, Any]


def claim(task_id: int, *, most: int, max_tries: int, lease_s: float, by: str) -> list[Claim]:
    """Take up to `most` ready items of a task, each under a new token and a lease of `lease_s` seconds.

    First by priority, then by when their results are wanted, then the oldest.

    Rows that another worker is just taking are passed over, never waited for. Items that were tried `max_tries`
    times are left to the sweep, which hands them to people.
    """
    if most < 1:
        return []
    taken = moves.take(task_id, most=most, max_tries=max_tries, lease_s=lease_s, reason=f"claimed by {by}")
    return [Claim(one.item_id, one.token, one.tries, json.loads(one.body)) for one in taken]


def in_work(task_id: int) -> int:
    """How many items of a task are in the hands of its pumps, wherever they run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM slider_item WHERE task_id = %s AND state = 'working'", [task_id])
        return int(cursor.fetchone()[0])


@contextmanager
def alone(task_id: int) -> Iterator[None]:
    """One pump of a task at a time: what its limits let begin is begun before the next one asks for them.

    Held by the connection and not by a transaction, as Redis is asked meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_LIMITS, task_id % 2**31])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LIMITS, task_id % 2**31])


def renew(claimed: list[tuple[int, int]], *, lease_s: float) -> None:
    """A sign of life: the leases that still stand run for another `lease_s` seconds from now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_item i SET lease_until = clock_timestamp() + %s * interval '1 second'
            FROM unnest(%s::bigint[], %s::bigint[]) AS c(id, token)
            WHERE i.id = c.id AND i.token = c.token AND i.state = 'working'
            """,
            [lease_s, arrays.numbers([pair[0] for pair in claimed]), arrays.numbers([pair[1] for pair in claimed])],
        )


def give_back(claimed: list[tuple[int, int]], *, reason: str) -> int:
    """Return items that were taken but not begun; the claim does not count as a try."""
    steps = [moves.Step(item_id, token, State.READY, reason) for item_id, token in claimed]
    return len(moves.move_all(steps, source=State.WORKING, refund=1))


def run_out(*, most: int = 500) -> int:
    """Return items whose worker gave no sign of life in time. The claim counts as a try."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, token FROM slider_item WHERE state = 'working' AND lease_until < clock_timestamp()
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            [most],
        )
        steps = [moves.Step(i, token, State.READY, "the worker's lease ran out") for i, token in cursor.fetchall()]
        return len(moves.move_all(steps, source=State.WORKING))


# Whether a look may be given to a person; `r` is the look. Asked once more of the row that is locked: a lead may have
# given it to somebody else in this very moment.
_FOR_THEM = may_look("r", person="%(user)s")
_TAKE = f"""
WITH heads AS MATERIALIZED (
    SELECT h.id, h.turn - CASE WHEN t.id = %(near)s THEN %(stay_s)s ELSE 0 END * interval '1 second' AS turn
    FROM {{tasks}} CROSS JOIN LATERAL (
        SELECT r.id, r.turn FROM (
            SELECT * FROM slider_review w
            WHERE w.state = 'open' AND w.task_id = t.id{{within}} ORDER BY w.turn, w.id LIMIT {{window}}
        ) AS r WHERE {_FOR_THEM} ORDER BY r.turn, r.id LIMIT {{most}} + {{slack}}
    ) AS h
), picked AS (
    SELECT r.id FROM slider_review r JOIN heads h ON h.id = r.id WHERE r.state = 'open' AND {_FOR_THEM}
    ORDER BY h.turn, h.id LIMIT {{most}} FOR UPDATE OF r SKIP LOCKED
)
UPDATE slider_review r SET
    state = 'held', holder_id = %(user)s, token = r.token + 1, page = %(page)s, taken_at = clock_timestamp(),
    lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
FROM picked JOIN heads h ON h.id = picked.id WHERE r.id = picked.id AND r.state = 'open'
RETURNING r.id, h.turn
"""  # noqa: S608  # nothing but the fragment above goes into this text
_FRONT = {"window": 200, "tasks": "unnest(%(tasks)s::bigint[]) AS t(id)", "within": ""}
_BEYOND = {
    "window": walks.STEP,
    "tasks": """unnest(
        %(tasks)s::bigint[], %(turns)s::timestamptz[], %(looks)s::bigint[],
        %(end_turns)s::timestamptz[], %(end_looks)s::bigint[]
    ) AS t(id, turn, look, end_turn, end_look)""",
    "within": " AND (w.turn, w.id) > (t.turn, t.look) AND (w.turn, w.id) <= (t.end_turn, t.end_look)",
}
_SLACK = 12  # what others take in the same moment is passed over
STAY_S = 1_800  # a look of the task that one is at goes before others whose turn is not so much earlier
_PEOPLE = 7_301  # the advisory lock's own number space


def lock_person(user_id: int) -> None:
    """One person's tabs wait for each other here until the transaction ends: what they hold is counted once."""
    with standing.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_PEOPLE, user_id % 2**31])


def take_looks(
    user_id: int, *, task_ids: list[int], most: int, lease_s: float, page: str = "", near: int = 0
) -> list[int]:
    """Take up to `most` open looks of these tasks for this person, whose turn comes first first; their ids in order.

    One statement hands them out. `near` is the task that the person is at: like comes with like, unless the turn of
    something else is much earlier. The person is locked.
    """
    if not task_ids:
        return []
    values: dict[str, Any] = {"user": user_id, "tasks": task_ids, "lease_s": lease_s, "page": page}
    values |= {"near": near, "stay_s": STAY_S}
    with standing.cursor() as cursor:
        # The limits stand in the text: the plan is made once, and hangs on them.
        cursor.execute(_TAKE.format(**_FRONT, most=most, slack=_SLACK), values)
        taken: list[tuple[int, datetime]] = cursor.fetchall()
        if len(taken) < most:
            taken += _beyond(cursor, values, most - len(taken))
    return [review_id for review_id, _ in sorted(taken, key=lambda row: (row[1], row[0]))]


def _beyond(cursor: CursorWrapper, values: dict[str, Any], most: int) -> list[tuple[int, datetime]]:
    """Take up to `most` looks that lie behind those that are not for this person, as far as one request walks."""
    taken: list[tuple[int, datetime]] = []
    walk = walks.Walk(cursor, values["user"], values["tasks"])
    while (stretch := walk.next()) is not None:
        cursor.execute(_TAKE.format(**_BEYOND, most=most - len(taken), slack=_SLACK), values | stretch.values)
        taken += cursor.fetchall()
        if len(taken) >= most:
            break
        walk.passed(stretch)
    walk.keep()
    return taken


def take_review(user_id: int, *, task_ids: list[int], lease_s: float, near: int = 0) -> Review | None:
    """The look this person holds already, else the open one of these tasks whose turn is first; None if there is none.

    Without a script a person holds one look at a time: a reload and a second tab show the same one. What they held may
    be decided or lost in the very moment of looking: then it is looked for once more.
    """
    for _ in range(2):
        with transaction.atomic():
            lock_person(user_id)
            ids = _held_anew(user_id, task_ids, lease_s)
            ids = ids or take_looks(user_id, task_ids=task_ids, most=1, lease_s=lease_s, near=near)
            if ids:
                return whole.looks(ids)[ids[0]]
    return None


def _held_anew(user_id: int, task_ids: list[int], lease_s: float) -> list[int]:
    """The look that a person holds, for another `lease_s` seconds and no open page's any more."""
    with standing.cursor() as cursor:
        cursor.execute(
            """
            WITH held AS (
                SELECT id FROM slider_review
                WHERE holder_id = %(user)s AND state = 'held' AND task_id = ANY(%(tasks)s)
                ORDER BY page <> '', turn, id LIMIT 1
            )
            UPDATE slider_review r SET page = '', lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
            FROM held WHERE r.id = held.id AND r.state = 'held' AND r.holder_id = %(user)s RETURNING r.id
            """,
            {"user": user_id, "tasks": task_ids, "lease_s": lease_s},
        )
        return [review_id for (review_id,) in cursor.fetchall()]


def renew_review(review_id: int, *, user_id: int, token: int, lease_s: float) -> bool:
    """A reader's sign of life; False when the lease is somebody else's by now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_review SET lease_until = clock_timestamp() + %s * interval '1 second'
            WHERE id = %s AND holder_id = %s AND token = %s AND state = 'held'
            """,
            [lease_s, review_id, user_id, token],
        )
        return bool(cursor.rowcount == 1)


def free_reviews() -> int:
    """Open the reviews whose lease ran out, and write down whose it was; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH over AS (
                SELECT id, holder_id, token, taken_at FROM slider_review
                WHERE state = 'held' AND lease_until < clock_timestamp()
                ORDER BY id FOR UPDATE SKIP LOCKED
            ), told AS (
                INSERT INTO slider_freed (review_id, holder_id, token, taken_at, words, at)
                SELECT id, holder_id, token, taken_at, '', clock_timestamp() FROM over ON CONFLICT DO NOTHING
            )
            UPDATE slider_review r SET
                state = 'open', last_holder_id = r.holder_id, holder_id = NULL, lease_until = NULL, taken_at = NULL,
                page = ''
            FROM over WHERE r.id = over.id
            """
        )
        return int(cursor.rowcount)
