"""Older code runs on the schema that stands while the new code comes: its columns, its rows, and the code itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader

from slider.models import Item, State
from tests import casts
from tests.deploy import older
from tests.deploy.conftest import cookie_of, environment, key_of, wait_until
from tests.deploy.site import Site
from tests.deploy.traffic import Receiver, Traffic
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
BEFORE_THE_NEWEST = older.newest()[-2]
NOT_OURS = ("23505", "23P01")  # a copy of a row is there already: it has passed every other rule by then


def older_models() -> list[type[models.Model]]:
    apps = MigrationLoader(None).project_state(("slider", BEFORE_THE_NEWEST)).apps
    return [model for model in apps.get_models() if model._meta.app_label == "slider"]


def columns(table: str) -> dict[str, tuple[str, bool, bool]]:
    """By name: its type, whether it may be empty, and whether the database fills it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull, atthasdef OR attidentity <> ''
            FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
            """,
            [table],
        )
        return {name: (kind, empty, filled) for name, kind, empty, filled in cursor.fetchall()}


def missing(model: type[models.Model]) -> Iterator[str]:
    """What older code needs of a table and does not find, or can't give it."""
    table, there = model._meta.db_table, columns(model._meta.db_table)
    known = {field.column: field for field in model._meta.local_concrete_fields}
    for name, field in known.items():
        if name not in there:
            yield f"{table}.{name} is gone"
        elif not there[name][1] and field.null:
            yield f"{table}.{name} must not be empty any more"
    for name, (_, empty, filled) in there.items():
        if name not in known and not empty and not filled:
            yield f"{table}.{name} is new, must not be empty, and nothing fills it"


def refused(model: type[models.Model]) -> Iterator[str]:
    """Rows of this table that older code can't write any more; each is written again as older code would."""
    quote = connection.ops.quote_name
    names = [f.column for f in model._meta.local_concrete_fields if not isinstance(f, models.GeneratedField)]
    listed = ", ".join(map(quote, names))
    key, table = model._meta.pk.column, quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {quote(key)} FROM {table} LIMIT 20")
        for (row,) in cursor.fetchall():
            try:
                with transaction.atomic():
                    cursor.execute(
                        f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE "
                        f"SELECT {listed} FROM {table} WHERE {quote(key)} = %s",
                        [row],
                    )
            except IntegrityError as error:
                if getattr(error.__cause__, "sqlstate", "") not in NOT_OURS:
                    yield f"{table}: {error}"


def lived_in(cast: casts.Company) -> None:
    """Rows in most of the tables. Items are all born: the rule for that is asked of each copy."""
    casts.one(cast.task, "people", casts.fails())
    casts.decide(cast.reviewer, cast.task, verdict=casts.Verdict.REJECT, reason="other")
    casts.audited(cast.task)


@pytest.fixture
def in_between() -> None:
    if not older.is_half_way_the_end():
        pytest.skip("a migration for after the code is part of this test's database: see test_the_code_itself...")


def test_every_column_of_older_code_is_there_and_no_new_one_has_to_be_given() -> None:
    assert [problem for model in older_models() for problem in missing(model)] == []


def test_rows_that_older_code_writes_are_taken(cast: casts.Company) -> None:
    lived_in(cast)
    Item.objects.exclude(state=State.READY)
    tried = [model for model in older_models() if model._default_manager.using("default").exists()]
    assert len(tried) > 12, "too few tables hold rows: nothing was tested"
    assert [problem for model in tried for problem in refused(model)] == []
"""
