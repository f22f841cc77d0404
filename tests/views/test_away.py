"""A page without its database says so, and when to come back."""

import time
from inspect import isfunction
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client

from slider.flow import keys
from slider.models import Scope
from slider.queries import home, results
from slider.views.away import AwayMiddleware
from tests import casts

pytestmark = pytest.mark.django_db


def lost(*_: Any, **__: Any) -> Any:
    raise OperationalError("the connection is lost")


def frozen(*_: Any, **__: Any) -> Any:
    """As long as PostgreSQL lets a transaction idle, and longer."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 50")
        time.sleep(0.5)
        cursor.execute("SELECT 'lost'")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("gone", [lost, frozen])
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "piece"])
def test_a_lost_database_is_503_with_a_time_to_come_back(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], gone: Any
) -> None:
    cast = casts.company()
    client = Client(raise_request_exception=False)
    client.force_login(cast.admin)

    for name, held in list(vars(home).items()):
        if isfunction(held) and held.__module__ == home.__name__:
            monkeypatch.setattr(home, name, gone)
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert "The database does not answer" in answer.content.decode()
    assert "lost" not in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("gone", [lost, frozen])
def test_a_call_of_the_api_says_so_too(monkeypatch: pytest.MonkeyPatch, gone: Any) -> None:
    cast = casts.company()
    made = keys.make(cast.project, name="a program", scopes=[Scope.READ], expires_at=None, by=cast.admin.pk)
    monkeypatch.setattr(results, "published", gone)
    answer = Client(raise_request_exception=False).get(
        f"/api/v1/tasks/{cast.task.slug}/results", headers={"Authorization": f"Bearer {made.whole}"}
    )
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "3", "unavailable")


def test_another_error_is_none_of_its_business() -> None:
    middleware = AwayMiddleware(lambda _: HttpResponse())
    assert middleware.process_exception(HttpRequest(), ValueError("x")) is None
