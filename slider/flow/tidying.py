"""What webhooks leave behind goes: tries and news that are old enough, old secrets, and receivers that were removed.

And what older code owed while it still ran is taken over.
"""

from django.conf import settings
from django.db import connection

from slider.flow import older

AT_ONCE = 1_000  # rows a second are more than any receiver takes

_OLD = """
DELETE FROM slider_try WHERE id IN (
    SELECT id FROM slider_try WHERE at < clock_timestamp() - %(days)s * interval '1 day' ORDER BY at LIMIT %(most)s
)
"""
# News and tests: nobody needs to know for ever that they left, as one does of a result. What is owed still stays.
_OLD_NEWS = """
DELETE FROM slider_parcel WHERE id IN (
    SELECT p.id FROM slider_parcel p
    WHERE p.publication_id IS NULL AND p.state IN ('sent', 'failed')
      AND p.created_at < clock_timestamp() - %(days)s * interval '1 day'
      AND NOT EXISTS (SELECT FROM slider_try t WHERE t.parcel_id = p.id)
    ORDER BY p.created_at LIMIT %(most)s
)
"""
# One endpoint at a time. BETWEEN and the order by endpoint first: only the indexes by endpoint give that. With a plain
# `=` PostgreSQL may walk the primary key from its beginning, over all that other receivers were ever owed.
_REMOVED = """
SELECT id FROM slider_endpoint WHERE removed_at < clock_timestamp() - interval '1 minute' ORDER BY id LIMIT 1
"""
_GONE = (
    """
    WITH piece AS MATERIALIZED (
        SELECT id FROM slider_try WHERE endpoint_id BETWEEN %(endpoint)s AND %(endpoint)s
        ORDER BY endpoint_id, id DESC LIMIT %(most)s)
    DELETE FROM slider_try t USING piece WHERE t.id = piece.id
    """,
    """
    WITH piece AS MATERIALIZED (
        SELECT id FROM slider_parcel WHERE endpoint_id BETWEEN %(endpoint)s AND %(endpoint)s
        ORDER BY endpoint_id, id LIMIT %(most)s)
    DELETE FROM slider_parcel p USING piece
    WHERE p.id = piece.id AND NOT EXISTS (SELECT FROM slider_try t WHERE t.parcel_id = p.id)
    """,
    """
    DELETE FROM slider_endpoint e WHERE e.id = %(endpoint)s
      AND NOT EXISTS (SELECT FROM slider_parcel p WHERE p.endpoint_id BETWEEN %(endpoint)s AND %(endpoint)s)
      AND NOT EXISTS (SELECT FROM slider_try t WHERE t.endpoint_id BETWEEN %(endpoint)s AND %(endpoint)s)
    """,
)


_OLD_SECRETS = """
UPDATE slider_endpoint SET old_secret = '', old_until = NULL WHERE old_secret <> '' AND old_until <= clock_timestamp()
"""


# One that an older sender has in its hands is due again only after it was sent, or lost. Where the receiver is off,
# what it is owed waits for the migration that takes over all of it.
_ADOPT = """
WITH due AS MATERIALIZED (
    SELECT id, task_id, number, webhook_id, due_at, tries,
        CASE WHEN g.gone THEN 'failed' ELSE 'due' END AS state,
        CASE WHEN g.gone THEN 'its contents were deleted' ELSE last_problem END AS last_problem
    FROM slider_publication p
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM slider_emptied x WHERE x.item_id = p.item_id) AS gone) AS g
    WHERE delivery = 'due' AND next_try_at <= clock_timestamp() AND EXISTS (
        SELECT FROM slider_endpoint e WHERE e.task_id = p.task_id AND e.disabled_at IS NULL AND e.removed_at IS NULL)
    ORDER BY next_try_at LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED
), made AS (
    INSERT INTO slider_parcel (endpoint_id, publication_id, event, webhook_id, state, due_at, tries, last_problem)
    SELECT e.id, r.id, w.event, r.webhook_id, r.state, r.due_at, r.tries, r.last_problem
    FROM due r JOIN slider_endpoint e ON e.task_id = r.task_id AND e.disabled_at IS NULL AND e.removed_at IS NULL
    CROSS JOIN LATERAL (SELECT CASE WHEN r.number = 1 THEN 'item.finished' ELSE 'item.corrected' END) AS w(event)
    WHERE e.events ? w.event ORDER BY r.id, e.id ON CONFLICT DO NOTHING
)
UPDATE slider_publication p SET delivery = 'none' FROM due WHERE p.id = due.id
"""


def adopt(*, most: int = AT_ONCE) -> int:
    """Results that older code owes by their own rows become parcels; how many. There are none once an upgrade ended."""
    if not older.may_send():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_ADOPT, {"most": most})
        return int(cursor.rowcount)


def tidy(*, most: int = AT_ONCE) -> int:
    """Clear away a bounded piece; returns how many rows. A minute after its removal nobody sends to an endpoint."""
    gone: int = 0
    with connection.cursor() as cursor:
        cursor.execute(_OLD, {"days": settings.ENV.SLIDER_WEBHOOK_LOG_DAYS, "most": most})
        gone += int(cursor.rowcount)
        cursor.execute(_OLD_NEWS, {"days": settings.ENV.SLIDER_WEBHOOK_LOG_DAYS, "most": most})
        gone += int(cursor.rowcount)
        cursor.execute(_REMOVED)
        if removed := cursor.fetchone():
            for statement in _GONE:
                cursor.execute(statement, {"endpoint": removed[0], "most": most})
                gone += int(cursor.rowcount)
        cursor.execute(_OLD_SECRETS)
    return gone
