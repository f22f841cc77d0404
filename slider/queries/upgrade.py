"""Which migrations wait, and on which side of the new code each belongs.

A migration comes before the new code starts, unless its class says `when = "after"`: then it takes away what only old
code needs, and waits until none of that runs any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

Key = tuple[str, str]  # app and name
AFTER = "after"


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is not applied yet, in the order in which it has to be."""

    plan: tuple[Migration, ...]  # all of it
    before: tuple[Migration, ...]
    after: tuple[Migration, ...]
    # Migrations for before the new code that build on one for after an older one: (it, what it builds on).
    stuck: tuple[tuple[Migration, Migration], ...]


def is_after(migration: Migration | type[Migration]) -> bool:
    """Whether it may be applied only when no older code runs any more."""
    return getattr(migration, "when", "before") == AFTER


def key(migration: Migration) -> Key:
    return migration.app_label, migration.name


def waiting() -> Waiting:
    """Ask the database, and the files of this code."""
    executor = MigrationExecutor(connection)
    plan = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    return divided(plan)


def divided(plan: Sequence[Migration]) -> Waiting:
    """The two sides of a plan."""
    held: dict[Key, Migration] = {}  # what can't come yet, and the one it waits for
    before, after, stuck = [], [], []
    for migration in plan:
        root = next((held[on] for on in migration.dependencies if on in held), None)
        if is_after(migration):
            held[key(migration)] = root or migration
            after.append(migration)
        elif root is not None:
            held[key(migration)] = root
            stuck.append((migration, root))
        else:
            before.append(migration)
    return Waiting(tuple(plan), tuple(before), tuple(after), tuple(stuck))


def is_begun() -> bool:
    """Whether any of Slider's own migrations is applied: the database is not a new one."""
    return any(app == "slider" for app, _ in MigrationRecorder(connection).applied_migrations())
