"""What receivers hear of besides results: in the transaction of the fact, and nothing where nobody asked."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from slider.flow import endpoints, intake, policies, steer
from slider.models import EventType, Item, Maker, Mode, Parcel, Policy
from slider.models.endpoint import WANTABLE
from tests import casts, stages

pytestmark = pytest.mark.django_db
URL = "https://receiver.example.org/hook"


staged = stages.of_module(lambda: casts.company(share=0.0, mode=Mode.TRIAL))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def listen(cast: casts.Company, *events: EventType) -> None:
    endpoints.make(cast.task, url=URL, events=events or WANTABLE)


def told(event: EventType) -> list[dict[str, Any]]:
    found = [json.loads(body or "") for body in Parcel.objects.filter(event=event).values_list("body", flat=True)]
    assert {one["type"] for one in found} <= {event.value}
    return [one["data"] for one in found]


def test_items_that_go_to_people_are_told_in_one_statement_a_batch(cast: casts.Company) -> None:
    listen(cast, EventType.WAITING)
    names = [f"m{n}" for n in range(30)]
    answers = {name: casts.says({"topic": "refund", "urgent": False, "reply": "Dear Mrs Robinson"}) for name in names}
    with CaptureQueriesContext(connection) as asked:
        casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})
    assert sum("INSERT INTO slider_parcel" in one["sql"] and "unnest" in one["sql"] for one in asked) <= 2
    items = dict(Item.objects.values_list("external_id", "pk"))
    assert told(EventType.WAITING) == [
        {"item": items[name], "external_id": name, "task": cast.task.slug, "why": "hard"} for name in names
    ]
    assert Parcel.objects.values("webhook_id").distinct().count() == 30
    assert "Robinson" not in "".join(body or "" for body in Parcel.objects.values_list("body", flat=True))


def test_what_is_audited_in_secret_is_not_told_as_waiting(cast: casts.Company) -> None:
    listen(cast, EventType.WAITING)
    casts.audited(cast.task, "a1")
    assert told(EventType.WAITING) == []


def test_two_receivers_hear_the_same_word_under_one_name(cast: casts.Company) -> None:
    listen(cast, EventType.WAITING)
    listen(cast, EventType.WAITING)
    casts.one(cast.task, "m1")
    first, second = Parcel.objects.all()
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)


def test_a_move_of_the_slider_is_told_and_a_policy_that_changes_nothing_is_not(cast: casts.Company) -> None:
    listen(cast)
    steer.apply(cast.task.pk, share=0.4, mode=Mode.TRIAL, reason="a quiet week", by=cast.tuner.pk)
    (data,) = told(EventType.MOVED)
    assert data == {
        "task": cast.task.slug, "policy": 2, "mode": "trial", "requested": 0.4, "allowed": None, "effective": 0.4,
        "held": False, "by": "person", "reason": "a quiet week",
    }  # fmt: skip
    policies.make(cast.task.pk, policies.Change(audit_chance=0.9), maker=Maker.GUARD, reason="denser audits")
    assert Policy.objects.count() == 3
    assert len(told(EventType.MOVED)) == 1


def test_a_pull_back_of_the_guard_is_told_apart_from_a_persons(cast: casts.Company) -> None:
    listen(cast)
    steer.pull_back(cast.task.pk, reason="two were wrong", by=cast.tuner.pk)
    assert (len(told(EventType.MOVED)), told(EventType.PULLED_BACK)) == (1, [])
    steer.release(cast.task.pk, reason="mended", by=cast.tuner.pk)
    policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason="7 of 20 audits were wrong")
    (data,) = told(EventType.PULLED_BACK)
    assert (data["by"], data["held"], data["reason"]) == ("guard", True, "7 of 20 audits were wrong")


def test_a_withdrawal_is_told(cast: casts.Company) -> None:
    listen(cast)
    (item,) = casts.bring_in(cast.task, {"w1": {"text": "a letter"}})
    intake.withdraw(item.pk, by=cast.admin.pk, reason="sent twice")
    assert told(EventType.WITHDRAWN) == [{"item": item.pk, "external_id": "w1", "task": cast.task.slug}]


def test_what_did_not_happen_is_not_told(cast: casts.Company) -> None:
    listen(cast)
    with transaction.atomic():
        steer.pull_back(cast.task.pk, reason="no", by=cast.tuner.pk)
        transaction.set_rollback(True)
    assert not Parcel.objects.exists()


def test_nobody_who_asked_means_nothing_written_and_no_statement_more(cast: casts.Company) -> None:
    endpoints.make(cast.task, url=URL, events=["item.corrected"])
    with CaptureQueriesContext(connection) as asked:
        casts.one(cast.task, "m1")
        steer.pull_back(cast.task.pk, reason="no", by=cast.tuner.pk)
    assert not Parcel.objects.exists()
    assert not any("slider_parcel (endpoint_id, event" in one["sql"] for one in asked)
