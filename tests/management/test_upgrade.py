"""The two halves of an upgrade: what waits for whom, locks that others hold, builds that were cut off, two at once."""

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader

from slider.management.upgrade import applying
from slider.queries import health, upgrade

pytestmark = pytest.mark.django_db(transaction=True)
NEWEST = max(name for app, name in (MigrationLoader(None).disk_migrations or {}) if app == "slider")


def migration(name: str, *operations: object, on: str, when: str = "before", atomic: bool = True) -> Migration:
    said = {"when": when, "atomic": atomic, "operations": operations, "dependencies": [("slider", on)]}
    made: type[Migration] = type("Migration", (Migration,), said)
    return made(name, "slider")


@pytest.fixture
def more(monkeypatch: pytest.MonkeyPatch) -> Iterator["list[Migration]"]:
    """Migrations beyond those of the product; what they do is taken back."""
    added: list[Migration] = []
    real = MigrationLoader.load_disk

    def load_disk(self: MigrationLoader) -> None:
        real(self)
        self.disk_migrations |= {upgrade.key(one): one for one in added}

    monkeypatch.setattr(MigrationLoader, "load_disk", load_disk)
    health._wanted.cache_clear()
    yield added
    health._wanted.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE slider_task DROP COLUMN IF EXISTS colour")
        cursor.execute("DROP INDEX IF EXISTS task_by_created_at, task_by_name")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'slider' AND name LIKE '9%'")


def colour(name: str = "9001_colour", on: str = NEWEST, **more: object) -> Migration:
    return migration(
        name,
        migrations.AddField("task", "colour", models.CharField(max_length=9, db_default="")),
        on=on,
        **more,  # type: ignore[arg-type]
    )


def colourless(name: str = "9002_colourless", on: str = "9001_colour") -> Migration:
    return migration(name, migrations.RemoveField("task", "colour"), on=on, when="after")


def run(when: str, **options: object) -> str:
    out = io.StringIO()
    call_command("upgrade", when, stdout=out, **options)
    return out.getvalue()


def in_vain(when: str) -> None:
    with pytest.raises(CommandError, match="could not get its locks"):
        run(when, wait=2.5)


def columns() -> set[str]:
    with connection.cursor() as cursor:
        return {column.name for column in connection.introspection.get_table_description(cursor, "slider_task")}


@contextmanager
def somebody_who(*statements: str) -> Iterator[psycopg.Connection]:
    """Another session with these statements in an open transaction."""
    parameters = {
        k: v
        for k, v in connection.get_connection_params().items()
        if k in ("host", "user", "dbname", "port", "password")
    }
    with psycopg.connect(**parameters) as other:
        for statement in statements:
            other.execute(statement)
        yield other
        other.rollback()


def test_with_nothing_waiting_nothing_happens() -> None:
    for when in ("before", "after", "both"):
        assert run(when) == "Nothing to apply.\n"


def test_each_half_applies_its_own_and_nothing_else(more: list[Migration]) -> None:
    more += [colour(), colourless()]
    assert run("before") == (
        "To apply: slider.9001_colour.\nApplied slider.9001_colour.\n"
        "1 wait until no older code runs: then `python manage.py upgrade after`.\n"
    )
    assert "colour" in columns()
    assert run("before").startswith("Nothing to apply.")
    assert run("after") == "To apply: slider.9002_colourless.\nApplied slider.9002_colourless.\n"
    assert "colour" not in columns()


def test_the_new_code_is_ready_between_the_halves_and_not_before_the_first(more: list[Migration]) -> None:
    more += [colour(), colourless()]
    assert (health.readiness().ok, health.readiness().migrations) == (False, "waiting")
    run("before")
    assert (health.readiness().ok, health.readiness().migrations) == (True, "ok")


def test_a_plan_changes_nothing(more: list[Migration]) -> None:
    more += [colour(), colourless()]
    assert run("before", plan=True) == "To apply: slider.9001_colour.\n"
    assert run("both", plan=True) == "To apply: slider.9001_colour, slider.9002_colourless.\n"
    assert "colour" not in columns()


def test_both_halves_at_once_where_nothing_runs(more: list[Migration]) -> None:
    more += [colour(), colourless()]
    assert "Applied slider.9001_colour, slider.9002_colourless." in run("both")
    assert upgrade.waiting().plan == ()


def test_the_second_half_refuses_to_come_first(more: list[Migration]) -> None:
    more += [colour(), colourless()]
    with pytest.raises(CommandError, match=r"9001_colour waits.*run `upgrade before` first"):
        run("after")
    assert "colour" not in columns()


def test_a_release_that_was_never_ended_is_not_built_upon(more: list[Migration]) -> None:
    more += [colour(), colourless()]
    run("before")
    more.append(colour("9003_again", on="9002_colourless"))
    for when in ("before", "after"):
        with pytest.raises(CommandError, match=r"9003_again builds on slider\.9002_colourless.*`upgrade both`"):
            run(when)
    assert "colour" in columns()
    run("both")
    assert upgrade.waiting().plan == ()


def test_a_lock_that_somebody_holds_holds_up_nobody_else_and_is_tried_again(more: list[Migration]) -> None:
    more.append(colour())
    said: list[str] = []
    with somebody_who("SELECT 1 FROM slider_task") as other:  # a long export would do

        def told(words: str) -> None:
            said.append(words)
            other.rollback()  # it is over once the upgrade has met it, however slow this machine is

        with applying.alone(limit_s=1):
            applying.apply(more, limit_s=30, say=told)
    assert said == [
        "slider.9001_colour met a lock that somebody holds; again in 0.5 s.",
        "Applied slider.9001_colour.",
    ]
    assert "colour" in columns()


def test_a_page_waits_no_longer_than_one_try_while_a_lock_is_held(more: list[Migration]) -> None:
    more.append(colour())
    with somebody_who("SELECT 1 FROM slider_task"):
        upgrading = threading.Thread(target=in_vain, args=["before"])
        upgrading.start()
        slowest = 0.0
        while upgrading.is_alive():
            asked = time.monotonic()
            with somebody_who("SELECT count(*) FROM slider_task"):
                slowest = max(slowest, time.monotonic() - asked)
        upgrading.join()
    assert slowest < applying.LOCK_MS / 1000 + 0.7
    assert "colour" not in columns()


def test_it_gives_up_with_words_and_leaves_nothing(more: list[Migration]) -> None:
    more.append(colour())
    with somebody_who("SELECT 1 FROM slider_task"), pytest.raises(CommandError, match=r"long transaction"):
        run("before", wait=1)
    assert "colour" not in columns()
    run("before")
    assert "colour" in columns()


def test_two_at_once_follow_one_on_the_other(more: list[Migration]) -> None:
    more.append(colour())
    with somebody_who(f"SELECT pg_advisory_lock({applying._ALONE}, 0)"), pytest.raises(CommandError, match="Another"):
        run("before", wait=0.3)
    assert "colour" not in columns()
    said: list[str] = []
    both = [threading.Thread(target=lambda: said.append(run("before"))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(text.splitlines()[0] for text in said) == ["Nothing to apply.", "To apply: slider.9001_colour."]


def test_concurrent_builds_that_were_cut_off_are_cleared_and_built(more: list[Migration]) -> None:
    """The second was half built; the first was done, but what is done in part is not written down as applied."""
    indexes = [models.Index(fields=[name], name=f"task_by_{name}") for name in ("created_at", "name")]
    more.append(migration("9001_two", *(AddIndexConcurrently("task", one) for one in indexes), on=NEWEST, atomic=False))
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX task_by_created_at ON slider_task (created_at)")
        cursor.execute("CREATE INDEX task_by_name ON slider_task (name)")
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'task_by_name'::regclass")
    run("before")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON oid = indexrelid "
            "WHERE relname LIKE 'task_by_%' ORDER BY 1"
        )
        assert cursor.fetchall() == [("task_by_created_at", True), ("task_by_name", True)]


def test_what_takes_long_is_not_cut_off_and_the_limits_are_back_afterwards(more: list[Migration]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 200")
    more.append(migration("9001_slow", migrations.RunSQL("SELECT pg_sleep(0.5)", ""), on=NEWEST))
    run("before")
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("15s",)
