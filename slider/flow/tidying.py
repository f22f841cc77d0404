"""What webhooks leave behind goes: tries that are old enough, old secrets, and receivers that were removed."""

from django.conf import settings
from django.db import connection

AT_ONCE = 1_000  # rows a second are more than any receiver takes

_OLD = """
DELETE FROM slider_try WHERE id IN (
    SELECT id FROM slider_try WHERE at < clock_timestamp() - %(days)s * interval '1 day' ORDER BY at LIMIT %(most)s
)
"""
_GONE = (
    """
    DELETE FROM slider_try WHERE id IN (
        SELECT t.id FROM slider_try t JOIN slider_endpoint e ON e.id = t.endpoint_id
        WHERE e.removed_at IS NOT NULL LIMIT %(most)s)
    """,
    """
    DELETE FROM slider_parcel WHERE id IN (
        SELECT p.id FROM slider_parcel p JOIN slider_endpoint e ON e.id = p.endpoint_id
        WHERE e.removed_at < clock_timestamp() - interval '1 minute'
          AND NOT EXISTS (SELECT FROM slider_try t WHERE t.parcel_id = p.id)
        ORDER BY p.id LIMIT %(most)s)
    """,
    """
    DELETE FROM slider_endpoint e WHERE e.removed_at < clock_timestamp() - interval '1 minute'
      AND NOT EXISTS (SELECT FROM slider_parcel p WHERE p.endpoint_id = e.id)
      AND NOT EXISTS (SELECT FROM slider_try t WHERE t.endpoint_id = e.id)
    """,
)


_OLD_SECRETS = """
UPDATE slider_endpoint SET old_secret = '', old_until = NULL WHERE old_secret <> '' AND old_until <= clock_timestamp()
"""


def tidy(*, most: int = AT_ONCE) -> int:
    """Clear away a bounded piece; returns how many rows. A minute after its removal nobody sends to an endpoint."""
    gone: int = 0
    with connection.cursor() as cursor:
        cursor.execute(_OLD, {"days": settings.ENV.SLIDER_WEBHOOK_LOG_DAYS, "most": most})
        gone += int(cursor.rowcount)
        cursor.execute("SELECT EXISTS (SELECT FROM slider_endpoint WHERE removed_at IS NOT NULL)")
        if cursor.fetchone()[0]:
            for statement in _GONE:
                cursor.execute(statement, {"most": most})
                gone += int(cursor.rowcount)
        cursor.execute(_OLD_SECRETS)
    return gone
