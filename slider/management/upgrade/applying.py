"""Migrations applied while others work: one upgrade at a time, no lock waited for long, tried again until free."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import call_command
from django.db import OperationalError, connection
from django.db.migrations import Migration
from psycopg import errors

from slider.queries import upgrade

# Whoever waits for a table's strongest lock makes all others wait behind it: no wait is longer than a page bears.
LOCK_MS = 800
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
_ALONE = 7_305  # the advisory locks' own number space
Say = Callable[[str], object]


class Busy(Exception):
    """What was asked could not be done in time, because others were at it."""


@contextmanager
def alone(*, limit_s: float) -> Iterator[None]:
    """Hold the right to migrate. It goes with the connection, so a killed process leaves nothing behind.

    Asked for again and again rather than waited for: a statement that waits holds a snapshot, and an index that
    somebody builds concurrently would wait for that.
    """
    ends_at = time.monotonic() + limit_s
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '60s'")
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [_ALONE])
            if cursor.fetchone()[0]:
                break
            if time.monotonic() > ends_at:
                raise Busy(f"Another upgrade has been running for {limit_s:.0f} s. Look at it, or wait for longer.")
            time.sleep(0.2)
    try:
        yield
    finally:
        connection.close()  # with the lock and the time limits, which were for this alone


def apply(migrations: Sequence[Migration], *, limit_s: float, say: Say) -> None:
    """Apply them in order. One that meets a lock is undone, and tried again for up to `limit_s` seconds."""
    for (app, atomic), run in groupby(migrations, key=lambda one: (one.app_label, one.atomic)):
        together = list(run)
        # A concurrent build takes no lock that others wait for, and waits itself for every older transaction.
        for step in [together] if atomic else [[one] for one in together]:
            _patiently(app, step, atomic=atomic, limit_s=limit_s, say=say)


def _patiently(app: str, step: list[Migration], *, atomic: bool, limit_s: float, say: Say) -> None:
    ends_at, pause = time.monotonic() + limit_s, FIRST_PAUSE_S
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {LOCK_MS if atomic else 0}")
        if not atomic:
            _clear_half_built(step)
        try:
            call_command("migrate", app, step[-1].name, verbosity=0, interactive=False, skip_checks=True)
        except OperationalError as error:
            if not isinstance(error.__cause__, errors.LockNotAvailable | errors.DeadlockDetected):
                raise
            if time.monotonic() + pause > ends_at:
                raise Busy(
                    f"{step[-1]} could not get its locks within {limit_s:.0f} s; nothing of it is applied. Look for a "
                    "long transaction (pg_stat_activity, oldest xact_start), end it, and run this again."
                ) from error
            say(f"{step[-1]} met a lock that somebody holds; again in {pause:g} s.")
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)
        else:
            say(f"Applied {', '.join('.'.join(upgrade.key(one)) for one in step)}.")
            return


def _clear_half_built(step: list[Migration]) -> None:
    """Remove what a concurrent build that was cut off has left: an index that is kept up to date and never read."""
    names = [one.index.name for mine in step for one in mine.operations if isinstance(one, AddIndexConcurrently)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE NOT i.indisvalid AND c.relname = ANY(%s) AND pg_table_is_visible(c.oid)",
            [names],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX CONCURRENTLY {connection.ops.quote_name(name)}")
