"""Which pump works on which task, and how the calls that a worker may have in the air are dealt among its pumps.

Any number of processes on any number of hosts. All that they agree on stands in PostgreSQL: a process joins the task
that has waited longest for one, each pump has so many seats, and the seats of all pumps of a task are never more than
what its worker allows. Who gives no sign of life for `ALIVE_S` has lost its seats.
"""

from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection, transaction

ALIVE_S = 5.0
LEAST_S = 2.0  # so long a pump that is alone on its task stays at least, whoever waits
REST_S = 5.0
CHANNEL = "slider_ready"
_JOINING, _DEALING = 7_302, 7_311  # the advisory locks' own number spaces


@dataclass(frozen=True, slots=True)
class Post:
    """A pump's place: its row, the task it works on, and whether one more pump would find work too."""

    id: int
    task_id: int
    more: bool


# Tasks with a ready item and a worker, each with its pumps, those of its project, and how long ago each had one.
_WAITING = f"""
WITH alive AS MATERIALIZED (
    SELECT p.id, p.task_id, t.project_id, p.began_at FROM slider_pump p JOIN slider_task t ON t.id = p.task_id
    WHERE p.ended_at IS NULL AND p.seen_at > statement_timestamp() - interval '{ALIVE_S} seconds'
), wanting AS (
    SELECT t.id, t.project_id, t.max_tries, w.in_flight,
           (SELECT count(*) FROM alive a WHERE a.task_id = t.id) AS pumps
    FROM slider_task t
    CROSS JOIN LATERAL (
        SELECT w.in_flight, w.name, w.batch FROM slider_worker w WHERE w.task_id = t.id AND w.retired_at IS NULL
        ORDER BY w.rung LIMIT 1
    ) AS w
    WHERE NOT t.paused AND NOT w.batch
      AND NOT EXISTS (SELECT FROM slider_halt h WHERE h.task_id = t.id AND h.profile IN ('', w.name))
      AND NOT EXISTS (SELECT FROM slider_pump p WHERE p.task_id = t.id AND p.rests_until > statement_timestamp())
      AND EXISTS (SELECT FROM slider_item i WHERE i.task_id = t.id AND i.state = 'ready'
                  AND i.run_at <= statement_timestamp() AND i.tries < t.max_tries)
)
"""  # noqa: S608  # nothing but a number goes into this text
# A second pump finds work where at least as many items wait as may be in the air; none where all seats are one's own.
_CHOOSE = f"""{_WAITING}, sized AS MATERIALIZED (
    SELECT w.*, (SELECT count(*) FROM (
        SELECT FROM slider_item i WHERE i.task_id = w.id AND i.state = 'ready' AND i.run_at <= statement_timestamp()
          AND i.tries < w.max_tries LIMIT w.in_flight
    ) AS enough) >= w.in_flight AS plenty
    FROM wanting w
), open AS (
    SELECT s.*, s.plenty AND s.pumps + 1 < s.in_flight AS room FROM sized s
    WHERE s.pumps = 0 OR (s.plenty AND s.pumps < s.in_flight)
)
SELECT o.id, o.room OR count(*) OVER () > 1
FROM open o
ORDER BY (SELECT count(*) FROM alive a WHERE a.project_id = o.project_id),
         (SELECT max(p.ended_at) FROM slider_pump p JOIN slider_task t ON t.id = p.task_id
          WHERE t.project_id = o.project_id) NULLS FIRST,
         o.pumps, (SELECT max(p.ended_at) FROM slider_pump p WHERE p.task_id = o.id) NULLS FIRST, o.id
LIMIT 1
"""  # noqa: S608  # nothing but the text above and a number go into this one
_LEAVE = f"""{_WAITING}, beside AS (
    SELECT a.*, count(*) OVER (PARTITION BY a.task_id) AS pumps FROM alive a
), line AS (
    SELECT b.id, row_number() OVER (ORDER BY b.pumps DESC, b.began_at, b.id) AS place FROM beside b
    WHERE b.pumps > 1 OR b.began_at < statement_timestamp() - interval '{LEAST_S} seconds'
)
SELECT EXISTS (SELECT FROM wanting WHERE pumps = 0) AND (
    %(idle)s OR EXISTS (SELECT FROM line WHERE id = %(me)s AND place <= (SELECT count(*) FROM wanting WHERE pumps = 0))
)
"""  # noqa: S608

_DEAL_ANY = """
WITH alive AS (
    SELECT id, {seats} AS seats, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS pumps
    FROM slider_pump WHERE task_id = %(task)s AND ended_at IS NULL
      AND (id = %(me)s OR seen_at > clock_timestamp() - %(alive)s * interval '1 second')
), mine AS (
    SELECT greatest(0, least(
        %(most)s / a.pumps + (a.place <= %(most)s %% a.pumps)::int,
        %(most)s - (SELECT coalesce(sum(o.seats), 0) FROM alive o WHERE o.id <> %(me)s)
    ))::int AS seats FROM alive a WHERE a.id = %(me)s
)
UPDATE slider_pump p SET seen_at = clock_timestamp(), {seats} = greatest(%(uses)s, m.seats)
FROM mine m WHERE p.id = %(me)s RETURNING m.seats
"""
_DEAL, _DEAL_FALLBACK = _DEAL_ANY.format(seats="seats"), _DEAL_ANY.format(seats="fallback_seats")
_WITHOUT_PUMP = f"{_WAITING} SELECT id FROM wanting WHERE pumps = 0 AND id = ANY(%s)"  # noqa: S608


def join(who: str, *, host: str) -> Post | None:
    """Enter a pump on the task whose turn it is; None when no task has work for one more, or this host stands still.

    First come tasks of projects with the fewest pumps, then those whose project has waited longest; within a project
    the same goes for its tasks. So a task with a million items holds up nobody who has ten.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [_JOINING])
        cursor.execute("SELECT EXISTS (SELECT FROM slider_halt WHERE host = %s AND host <> '')", [host])
        if cursor.fetchone()[0]:
            return None
        cursor.execute(_CHOOSE)
        row = cursor.fetchone()
        if row is None:
            return None
        task_id, more = row
        cursor.execute(
            """
            DELETE FROM slider_pump WHERE task_id = %s AND id < (SELECT max(id) FROM slider_pump WHERE task_id = %s)
              AND (ended_at IS NOT NULL OR seen_at < statement_timestamp() - interval '1 hour')
            """,
            [task_id, task_id],
        )
        cursor.execute(
            """
            INSERT INTO slider_pump (task_id, who, seats) VALUES (%s, left(%s, 120), 0)
            RETURNING id, pg_notify(%s, %s)::text
            """,
            [task_id, who, CHANNEL, f"{task_id} crew"],
        )
        return Post(cursor.fetchone()[0], task_id, more)


def deal(post: Post, *, in_flight: int, uses: int) -> int:
    """A sign of life, which deals seats anew; returns how many calls this pump may have in the air from now on.

    `uses` is the most that it may have in the air at this moment: others are dealt nothing of that. So it takes two
    signs to give a seat away: one to stop using it, one to say so, and no moment has more calls than seats.
    """
    return _dealt(_DEAL, post, in_flight=in_flight, uses=uses)


def deal_fallback(post: Post, *, in_flight: int, uses: int) -> int:
    """The same for the seats at the endpoint of the task's fallback, which has limits of its own."""
    return _dealt(_DEAL_FALLBACK, post, in_flight=in_flight, uses=uses)


def _dealt(statement: str, post: Post, *, in_flight: int, uses: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_DEALING, post.task_id % 2**31])
        cursor.execute(
            statement,
            {"task": post.task_id, "me": post.id, "alive": ALIVE_S, "most": in_flight, "uses": uses},
        )
        row = cursor.fetchone()
    return 0 if row is None else int(row[0])


def may_leave(post: Post, *, idle: bool) -> bool:
    """Whether this pump is one to go, as tasks wait that have none.

    An `idle` one always is. Of the others first those that are not alone on their task, then those that came first.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, {"me": post.id, "idle": idle})
        return bool(cursor.fetchone()[0])


def without_pump(listening: "psycopg.Connection[tuple[Any, ...]]", task_ids: list[int]) -> list[int]:
    """Those of these tasks that have work and no pump, over a connection that is not Django's."""
    found = listening.execute(_WITHOUT_PUMP, [task_ids])
    return [task_id for (task_id,) in found]


def leave(post: Post, *, rests: bool) -> None:
    """A pump has ended. One that `rests` was let begin nothing by its worker's limits: nobody need look at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_pump SET ended_at = clock_timestamp(), seats = 0, fallback_seats = 0,
                rests_until = CASE WHEN %s THEN clock_timestamp() + %s * interval '1 second' END
            WHERE id = %s
            """,
            [rests, REST_S, post.id],
        )


def tell(task_id: int) -> None:
    """Say that a task has new items: heard when, and only if, this transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(task_id)])
