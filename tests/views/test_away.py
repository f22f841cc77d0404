"""A page without its database says so, and when to come back."""

from inspect import isfunction
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client

from slider.queries import home
from slider.views.away import AwayMiddleware
from tests import casts

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "piece"])
def test_a_lost_database_is_503_with_a_time_to_come_back(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    cast = casts.company()
    client = Client(raise_request_exception=False)
    client.force_login(cast.admin)

    def gone(*_: Any, **__: Any) -> Any:
        raise OperationalError("the connection is lost")

    for name, held in list(vars(home).items()):
        if isfunction(held) and held.__module__ == home.__name__:
            monkeypatch.setattr(home, name, gone)
    answer = client.get("/", headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert "The database does not answer" in answer.content.decode()
    assert "lost" not in answer.content.decode()


def test_another_error_is_none_of_its_business() -> None:
    middleware = AwayMiddleware(lambda _: HttpResponse())
    assert middleware.process_exception(HttpRequest(), ValueError("x")) is None
