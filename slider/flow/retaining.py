"""A task's rule says after how many days what its items hold is deleted: found and done in small batches."""

import time
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import connection, transaction

from slider.flow import emptying
from slider.flow.emptying import Why
from slider.models import Cause
from slider.models.emptied import ROUND_S
from slider.models.past import BARE_COLUMNS, CLOSED
from slider.models.sealing import Unopened

log = structlog.get_logger(__name__)

BATCH = 200  # items of one transaction
REACH = 1_000  # items that are looked at for one batch
_WALK = 7_340  # the advisory lock's own number space

_ALONE = "SELECT pg_try_advisory_xact_lock(%(walk)s, (%(task)s %% 2147483648)::int)"
_BEGIN = "INSERT INTO slider_emptywalk (task_id, upto) VALUES (%(task)s, 0) ON CONFLICT DO NOTHING"
_MINE = """
SELECT w.upto, t.contents_days FROM slider_emptywalk w JOIN slider_task t ON t.id = w.task_id
WHERE w.task_id = %(task)s AND w.rests_until <= clock_timestamp() AND t.contents_days IS NOT NULL
FOR UPDATE OF w
"""
AGED = """
    i.state IN ('done', 'withdrawn') AND i.finished_at < clock_timestamp() - %(days)s * interval '1 day'
    AND NOT EXISTS (SELECT FROM slider_emptied e WHERE e.item_id = i.id)
"""
# What still has to be looked at, heard or sent keeps its contents: a look at a known answer, or a second one, does not,
# as nothing hangs on it; it is taken back. Nor does a result that was given up after all its tries.
# What older code owes stands in the result's own row, until those columns go.
FREE = """
    NOT EXISTS (
        SELECT FROM slider_review r WHERE r.item_id = i.id AND (
            r.state = 'held' OR r.undo_until > clock_timestamp()
            OR (r.state IN ('waiting', 'open') AND r.kind NOT IN ('known', 'second'))
            OR EXISTS (SELECT FROM slider_unheard u WHERE u.review_id = r.id)))
    AND NOT EXISTS (
        SELECT FROM slider_publication p WHERE p.item_id = i.id AND (p.due_at > clock_timestamp() OR EXISTS (
            SELECT FROM slider_parcel w WHERE w.publication_id = p.id AND w.state = 'due')
            OR coalesce(to_jsonb(p) ->> 'delivery', '') = 'due'))
"""
_SEEN = f"""
WITH seen AS MATERIALIZED (
    SELECT * FROM slider_item WHERE task_id = %(task)s AND id > %(upto)s ORDER BY id LIMIT %(reach)s
)
SELECT i.id, ({AGED}), ({AGED}) AND ({FREE}),
       i.created_at < clock_timestamp() - %(days)s * interval '1 day'
FROM seen i ORDER BY i.id
"""  # noqa: S608  # nothing but the fragments above goes into this text
# Looks before items, as a verdict takes them. Whoever takes, decides or adds a look right now has the item: passed by.
_LOOKS = "SELECT id FROM slider_review WHERE item_id = ANY(%(ids)s) ORDER BY id FOR UPDATE SKIP LOCKED"
_HOLD = """
SELECT i.id FROM slider_item i WHERE i.id = ANY(%(ids)s)
AND NOT EXISTS (SELECT FROM slider_review r WHERE r.item_id = i.id AND r.id <> ALL(%(looks)s::bigint[]))
ORDER BY i.id FOR UPDATE SKIP LOCKED
"""
# Asked anew of the locked rows, in a statement of its own: whoever gave one a look or a correction is seen by now.
_STILL = f"SELECT i.id FROM slider_item i WHERE i.id = ANY(%(ids)s) AND ({AGED}) AND ({FREE})"  # noqa: S608
_TAKE_BACK = """
UPDATE slider_review SET state = 'void' WHERE item_id = ANY(%(ids)s) AND state = 'open' AND kind IN ('known', 'second')
"""
_GO_ON = """
UPDATE slider_emptywalk SET upto = %(upto)s, gone = gone + %(gone)s,
    kept = CASE WHEN %(over)s THEN 0 ELSE kept + %(kept)s END,
    kept_last = CASE WHEN %(over)s THEN kept + %(kept)s ELSE kept_last END,
    rests_until = clock_timestamp() + %(rest_s)s * interval '1 second'
WHERE task_id = %(task)s
"""
# What files that were read long ago have left behind: their pieces, the rows that were refused with their reasons, and
# what stood in the cells of histories; the first rows of files that ended before these went with the end.
_FILES = f"""
WITH old AS (
    SELECT m.id FROM slider_import m WHERE m.task_id = %(task)s
    AND m.finished_at < clock_timestamp() - %(days)s * interval '1 day'
    AND NOT EXISTS (SELECT FROM slider_past p WHERE p.file_id = m.id AND p.state IN ('reading', 'asking', 'ready'))
), pieces AS (
    DELETE FROM slider_importchunk c USING old WHERE c.of_id = old.id RETURNING 1
), rows AS (
    DELETE FROM slider_refusedrow r WHERE r.id IN (
        SELECT r.id FROM slider_refusedrow r JOIN old ON old.id = r.of_id ORDER BY r.id LIMIT 5000) RETURNING 1
), cells AS (
    UPDATE slider_past t SET columns = {BARE_COLUMNS} WHERE t.task_id = %(task)s AND {CLOSED}
    AND t.created_at < clock_timestamp() - %(days)s * interval '1 day' AND t.columns <> {BARE_COLUMNS} RETURNING 1
), firsts AS (
    UPDATE slider_import m SET sample = NULL, columns = NULL FROM old WHERE m.id = old.id AND m.sample IS NOT NULL
)
SELECT (SELECT count(*) FROM pieces) + (SELECT count(*) FROM rows)
"""  # noqa: S608  # nothing but the fragments above goes into this text


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did: of how many items the contents went, and whether more of the task may be due now."""

    emptied: int
    more: bool


def due() -> list[int]:
    """The tasks that have a rule, and whose walk does not rest."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id FROM slider_task t LEFT JOIN slider_emptywalk w ON w.task_id = t.id
            WHERE t.contents_days IS NOT NULL AND coalesce(w.rests_until <= clock_timestamp(), true) ORDER BY t.id
            """
        )
        return [task_id for (task_id,) in cursor.fetchall()]


def sweep(*, limit_s: float) -> int:
    """Delete what is old enough, batch by batch, task after task, for about so long; returns of how many items."""
    ends_at, emptied, tasks = time.monotonic() + limit_s, 0, due()
    while tasks and time.monotonic() < ends_at:
        task_id = tasks.pop(0)
        try:
            done = step(task_id)
        except Unopened as error:
            # Without its key no digest can be kept: nothing goes until somebody puts the key back.
            log.error("contents that are due can't be deleted", task=task_id, error=str(error))
            continue
        emptied += done.emptied
        if done.more:
            tasks.append(task_id)
    return emptied


def step(task_id: int) -> Step:
    """One batch of a task, in one transaction: all of it is done, or none. Nobody else walks the task meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        values: dict[str, Any] = {"walk": _WALK, "task": task_id, "reach": REACH}
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
        chosen = [item_id for item_id, _, goes, _ in seen if goes][:BATCH]
        upto = chosen[-1] if len(chosen) == BATCH else seen[-1][0] if seen else 0
        emptied = _empty(task_id, chosen, values) if chosen else 0
        over = not seen or (upto == seen[-1][0] and (len(seen) < REACH or not seen[-1][3]))
        if over:
            cursor.execute(_FILES, values)
        aged = sum(is_aged for item_id, is_aged, _, _ in seen if item_id <= upto)
        told = {"gone": emptied, "kept": aged - emptied, "over": over, "rest_s": ROUND_S if over else 0.0}
        cursor.execute(_GO_ON, told | {"task": task_id, "upto": 0 if over else upto})
    return Step(emptied, more=not over)


def _empty(task_id: int, chosen: list[int], values: dict[str, Any]) -> int:
    """Of those that nobody holds and that are still due; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, {"ids": chosen})
        looks = [look_id for (look_id,) in cursor.fetchall()]
        cursor.execute(_HOLD, {"ids": chosen, "looks": looks})
        cursor.execute(_STILL, values | {"ids": [item_id for (item_id,) in cursor.fetchall()]})
        ids = [item_id for (item_id,) in cursor.fetchall()]
        if not ids:
            return 0
        cursor.execute(_TAKE_BACK, {"ids": ids})
    emptying.empty(task_id, ids, Why(Cause.RULE, days=values["days"]))
    return len(ids)
