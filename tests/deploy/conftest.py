"""A company with a task that publishes, the site that serves it, and the stand-in model behind its workers."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client

from slider.flow import keys
from slider.models import Endpoint, Mode, Scope, Worker
from tests import casts
from tests.deploy.site import ROOT, Site
from tests.deploy.traffic import Receiver, receiving
from tests.standin import Model, _process, model

__all__ = ["_process", "cast", "model", "receiver", "site"]
BROKER_DATABASE = 8  # apart from what other tests use


def database_url(name: str = "") -> str:
    """The address of this test's database, or of another one on the same server."""
    given = os.environ.get("SLIDER_TEST_DATABASE_URL")
    if given and not name:
        return given
    parameters = connection.get_connection_params()
    host = str(parameters["host"]).replace("/", "%2F")
    secret = f":{parameters['password']}" if parameters.get("password") else ""
    port = f":{parameters['port']}" if parameters.get("port") else ""
    return f"postgres://{parameters['user']}{secret}@{host}{port}/{name or parameters['dbname']}"


def environment(model: Model, *, database: str = "") -> dict[str, str]:
    """The settings of every process of a site on this test's servers."""
    redis_url = settings.REDIS_URL.split("?")[0].rstrip("/")
    return os.environ | {
        "DATABASE_URL": database or database_url(),
        "REDIS_URL": f"{redis_url}?db={BROKER_DATABASE}",
        "SECRET_KEY": settings.SECRET_KEY,
        "OPENAI_BASE_URL": model.base_url,
        "SLIDER_WEBHOOK_HOSTS": "127.0.0.1",
        "SLIDER_LEASE_S": "5",
        "SLIDER_LINGER_S": "0.5",
        "PYTHONPATH": "",
    }


@pytest.fixture
def cast(receiver: Receiver) -> casts.Company:
    return company(receiver)


def company(receiver: Receiver) -> casts.Company:
    """One whose task lets everything finish unattended; results leave at once for the receiver."""
    made = casts.company(share=1.0, mode=Mode.TRIAL, undo_s=0)
    Worker.objects.update(model="standin-1", in_flight=32, samples=1)
    Endpoint.objects.create(task=made.task, url=receiver.url)
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def site(model: Model, tmp_path: Path) -> Iterator[Site]:
    with Site(ROOT, environment(model), tmp_path) as made:
        yield made


def key_of(cast: casts.Company) -> str:
    scopes = [Scope.INTAKE, Scope.READ]
    return keys.make(cast.project, name="crm", scopes=scopes, expires_at=None, by=cast.admin.pk).whole


def cookie_of(who: User) -> str:
    client = Client()
    client.force_login(who)
    return f"sessionid={client.cookies['sessionid'].value}"


def wait_until(true: Callable[[], Any], *, limit_s: float, what: Callable[[], object] | str) -> None:
    ends_at = time.monotonic() + limit_s
    while not true():
        said = what if isinstance(what, str) else what()
        assert time.monotonic() < ends_at, f"after {limit_s} s still not: {said}"
        time.sleep(0.05)


@contextmanager
def another_database() -> Iterator[None]:
    """The test's database is put aside and an empty one stands in its place until the end."""
    name = str(connection.settings_dict["NAME"])
    aside = f"{name}_aside"
    connections.close_all()
    with server() as session:
        session.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        session.execute(f'ALTER DATABASE "{name}" RENAME TO "{aside}"')
        session.execute(f'CREATE DATABASE "{name}"')
    try:
        yield
    finally:
        connections.close_all()
        with server() as session:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            session.execute(f'ALTER DATABASE "{aside}" RENAME TO "{name}"')


@contextmanager
def server() -> Iterator[psycopg.Connection]:
    """A session on this test's server, outside of its database."""
    with psycopg.connect(database_url("postgres"), autocommit=True) as session:
        yield session
