"""Idempotency-Key: a call is made once under each, its answer is told again, and another call is refused."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction

from slider.flow import repeats
from slider.models import Answered, ApiKey, Item, Policy
from tests import casts
from tests.api.conftest import Caller, error

NEW = {"input": {"text": "a"}}


@pytest.fixture
def cast(db: None) -> casts.Company:
    """Committed, where a test is about several connections."""
    return casts.company()


def test_a_call_that_is_sent_again_is_made_once_and_answered_alike(
    cast: casts.Company, acts_for: Callable[..., Caller]
) -> None:
    caller, path = acts_for(cast.admin), f"/tasks/{cast.task.slug}/items"
    first = caller("POST", path, NEW, Idempotency_Key="a-1")
    again = caller("POST", path, NEW, Idempotency_Key="a-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert ("Idempotency-Replayed" in first.headers, again.headers["Idempotency-Replayed"]) == (False, "true")
    assert Item.objects.count() == 1
    assert caller("POST", path, NEW, Idempotency_Key="a-2").json() != first.json()
    assert caller("POST", path, NEW).json() != first.json()
    assert Item.objects.count() == 3


@pytest.mark.parametrize("other", ["body", "address"])
def test_the_name_of_one_call_is_no_name_for_another(
    cast: casts.Company, acts_for: Callable[..., Caller], other: str
) -> None:
    caller, path = acts_for(cast.admin), f"/tasks/{cast.task.slug}/items"
    caller("POST", path, NEW, Idempotency_Key="a")
    second = {
        "body": (path, {"input": {"text": "b"}}),
        "address": (path + "?atomic=1", NEW),
    }[other]
    answer = caller("POST", *second, Idempotency_Key="a")
    assert (answer.status_code, error(answer)["code"]) == (422, "idempotency_key_reused")
    assert Item.objects.count() == 1


def test_each_key_has_its_own_names(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    path = f"/tasks/{cast.task.slug}/items"
    for person in (cast.admin, cast.tuner):
        assert acts_for(person)("POST", path, NEW, Idempotency_Key="a").status_code == 201
    assert Item.objects.count() == 2


def test_what_was_refused_is_tried_anew(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    caller, path = acts_for(cast.admin), f"/tasks/{cast.task.slug}/slider/release"
    refused = caller("POST", path, {"reason": " "}, Idempotency_Key="a")
    assert refused.status_code == 422
    assert not Answered.objects.exists()
    assert caller("POST", path, {"reason": "mended"}, Idempotency_Key="a").status_code == 200


@pytest.mark.parametrize("name", ["", "x" * 256, "with space", "caf\u00e9"])
def test_a_name_that_is_none_is_refused(cast: casts.Company, acts_for: Callable[..., Caller], name: str) -> None:
    answer = acts_for(cast.admin)("POST", f"/tasks/{cast.task.slug}/items", NEW, Idempotency_Key=name)
    assert (answer.status_code, error(answer)["code"]) == (400, "idempotency_key")
    assert Item.objects.count() == 0


def test_a_new_key_is_shown_once_and_kept_nowhere(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    caller, wanted = acts_for(cast.admin), {"name": "crm", "scopes": ["read"]}
    first = caller("POST", "/keys", wanted, Idempotency_Key="k").json()
    again = caller("POST", "/keys", wanted, Idempotency_Key="k").json()
    assert first["key"].startswith("sl_")
    assert again == first | {"key": None}
    assert first["key"] not in Answered.objects.get().body
    assert ApiKey.objects.count() == 2
    assert Caller(first["key"])("GET", "/me").json()["scopes"] == ["read"]


def test_after_a_day_the_name_is_free(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    caller, path = acts_for(cast.admin), f"/tasks/{cast.task.slug}/items"
    caller("POST", path, NEW, Idempotency_Key="a")
    with connections["default"].cursor() as cursor:
        cursor.execute("UPDATE slider_answered SET created_at = created_at - interval '25 hours'")
    assert "Idempotency-Replayed" not in caller("POST", path, NEW, Idempotency_Key="a").headers
    assert (Item.objects.count(), Answered.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_the_same_call_twice_at_once_is_made_once(cast: casts.Company, acts_for: Callable[..., Caller]) -> None:
    caller = acts_for(cast.admin)
    said = {"share": 0.5, "reason": "one move"}
    seen: list[Any] = []
    gate = threading.Barrier(4)

    def move() -> None:
        try:
            gate.wait(10)
            seen.append(caller("POST", f"/tasks/{cast.task.slug}/slider", said, Idempotency_Key="m").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=move) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) <= {200, 409}
    assert 200 in seen
    assert Policy.objects.filter(task=cast.task, requested=0.5).count() == 1


def test_the_lock_lasts_only_inside_a_transaction(db: None) -> None:
    call = repeats.Call(1, "a", b"")
    with transaction.atomic():
        assert repeats.begin(call) is None
