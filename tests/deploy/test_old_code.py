"""Older code runs on the schema that stands while the new code comes: its columns, its rows, and the code itself."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader

from slider.flow import tidying
from slider.models import Endpoint, Parcel, Verdict
from tests import casts
from tests.deploy import older
from tests.deploy.conftest import another_database, company, cookie_of, environment, key_of, wait_until
from tests.deploy.site import ROOT, Site
from tests.deploy.traffic import Receiver, Traffic
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
OLDER = older.last_migration()
SECRET = "whsec_" + 32 * "o"
BORN = {"slider_item": "WHERE state = 'ready'"}  # the rule for a new row allows no copy of another
NOT_OURS = ("23505", "23P01")  # a copy of a row is there already: it has passed every other rule by then


def older_models() -> list[type[models.Model]]:
    apps = MigrationLoader(None).project_state(("slider", OLDER)).apps
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
    known = {str(field.column): field for field in model._meta.local_concrete_fields}
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
    fields = [f for f in model._meta.local_concrete_fields if not isinstance(f, models.GeneratedField)]
    listed = ", ".join(quote(str(field.column)) for field in fields)
    key, table = quote(str(model._meta.pk.column)), quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key} FROM {table} {BORN.get(model._meta.db_table, '')} LIMIT 20")
        for (row,) in cursor.fetchall():
            try:
                with transaction.atomic():
                    cursor.execute(
                        f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE "
                        f"SELECT {listed} FROM {table} WHERE {key} = %s",
                        [row],
                    )
            except IntegrityError as error:
                if getattr(error.__cause__, "sqlstate", "") not in NOT_OURS:
                    yield f"{table}: {error}"


def lived_in(receiver: Receiver) -> None:
    """Rows in most of the tables. One item waits: a copy of any other would not be one that is born."""
    cast = company(receiver)
    casts.one(cast.task, "people", casts.fails())
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="other")
    casts.audited(cast.task)
    casts.bring_in(cast.task, {"waits": {"text": "Where is my parcel?"}})


@pytest.fixture
def half_way() -> Iterator[None]:
    """The schema that stands while the new code comes: the test's own, unless something is to be taken away after."""
    target = older.half_way(OLDER)
    if target == older.newest()[-1]:
        yield
        return
    with another_database(copied=True):
        call_command("migrate", "slider", target, verbosity=0)  # back: what goes after is there again
        yield


@pytest.mark.usefixtures("half_way")
def test_every_column_of_older_code_is_there_and_no_new_one_has_to_be_given() -> None:
    assert [problem for model in older_models() for problem in missing(model)] == []


@pytest.mark.usefixtures("half_way")
def test_rows_that_older_code_writes_are_taken(receiver: Receiver) -> None:
    lived_in(receiver)
    tried = [model for model in older_models() if model._default_manager.exists()]
    assert len(tried) > 15, "too few tables hold rows: nothing was tested"
    assert [problem for model in tried for problem in refused(model)] == []


@pytest.mark.usefixtures("half_way")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("ALTER TABLE slider_task RENAME COLUMN name TO title", ["slider_task.name is gone"]),
        ("ALTER TABLE slider_item ALTER COLUMN lease_until SET NOT NULL", ["lease_until must not be empty any more"]),
        ("ALTER TABLE slider_tally ADD COLUMN shade text NOT NULL", ["shade is new, must not be empty"]),
    ],
)
def test_a_change_that_older_code_can_not_live_with_is_seen(change: str, words: list[str]) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(change)
        found = [problem for model in older_models() for problem in missing(model)]
        transaction.set_rollback(True)
    assert any(words[0] in problem for problem in found)


@pytest.mark.usefixtures("half_way")
def test_a_rule_that_older_code_breaks_is_seen(receiver: Receiver) -> None:
    lived_in(receiver)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE slider_task ADD COLUMN shade text DEFAULT ''")
            cursor.execute("ALTER TABLE slider_task ADD CONSTRAINT shady CHECK (shade <> '') NOT VALID")
        found = [problem for model in older_models() for problem in refused(model)]
        transaction.set_rollback(True)
    assert len(found) == 1
    assert "shady" in found[0]


@pytest.mark.usefixtures("half_way")
def test_what_older_code_owes_is_taken_over_and_nothing_that_it_has_in_its_hands(receiver: Receiver) -> None:
    cast = company(receiver)
    items = [casts.one(cast.task, f"m{number}") for number in range(3)]
    Parcel.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_publication SET delivery = CASE WHEN item_id = %s THEN 'none' ELSE 'due' END, tries = 1,
                   next_try_at = now() + CASE WHEN item_id = %s THEN 20 ELSE 0 END * interval '1 second'
            """,
            [items[0].pk, items[1].pk],
        )
    assert (tidying.adopt(), tidying.adopt()) == (1, 0)
    parcel = Parcel.objects.get()
    assert parcel.publication is not None
    assert (parcel.publication.item_id, parcel.webhook_id) == (items[2].pk, parcel.publication.webhook_id)
    assert (parcel.state, parcel.tries, parcel.event) == ("due", 1, "item.finished")


@pytest.mark.slow
@pytest.mark.usefixtures("half_way")
def test_the_code_itself_does_a_whole_day_s_work(model: Model, receiver: Receiver, tmp_path: Path) -> None:
    """Older web servers and workers, as they were, on the schema of now: push, work, publish, read."""
    missing_past = older.why_no_past()
    if missing_past:
        # What may be left out is a checkout that was cut short, and an archive. A whole one must be tried.
        assert os.environ.get("CI") != "true" or older.is_shallow() or not (ROOT / ".git").exists(), missing_past
        pytest.skip(f"{missing_past}: no older code was run")
    code = older.unpack(older.commit(), tmp_path / "older")
    cast = company(receiver)
    Endpoint.objects.update(secret=SECRET)  # as older code has written it
    with Site(code, environment(model), tmp_path) as site:
        site.wait_until_up(site.web())
        for kind in ("pumps", "hands", "doors"):
            site.worker(kind)
        traffic = Traffic(site.address)
        traffic.push(slug=cast.task.slug, key=key_of(cast), name="old", every_s=0.1, keep=True)
        pages = ["/", f"/tasks/{cast.task.pk}/", f"/tasks/{cast.task.pk}/items/", "/readyz"]
        traffic.read(paths=pages, cookie=cookie_of(cast.tuner), every_s=0.2, keep=True)
        wait_until(lambda: len(receiver.taken) >= 20, limit_s=90, what=lambda: f"{len(receiver.taken)} results")
        traffic.end()
    assert traffic.failed() == []
    assert receiver.repeated() == {}


def test_a_clone_without_a_past_is_known_and_a_whole_one_is_not_taken_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole, shallow = tmp_path / "whole", tmp_path / "shallow"
    whole.mkdir()
    monkeypatch.setattr(older, "ROOT", whole)
    assert "unpacked archive" in older.why_no_past()
    older.git("init", "--quiet")
    added = whole / older.MIGRATIONS / f"{older.newest()[-1]}.py"
    added.parent.mkdir(parents=True)
    for path in (added.with_name("0001_tables.py"), added):
        path.touch()
        older.git("add", ".")
        who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
        older.git(*who, "commit", "--quiet", "--no-gpg-sign", "--message=One step")
    assert older.why_no_past() == ""
    assert older.commit() == older.git("rev-parse", "HEAD~1")
    assert older.last_migration() == "0001_tables"
    older.git("clone", "--quiet", "--depth=1", whole.as_uri(), str(shallow))
    monkeypatch.setattr(older, "ROOT", shallow)
    assert older.is_shallow()
    assert "git fetch --unshallow" in older.why_no_past()
    assert older.last_migration() == older.newest()[-2]
