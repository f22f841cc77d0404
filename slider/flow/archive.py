"""Old items leave the busy tables: their moves, payloads and bulky evidence become one packed row each.

What statistics, the guard and the calibration read stays where it is: the item, its decision, scores, looks, results,
and the answers of whatever a person has looked at. So nothing that was counted is counted otherwise.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from slider.flow import arrays
from slider.models.archived import pack, unpack

BATCH = 200  # items of one transaction
BATCH_BYTES = 8 * 1024 * 1024  # and so much of their payloads, as it is stored
REACH = 1_000  # items that are looked at for one batch
# So many of a task's items that were routed last stay, however old: looks back are drawn among them.
RECENT = 1_000
_WALK = 7_331  # the advisory lock's own number space
REST_S = 3_600.0  # a walk over all items of a task, and then a rest

_ALONE = "SELECT pg_try_advisory_xact_lock(%(walk)s, (%(task)s %% 2147483648)::int)"
_BEGIN = "INSERT INTO slider_archivewalk (task_id, upto) VALUES (%(task)s, 0) ON CONFLICT DO NOTHING"
_MINE = """
SELECT w.upto, t.archive_after_days FROM slider_archivewalk w JOIN slider_task t ON t.id = w.task_id
WHERE w.task_id = %(task)s AND w.rests_until <= clock_timestamp() AND t.archive_after_days IS NOT NULL
FOR UPDATE OF w
"""
# Whether nothing more can happen to an item by itself. Publications that were given up wait for an operator.
_OVER = """
    i.state IN ('done', 'withdrawn') AND i.finished_at < clock_timestamp() - %(days)s * interval '1 day'
    AND NOT EXISTS (SELECT FROM slider_archived a WHERE a.item_id = i.id)
    AND NOT EXISTS (
        SELECT FROM slider_review r WHERE r.item_id = i.id AND (
            r.state IN ('waiting', 'open', 'held') OR r.undo_until > clock_timestamp()
            OR EXISTS (SELECT FROM slider_unheard u WHERE u.review_id = r.id)))
    AND NOT EXISTS (
        SELECT FROM slider_publication p WHERE p.item_id = i.id
        AND (p.due_at > clock_timestamp() OR EXISTS (
            SELECT FROM slider_parcel w WHERE w.publication_id = p.id AND w.state IN ('due', 'failed'))
             OR coalesce(to_jsonb(p) ->> 'delivery', '') IN ('due', 'failed')))
    AND NOT EXISTS (SELECT FROM slider_known k WHERE k.item_id = i.id)
    AND NOT EXISTS (
        SELECT FROM slider_decision d JOIN slider_gauge g ON g.task_id = d.task_id
        WHERE d.item_id = i.id AND d.seq >= g.routed - %(recent)s)
"""
_SEEN = f"""
WITH seen AS MATERIALIZED (
    SELECT * FROM slider_item WHERE task_id = %(task)s AND id > %(upto)s ORDER BY id LIMIT %(reach)s
)
SELECT i.id, {_OVER}, i.created_at < clock_timestamp() - %(days)s * interval '1 day',
       coalesce((SELECT pg_column_size(p.body) FROM slider_payload p WHERE p.item_id = i.id), 0)
FROM seen i ORDER BY i.id
"""  # noqa: S608  # nothing but the fragment above goes into this text
_HOLD = "SELECT id FROM slider_item WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED"
# Asked anew of the locked rows, in a statement of its own: whoever gave one a look or a correction is seen by now.
_TELL = f"""
SELECT i.id, n.whole, CASE WHEN n.whole THEN p.sha256 END, (
    jsonb_build_object(
        'moves', (SELECT coalesce(jsonb_agg(to_jsonb(m) - 'item_id' ORDER BY m.id), '[]')
                  FROM slider_move m WHERE m.item_id = i.id),
        'attempts', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', a.id, 'samples', a.samples, 'fields', a.fields, 'raw', a.raw
            ) || CASE WHEN n.whole THEN jsonb_build_object('has', a.answer IS NOT NULL, 'answer', a.answer)
                 ELSE '{{}}' END ORDER BY a.id), '[]') FROM slider_attempt a WHERE a.item_id = i.id)
    ) || CASE WHEN n.whole THEN jsonb_build_object('body', p.body, 'origin', p.origin) ELSE '{{}}' END
)::text
FROM slider_item i JOIN slider_payload p ON p.item_id = i.id
CROSS JOIN LATERAL (
    SELECT NOT EXISTS (SELECT FROM slider_review r WHERE r.item_id = i.id)
       AND NOT EXISTS (SELECT FROM slider_correction c WHERE c.item_id = i.id) AS whole
) AS n
WHERE i.id = ANY(%(ids)s) AND {_OVER}
"""  # noqa: S608
_KEEP = """
INSERT INTO slider_archived (item_id, whole, sha256, story, at)
SELECT n.id, n.whole, n.sha256, n.story, clock_timestamp()
FROM unnest(%(ids)s::bigint[], %(wholes)s::bool[], %(digests)s::bytea[], %(stories)s::bytea[])
     AS n(id, whole, sha256, story)
"""
_CLEAR = (
    "DELETE FROM slider_move WHERE item_id = ANY(%(ids)s)",
    """
    UPDATE slider_attempt SET samples = '[]', fields = '[]', raw = '',
        answer = CASE WHEN item_id = ANY(%(whole)s) THEN NULL ELSE answer END
    WHERE item_id = ANY(%(ids)s)
      AND (samples <> '[]' OR fields <> '[]' OR raw <> '' OR answer IS NOT NULL AND item_id = ANY(%(whole)s))
    """,
    "DELETE FROM slider_payload WHERE item_id = ANY(%(whole)s)",
)
_GO_ON = """
UPDATE slider_archivewalk SET upto = %(upto)s, rests_until = clock_timestamp() + %(rest_s)s * interval '1 second'
WHERE task_id = %(task)s
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did: how many items it archived, and whether more of the task may be looked at now."""

    archived: int
    more: bool


def due() -> list[int]:
    """The tasks whose old items leave, and whose walk does not rest."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id FROM slider_task t LEFT JOIN slider_archivewalk w ON w.task_id = t.id
            WHERE t.archive_after_days IS NOT NULL AND coalesce(w.rests_until <= clock_timestamp(), true) ORDER BY t.id
            """
        )
        return [task_id for (task_id,) in cursor.fetchall()]


def sweep(*, limit_s: float) -> int:
    """Archive what is old enough, batch by batch, task after task, for about so long; returns how many items."""
    ends_at, archived, tasks = time.monotonic() + limit_s, 0, due()
    while tasks and time.monotonic() < ends_at:
        task_id = tasks.pop(0)
        done = step(task_id)
        archived += done.archived
        if done.more:
            tasks.append(task_id)
    return archived


def step(task_id: int) -> Step:
    """One batch of a task, in one transaction: all of it is done, or none. Nobody else walks the task meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        values: dict[str, Any] = {"walk": _WALK, "task": task_id, "reach": REACH, "recent": RECENT}
        cursor.execute(_ALONE, values)
        if not cursor.fetchone()[0]:
            return Step(0, more=False)
        cursor.execute(_BEGIN, values)
        cursor.execute(_MINE, values)
        mine = cursor.fetchone()
        if mine is None:
            return Step(0, more=False)
        values |= {"upto": mine[0], "days": mine[1]}
        cursor.execute(_SEEN, values)
        seen = cursor.fetchall()
        chosen, upto = _chosen(seen)
        archived = _archive([item_id for item_id, *_ in chosen], values) if chosen else 0
        over = not seen or (upto == seen[-1][0] and (len(seen) < REACH or not seen[-1][2]))
        cursor.execute(_GO_ON, {"task": task_id, "upto": 0 if over else upto, "rest_s": REST_S if over else 0.0})
    return Step(archived, more=not over)


def _chosen(seen: Sequence[tuple[int, bool, bool, int]]) -> tuple[list[tuple[int, bool, bool, int]], int]:
    """The first of them that are to go, up to a batch; and the id up to which all have been looked at then."""
    chosen: list[tuple[int, bool, bool, int]] = []
    size, upto = 0, 0
    for row in seen:
        if row[1]:
            if len(chosen) == BATCH or (chosen and size + row[3] > BATCH_BYTES):
                break
            chosen.append(row)
            size += row[3]
        upto = row[0]
    return chosen, upto


def _archive(item_ids: list[int], values: dict[str, Any]) -> int:
    """Pack those of them that nobody holds and that are still over; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"ids": item_ids})
        held = [item_id for (item_id,) in cursor.fetchall()]
        cursor.execute(_TELL, values | {"ids": held})
        told = cursor.fetchall()
        if not told:
            return 0
        ids = [row[0] for row in told]
        kept = {
            "ids": ids,
            "wholes": [row[1] for row in told],
            "digests": [None if row[2] is None else bytes(row[2]) for row in told],
            "stories": [pack(row[3]) for row in told],
        }
        cursor.execute(_KEEP, kept)
        gone = {"ids": ids, "whole": [row[0] for row in told if row[1]]}
        for statement in _CLEAR:
            cursor.execute(statement, gone)
    return len(told)


_BACK = (
    """
    INSERT INTO slider_payload (item_id, body, sha256, origin)
    SELECT s.id, s.story::jsonb -> 'body', a.sha256, s.story::jsonb ->> 'origin'
    FROM unnest(%(ids)s::bigint[], %(stories)s::text[]) AS s(id, story) JOIN slider_archived a ON a.item_id = s.id
    WHERE a.whole
    """,
    """
    INSERT INTO slider_move (id, item_id, from_state, to_state, token, by_id, reason, at)
    SELECT m.id, s.id, m.from_state, m.to_state, m.token, m.by_id, m.reason, m.at
    FROM unnest(%(ids)s::bigint[], %(stories)s::text[]) AS s(id, story),
         jsonb_to_recordset(s.story::jsonb -> 'moves') AS m(
             id bigint, from_state text, to_state text, token bigint, by_id int, reason text, at timestamptz)
    """,
    """
    UPDATE slider_attempt a SET samples = k.samples, fields = k.fields, raw = k.raw,
        answer = CASE WHEN k.has IS NULL THEN a.answer WHEN k.has THEN k.answer END
    FROM unnest(%(ids)s::bigint[], %(stories)s::text[]) AS s(id, story),
         jsonb_to_recordset(s.story::jsonb -> 'attempts') AS k(
             id bigint, samples jsonb, fields jsonb, raw text, has bool, answer jsonb)
    WHERE a.id = k.id
    """,
    "DELETE FROM slider_archived WHERE item_id = ANY(%(ids)s::bigint[])",
)


def bring_back(item_ids: Sequence[int]) -> int:
    """Put archived items back where they were, in the caller's transaction; returns how many were archived.

    For what an old item needs to be whole again: to be a known answer, or to be corrected.
    """
    with connection.cursor() as cursor:
        # In two statements: what somebody archives right now is waited for, and seen.
        cursor.execute("SELECT FROM slider_item WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(item_ids)])
        cursor.execute("SELECT item_id, story FROM slider_archived WHERE item_id = ANY(%s)", [list(item_ids)])
        rows = cursor.fetchall()
        if rows:
            ids = arrays.numbers([item_id for item_id, _ in rows])
            stories = [unpack(bytes(story)) for _, story in rows]
            for statement in _BACK:
                cursor.execute(statement, {"ids": ids, "stories": stories})
    return len(rows)
