"""Keys: each lets in what it may do in its own project, and every other text nothing at all."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from limits import RateLimitItemPerMinute

from slider.api import keys as api_keys
from slider.flow import keys
from slider.models import ApiKey, Item, Scope
from tests import casts
from tests.api.conftest import Program, error

BODY = {"input": {"text": "a"}}


@pytest.mark.parametrize(
    "end", ["revoked", "expired", "truncated", "longer", "prefix only", "none", "NUL", "other scheme"]
)
def test_a_key_that_does_not_hold_lets_nobody_in(program: Program, make_key: Callable[..., str], end: str) -> None:
    whole = make_key(expires_at=timezone.now() - timedelta(seconds=1)) if end == "expired" else program.key
    if end == "revoked":
        keys.revoke(ApiKey.objects.get())
    header = {
        "truncated": f"Bearer {whole[:-1]}",
        "longer": f"Bearer {whole}x",
        "prefix only": f"Bearer {whole[:12]}",
        "none": "",
        "NUL": f"Bearer {whole}\x00",
        "other scheme": f"Basic {whole}",
    }.get(end, f"Bearer {whole}")
    answer = Client().get(f"/api/v1/tasks/{program.slug}", headers={"Authorization": header})
    assert (answer.status_code, error(answer)["code"]) == (401, "unauthorised")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_with_one_scope_may_not_use_the_other(cast: casts.Company, make_key: Callable[..., str]) -> None:
    reads, pushes = Program(make_key(Scope.READ), cast.task.slug), Program(make_key(Scope.INTAKE), cast.task.slug)
    assert reads.get(f"/tasks/{cast.task.slug}").status_code == 200
    assert pushes.post(BODY).status_code == 201
    refused = reads.post(BODY), pushes.get(f"/tasks/{cast.task.slug}")
    assert [(answer.status_code, error(answer)["code"]) for answer in refused] == [(403, "scope"), (403, "scope")]
    assert Item.objects.count() == 1


def test_a_key_outlives_a_change_of_the_secret_key_as_long_as_the_old_one_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [settings.SECRET_KEY])
    monkeypatch.setattr(settings, "SECRET_KEY", "the next secret key, of fifty characters and some more")
    assert program.get(f"/tasks/{program.slug}").status_code == 200
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [])
    assert program.get(f"/tasks/{program.slug}").status_code == 401


def test_a_session_is_no_key(cast: casts.Company) -> None:
    client = Client()
    client.force_login(cast.admin)
    assert client.get(f"/api/v1/tasks/{cast.task.slug}").status_code == 401


def test_another_projects_things_do_not_exist(program: Program) -> None:
    other = casts.company(prefix="b ")
    (item,) = casts.bring_in(other.task, {"x": {"text": "a"}})
    type(other.task).objects.filter(pk=other.task.pk).update(slug="theirs")
    answers = [
        program.post(BODY, task="theirs"),
        program.post(BODY, task="nowhere"),
        program.get("/tasks/theirs"),
        program.get("/tasks/theirs/items"),
        program.get("/tasks/theirs/results"),
        program.get(f"/items/{item.pk}"),
        program.get("/items/9223372036854775807"),
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({error(answer)["message"] for answer in answers}) == 1
    assert Item.objects.count() == 1


def test_reading_writes_nothing_and_pushing_notes_the_use_once_a_minute(program: Program) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        program.get(f"/tasks/{program.slug}")
    assert all(query["sql"].lstrip().startswith("SELECT") for query in captured)
    assert ApiKey.objects.get().last_used_at is None
    program.post(BODY)
    first = ApiKey.objects.get().last_used_at
    program.post(BODY)
    assert first is not None
    assert ApiKey.objects.get().last_used_at == first


def test_too_many_calls_are_answered_429_with_the_wait(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_keys, "RATE", RateLimitItemPerMinute(2, namespace="api-test"))
    assert [program.post(BODY).status_code for _ in range(2)] == [201, 201]
    answer = program.post(BODY)
    assert (answer.status_code, error(answer)["code"]) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60


def test_without_redis_intake_goes_on(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:9/0")
    assert [program.post(BODY).status_code for _ in range(3)] == [201] * 3
    assert api_keys._blind_until > 0
