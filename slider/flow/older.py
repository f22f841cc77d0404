"""Whether code of the release before may run: between the halves of an upgrade it may send still, or be put back."""

from django.db import connection

_COLUMN = """
SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'slider_publication'::regclass AND attname = 'delivery'
               AND NOT attisdropped)
"""


def may_send() -> bool:
    """Whether it may send by webhook: it knows one receiver a task, and reads its secret as it is."""
    with connection.cursor() as cursor:
        cursor.execute(_COLUMN)
        return bool(cursor.fetchone()[0])
