"""Web and fleet do all their work under a role that can change no table and edit no log: deploy/app-role.sql."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from slider.embedded import programs
from slider.flow import archive, claims, guard, handing, intake, keys, review, sign_ins
from slider.flow.review import Said
from slider.models import Entry, Item, Link, Mode, ReviewState, Scope, State, Verdict
from slider.queries import health
from tests import archives, casts, logs
from tests.deploy.site import ROOT
from tests.views import addresses

pytestmark = pytest.mark.django_db
ROLE = f"slider_app_{os.getpid()}"
FORBIDDEN = {
    "a table": "CREATE TABLE mine (id int)",
    "a table for a while": "CREATE TEMPORARY TABLE mine (id int)",
    "a column": "ALTER TABLE slider_item ADD COLUMN mine int",
    "a table away": "DROP TABLE slider_tally",
    "an index": "CREATE INDEX mine ON slider_item (id)",
    "a function": "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "another function under a trigger": "CREATE OR REPLACE FUNCTION slider_append_only() RETURNS trigger "
    "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "a trigger away": "DROP TRIGGER entry_append_only ON slider_entry",
    "triggers off": "ALTER TABLE slider_entry DISABLE TRIGGER ALL",
    "triggers off for itself": "SET session_replication_role = replica",
    "a schema": "CREATE SCHEMA mine",
    "a role": "CREATE ROLE mine",
    "itself the owner": "ALTER TABLE slider_entry OWNER TO CURRENT_USER",
    "itself a superuser": "ALTER ROLE CURRENT_USER SUPERUSER",
    "itself a maker of databases": "ALTER ROLE CURRENT_USER CREATEDB",
    "a program": "COPY slider_item TO PROGRAM 'cat'",
    "a file": "SELECT pg_read_file('/etc/passwd')",
    "the log edited": "UPDATE slider_entry SET facts = '{}'",
    "the log shortened": "DELETE FROM slider_entry",
    "the chain edited": "UPDATE slider_link SET number = number + 1",
    "the chain shortened": "DELETE FROM slider_link",
    "the log emptied": "TRUNCATE slider_entry, slider_link",
    "items emptied": "TRUNCATE slider_item CASCADE",
    "the guard's acts edited": "UPDATE slider_act SET id = id",
    "migrations": "INSERT INTO django_migrations (app, name, applied) VALUES ('slider', '9999_mine', now())",
}


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def given(role: str) -> None:
    """Run the file as docs/security.md says, with PostgreSQL's own program."""
    at = connection.get_connection_params()
    place = [f"--host={at['host']}", f"--username={at['user']}", f"--dbname={at['dbname']}", "--no-psqlrc", "--quiet"]
    told = [f"--set=role={role}", "--set=ON_ERROR_STOP=1", f"--file={ROOT / 'deploy' / 'app-role.sql'}"]
    psql = programs.postgres_programs() / "psql"
    done = subprocess.run([psql, *place, *told], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def role(django_db_setup: None, django_db_blocker: object) -> Iterator[str]:
    """The role, made as an operator makes it; taken away in the end, with its rights."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # its type is private to the plugin
        sql(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS")
        given(ROLE)
        given(ROLE)  # it may be run any number of times
    yield ROLE
    with django_db_blocker.unblock():  # type: ignore[attr-defined]  # as above
        sql(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


@contextmanager
def under(role: str) -> Iterator[None]:
    """What comes is done by that role; the test's own transaction takes it back."""
    sql(f"SET ROLE {role}")
    try:
        yield
    finally:
        sql("RESET ROLE")


def test_the_role_can_do_all_that_the_product_does(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with under(role):
        stage = addresses.stage()
        there = addresses.existing(stage)
        logs.link_now()  # each entry takes its place in the chain at once, and not at a commit that never comes
        look = casts.take(stage.colleague, stage.task)
        decided = review.decide(look.pk, user_id=stage.colleague.pk, token=look.token, said=Said(Verdict.ACCEPT))
        assert decided.state == ReviewState.DECIDED
        intake.withdraw(casts.one(stage.task, "w1", casts.fails()).pk, by=stage.admin.pk, reason="sent twice")
        guard.tend(stage.task.pk)
        claims.run_out()
        claims.free_reviews()
        handing.free_from_leavers()
        assert keys.make(stage.project, name="x", scopes=[Scope.READ], expires_at=None, by=stage.admin.pk).whole
        client = Client()
        told = {"username": "tuner", "password": casts.PASSWORD}
        assert client.post("/login", told).status_code == 302
        moved = {"percent": "0", "mode": Mode.TRIAL.value, "reason": "a quiet week", "expected": "1"}
        assert client.post(f"/tasks/{stage.task.pk}/pull-back", {"reason": "seen"} | moved).status_code == 302
        assert client.post("/logout").status_code == 302
        assert health.readiness().migrations == "ok"
        assert sign_ins.BEGAN
        admin = addresses.visitor("superuser", stage)
        for _, route in addresses.routes():
            assert admin.get(addresses.filled(route, there)).status_code < 500, route
    assert Entry.objects.count() == Link.objects.count() > 20


def test_the_role_archives_and_brings_back(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cast = archives.company(monkeypatch)
    right = {"topic": "refund", "urgent": False}
    casts.one(cast.task, "m1", casts.says(right, others=[right, {"topic": "other", "urgent": True}]))
    cast.task.reviews.all().delete()
    archives.grow_old(cast.task)
    item = Item.objects.get(external_id="m1")
    assert item.state == State.DONE
    with under(role):
        assert archive.sweep(limit_s=5) == 1
        assert archive.bring_back([item.pk]) == 1


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_role_can_not_make_or_change(role: str, what: str) -> None:
    casts.company()
    logs.link_now()
    with under(role), pytest.raises(DatabaseError) as refused, transaction.atomic():
        sql(FORBIDDEN[what])
    words = str(refused.value)
    assert any(
        one in words for one in ("permission denied", "must be owner", "must be superuser", "must be able to")
    ), words


def test_the_owner_could(role: str) -> None:
    """The control: what is refused is refused by the rights, and not by a mistake in the statement."""
    casts.company()
    logs.link_now()
    for what in ("a table", "a column", "an index", "a function", "triggers off", "triggers off for itself"):
        with transaction.atomic():
            sql(FORBIDDEN[what])
            transaction.set_rollback(True)
