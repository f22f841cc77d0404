"""One real PostgreSQL and one real Redis for the whole test run, named before Django reads its settings."""

import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.db import OperationalError, connection
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from slider import embedded
from tests import tables as shared
from tests.tables import Tables

# Worker processes of pytest-xdist inherit the controller's environment: whoever finds no folder made it.
FOLDER = "SLIDER_TEST_FOLDER"

# A busy machine is no counterexample.
hypothesis.settings.register_profile("slider", deadline=None)
hypothesis.settings.load_profile("slider")
PURE = tuple(Path(__file__).parent / name for name in ("engine", "rows", "templatetags"))
IS_CONTROLLER = FOLDER not in os.environ
_running = ExitStack()


def name_the_environment() -> None:
    """Set what Django's settings will read; a DATABASE_URL or REDIS_URL from outside replaces that server."""
    if IS_CONTROLLER:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="slider-test-")
        own = embedded.addresses(Path(os.environ[FOLDER]))
        os.environ["SLIDER_OWN_POSTGRES"] = "" if os.environ.get("DATABASE_URL") else "yes"
        os.environ["SLIDER_OWN_REDIS"] = "" if os.environ.get("REDIS_URL") else "yes"
        os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or own.database_url
        os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or own.redis_url
        os.environ["SLIDER_THROWAWAY_DATABASE"] = "true"  # fsync is off, and that is meant
    os.environ["SLIDER_STATE_DIR"] = os.environ[FOLDER]
    os.environ["SECRET_KEY"] = "for tests only " + secrets.token_urlsafe(48)
    # Test runs and the processes that they start share the cores: none needs a thread of numpy's for each.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    # A busy machine may leave a process idle in a transaction for longer than a real worker's may be.
    os.environ["SLIDER_DB_IDLE_MS"] = "10000"
    # No test may reach a real model: port 9 of this machine answers nobody.
    os.environ["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"
    os.environ["OPENAI_API_KEY"] = "no-key-in-tests"
    # A second stand-in may be a worker's own endpoint.
    os.environ["SLIDER_MODEL_HOSTS"] = "127.0.0.1"
    # Playwright's synchronous interface runs an event loop in the thread that also uses the ORM.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    os.environ["DJANGO_SETTINGS_MODULE"] = "slider.settings"


# While conftest files are read, and not in a hook: those of deeper folders may import models.
name_the_environment()
django.setup()
# A test's own transaction is open as long as the test; the last word counts.
settings.DATABASES["default"]["OPTIONS"]["options"] += " -c idle_in_transaction_session_timeout=50000"
# A slow hash is right for real passwords and costs minutes where each test makes seven people.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# Each test client builds the site anew, and looks for its two hundred static files: they are the same for all.
_look: Any = WhiteNoiseMiddleware.add_files_from_finders
_seen: dict[str, Any] = {}


def _look_once(self: Any) -> None:
    if not _seen:
        _look(self)
        _seen.update(self.files)
    self.files.update(_seen)


WhiteNoiseMiddleware.add_files_from_finders = _look_once


# Nobody may empty the log: what tests leave behind is thrown away past the trigger that says so. A hundred tables that
# hold a few rows are emptied ten times as fast by DELETE as by TRUNCATE, which makes anew each of their files. Django's
# own lists of models and rights stay, and need not be made again after each test.
EMPTIED = """
DO $$ DECLARE
    named CONSTANT text[] := ARRAY[{names}];
    one text;
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE 'LOCK TABLE ' || array_to_string(named, ', ');  -- whoever is left over from the test ends first
    IF (SELECT sum(pg_relation_size(name::regclass)) FROM unnest(named) AS name) > 32 * 1024 * 1024 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(named, ', ');
    ELSE
        FOREACH one IN ARRAY named LOOP EXECUTE 'DELETE FROM ' || one; END LOOP;
    END IF;
END $$
"""
KEPT = ("django_content_type", "auth_permission")


def _flush(self: Any, style: Any, tables: Sequence[str], **_more: Any) -> list[str]:
    names = ", ".join(f"'{self.quote_name(name)}'" for name in tables if name not in KEPT)
    return [EMPTIED.format(names=names)]


_empty: Any = type(connection.ops).execute_sql_flush


def _empty_again(self: Any, sql_list: Iterable[str]) -> None:
    """Of two that wait for each other PostgreSQL ends one: a page's last request was not over, and is by now."""
    try:
        _empty(self, sql_list)
    except OperationalError:
        _empty(self, sql_list)


type(connection.ops).sql_flush = _flush  # type: ignore[method-assign]
type(connection.ops).execute_sql_flush = _empty_again  # type: ignore[method-assign]
flush.emit_post_migrate_signal = lambda *_given, **_more: None  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs beside real servers, processes and clocks is asked once more when it fails.

    A busy machine may be late for what a person or a program would wait for. The summary names it (`-raR`: RERUN), so
    that a test which needs it again is seen and mended. Pure functions have no such excuse.
    """
    for item in items:
        if not any(folder in item.path.parents for folder in PURE):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_sessionstart(session: pytest.Session) -> None:
    """What a test process says of reruns goes out at once: each word waited 40 ms for the receipt of the last."""
    told = getattr(getattr(session.config, "failures_db", None), "sock", None)
    if not IS_CONTROLLER and isinstance(told, socket.socket):
        told.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def pytest_configure() -> None:
    if not IS_CONTROLLER:
        return
    folder = Path(os.environ[FOLDER])
    _running.callback(shutil.rmtree, folder, ignore_errors=True)
    (folder / "static").mkdir()  # whitenoise warns where nothing was collected
    _running.enter_context(
        embedded.servers(
            folder,
            durable=False,
            database_url="" if os.environ["SLIDER_OWN_POSTGRES"] else os.environ["DATABASE_URL"],
            redis_url="" if os.environ["SLIDER_OWN_REDIS"] else os.environ["REDIS_URL"],
        )
    )


def pytest_unconfigure() -> None:
    if IS_CONTROLLER and not os.environ["SLIDER_OWN_POSTGRES"]:
        shared.forget(Path(os.environ[FOLDER]))
    _running.close()


@pytest.fixture(scope="session")
def state_folder() -> Path:
    """The state folder of this test run."""
    return Path(os.environ[FOLDER])


@pytest.fixture(scope="session")
def tables() -> Iterator[Tables]:
    """The right to make the tables of this run, one test process at a time."""
    folder = Path(os.environ[FOLDER])
    with (folder / "tables").open("a") as file:
        yield Tables(folder, file)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, tables: Tables) -> None:
    """The first of several test processes applies every migration; the others take a copy of what came of it."""
    if tables.are_made() or tables.recall():
        connection.settings_dict["TEST"]["TEMPLATE"] = tables.name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker, tables: Tables) -> Iterator[None]:
    """The test database as always; before it is dropped, nobody new is let in and whoever is still there is shown out.

    A page that a browser test left may be in the middle of a request when the run ends.
    """
    with django_db_blocker.unblock():
        tables.keep()
    yield
    name = str(connection.settings_dict["NAME"])
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {connection.ops.quote_name(name)} WITH ALLOW_CONNECTIONS false")
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
