"""The system checks: each refuses a setting that would lose items or leak secrets, and says what to do."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from slider import checks

ROOT = Path(__file__).parents[1]
SAFE: dict[str, Any] = {
    "ALLOWED_HOSTS": ["slider.example.org"],
    "SECRET_KEY": "x" * 64,
    "DEBUG": False,
    "SLIDER_HTTPS": True,
}


def found(settings: Settings, **changed: Any) -> list[str]:
    env = settings.ENV
    settings.ENV = type(env).model_construct(**(env.model_dump() | SAFE | changed))
    messages = [*checks.real_hosts_are_safe(), *checks.a_pull_back_is_bounded()]
    assert all(message.hint for message in messages)
    return [str(message.id) for message in messages]


def test_a_safe_site_passes(settings: Settings) -> None:
    assert found(settings) == []


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"DEBUG": True}, "slider.E001"),
        ({"SECRET_KEY": ""}, "slider.E002"),
        ({"ALLOWED_HOSTS": ["*"]}, "slider.E003"),
        ({"SLIDER_HTTPS": False}, "slider.E004"),
        ({"SLIDER_DB_IDLE_MS": 0}, "slider.E005"),
    ],
)
def test_an_unsafe_site_is_refused(settings: Settings, changed: dict[str, Any], check: str) -> None:
    assert found(settings, **changed) == [check]


def test_a_site_of_this_machine_alone_may_be_lax(settings: Settings) -> None:
    assert found(settings, ALLOWED_HOSTS=["localhost"], DEBUG=True, SECRET_KEY="", SLIDER_HTTPS=False) == []


@pytest.mark.django_db
def test_a_database_that_may_forget_what_it_confirmed_is_refused(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_THROWAWAY_DATABASE": False})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    refused = {message.msg for message in checks.postgresql_keeps_what_it_confirms(databases=["default"])}
    assert any("synchronous_commit is off" in message for message in refused)
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_THROWAWAY_DATABASE": True})
    assert checks.postgresql_keeps_what_it_confirms(databases=["default"]) == []


@pytest.mark.django_db
def test_an_unsafe_server_does_not_start_and_says_why(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_THROWAWAY_DATABASE": False})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
    with pytest.raises(SystemExit, match=r"(?s)does not start.*synchronous_commit is off.*HINT"):
        checks.refuse_unsafe_start()


@pytest.mark.django_db
def test_a_safe_server_starts() -> None:
    checks.refuse_unsafe_start()


def test_a_worker_looks_at_all_but_the_pages_and_never_reads_them() -> None:
    """What it need not hold it does not: each process of a worker would have fifty megabytes more."""
    program = (
        "from slider.celery import app; app.loader.import_default_modules()\n"
        "from celery.signals import worker_init; worker_init.send(sender=None)\n"
        "import sys; print([name for name in ('slider.api', 'fido2', 'pyarrow') if name in sys.modules])"
    )

    def run(**more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", program]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ | more)

    assert run().stdout == "[]\n"
    unsafe = run(SLIDER_DB_IDLE_MS="0")
    assert unsafe.returncode != 0
    assert "slider.E005" in unsafe.stderr
