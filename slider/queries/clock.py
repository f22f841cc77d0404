"""The time by the database's clock, which leases and the guard go by: the pages must not go by another."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """This moment, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment
