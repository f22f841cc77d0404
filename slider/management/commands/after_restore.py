"""`manage.py after_restore`: what has to be done once to a restored database before anything of Slider starts on it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

AHEAD = 1_000_000

_OWNED = """
SELECT format('%I.%I', sn.nspname, s.relname) FROM pg_class s
JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid AND t.relkind IN ('r', 'p') JOIN pg_namespace sn ON sn.oid = s.relnamespace
WHERE s.relkind = 'S' AND pg_table_is_visible(t.oid) ORDER BY 1
"""
_STANDING = """
SELECT (SELECT count(*) FROM slider_item WHERE state = 'ready'),
       (SELECT count(*) FROM slider_item WHERE state = 'working'),
       (SELECT count(*) FROM slider_review WHERE state IN ('open', 'held')),
       (SELECT count(*) FROM slider_parcel WHERE state = 'due'),
       (SELECT max(at) FROM slider_move)
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Command(BaseCommand):
    help = (
        "Run once after a restore to an earlier moment, before anything of Slider starts: ids that were given out "
        "after that moment are never given to something else. Says what will go on."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--ahead",
            type=int,
            default=AHEAD,
            metavar="IDS",
            help=f"How many ids of each table are left out; more than were given out since. Default: {AHEAD:,}.",
        )

    def handle(self, *, ahead: int, **_: Any) -> None:
        if not 1 <= ahead <= 100 * AHEAD:
            raise CommandError(f"--ahead is {ahead:,}: give 1 to {100 * AHEAD:,}.")
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(_OTHERS)
            if others := cursor.fetchone()[0]:
                raise CommandError(
                    f"{others} other connections are open to this database: something runs on it already. Stop that "
                    "first: what it writes now may get ids that the world knows as something else."
                )
            cursor.execute(_OWNED)
            sequences = [name for (name,) in cursor.fetchall()]
            for name in sequences:
                # The name is quoted by PostgreSQL itself.
                cursor.execute(f"SELECT setval('{name}', (SELECT last_value FROM {name}) + %s)", [ahead])  # noqa: S608
            cursor.execute(_STANDING)
            ready, working, looks, owed, newest = cursor.fetchone()
        connection.close()
        self.stdout.write(
            f"The ids of {len(sequences)} tables go on {ahead:,} further.\n"
            f"This database knows what happened until {f'{newest:%Y-%m-%d %H:%M:%S} UTC' if newest else '(nothing)'}: "
            "sources send again what they sent since, under the same external_id.\n"
            "What was erased on request since then is here again: `manage.py erased FILE --again --by NAME` erases it "
            "by the list that you kept, before anything starts. What rules deleted since goes again by itself.\n"
            f"Goes on once the fleet runs: {ready:,} items wait for a worker, {working:,} come back when their lease "
            f"is over, {looks:,} looks wait for people, {owed:,} results are owed."
        )
