"""Leases: who holds an item or a review, until when by the database's clock, and what happens when it runs out."""

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from slider.flow import moves
from slider.models import Review, State


@dataclass(frozen=True, slots=True)
class Claim:
    """An item in a worker's hands: only writes under this token count."""

    item_id: int
    token: int
    tries: int
    body: dict[str, Any]


def claim(task_id: int, *, most: int, max_tries: int, lease_s: float, by: str) -> list[Claim]:
    """Take up to `most` ready items of a task, oldest first, each under a new token and a lease of `lease_s` seconds.

    Rows that another worker is just taking are passed over, never waited for. Items that were tried `max_tries`
    times are left to the sweep, which hands them to people.
    """
    if most < 1:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id, token FROM slider_item
            WHERE task_id = %s AND state = 'ready' AND run_at <= clock_timestamp() AND tries < %s
            ORDER BY priority, run_at, id LIMIT %s FOR UPDATE SKIP LOCKED
            """,
            [task_id, max_tries, most],
        )
        steps = [moves.Step(item_id, token, State.WORKING, f"claimed by {by}") for item_id, token in cursor.fetchall()]
        tokens = moves.move_all(steps, source=State.READY, lease_s=lease_s)
        cursor.execute(
            """
            SELECT i.id, i.tries, p.body::text FROM slider_item i JOIN slider_payload p ON p.item_id = i.id
            WHERE i.id = ANY(%s) ORDER BY i.priority, i.run_at, i.id
            """,
            [list(tokens)],
        )
        rows = cursor.fetchall()
    return [Claim(item_id, tokens[item_id], tries, json.loads(text)) for item_id, tries, text in rows]


def renew(claimed: list[tuple[int, int]], *, lease_s: float) -> None:
    """A sign of life: the leases that still stand run for another `lease_s` seconds from now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_item i SET lease_until = clock_timestamp() + %s * interval '1 second'
            FROM unnest(%s::bigint[], %s::bigint[]) AS c(id, token)
            WHERE i.id = c.id AND i.token = c.token AND i.state = 'working'
            """,
            [lease_s, [pair[0] for pair in claimed], [pair[1] for pair in claimed]],
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


def take_review(user_id: int, *, task_ids: list[int], lease_s: float) -> Review | None:
    """The review this person holds already, else the oldest open one of these tasks; None if there is none.

    Of these tasks a person holds one review at a time: a reload and a second tab show the same one. What they held may
    be decided or lost in the very moment of looking: then it is looked for once more.
    """
    return _take_review(user_id, task_ids, lease_s) or _take_review(user_id, task_ids, lease_s)


def _take_review(user_id: int, task_ids: list[int], lease_s: float) -> Review | None:
    with transaction.atomic(), connection.cursor() as cursor:
        # One person's two tabs must not take two: they queue here, by the person's id.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_PEOPLE, user_id % 2**31])
        cursor.execute(
            """
            WITH held AS (
                SELECT id FROM slider_review
                WHERE holder_id = %(user)s AND state = 'held' AND task_id = ANY(%(tasks)s) ORDER BY id LIMIT 1
            ), open AS (
                SELECT r.id FROM slider_review r
                WHERE r.state = 'open' AND r.task_id = ANY(%(tasks)s) AND NOT EXISTS (SELECT FROM held)
                  AND NOT EXISTS (SELECT FROM slider_decline d WHERE d.review_id = r.id AND d.user_id = %(user)s)
                  AND (r.kind NOT IN ('known', 'second') OR slider_may_look(r.id, r.item_id, r.kind, %(user)s))
                ORDER BY r.id LIMIT 1 FOR UPDATE SKIP LOCKED
            )
            UPDATE slider_review r SET
                state = 'held', holder_id = %(user)s,
                token = r.token + (r.state = 'open')::int,
                taken_at = CASE WHEN r.state = 'open' THEN clock_timestamp() ELSE r.taken_at END,
                lease_until = clock_timestamp() + %(lease_s)s * interval '1 second'
            FROM (SELECT id FROM held UNION ALL SELECT id FROM open) AS next
            WHERE r.id = next.id AND (r.state = 'open' OR (r.state = 'held' AND r.holder_id = %(user)s))
            RETURNING r.id
            """,
            {"user": user_id, "tasks": task_ids, "lease_s": lease_s},
        )
        row = cursor.fetchone()
        return None if row is None else Review.objects.get(pk=row[0])


_PEOPLE = 7_301  # the advisory lock's own number space


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
                state = 'open', last_holder_id = r.holder_id, holder_id = NULL, lease_until = NULL, taken_at = NULL
            FROM over WHERE r.id = over.id
            """
        )
        return int(cursor.rowcount)
