"""Webhooks by the API: endpoints, secrets shown once, tests, deliveries, and sending again after a dry run."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from django.conf import settings

from slider.api import shapes_webhooks
from slider.environment import Environment
from slider.flow import publish
from slider.models import Delivery, Endpoint, EventType, Mode, Operation, Parcel, Project, Role
from slider.models.endpoint import WANTABLE
from slider.models.replayable import Which
from slider.queries import receivers as queries
from tests import casts, receivers, stages
from tests.api.conftest import Caller, error
from tests.receivers import Receiver

pytestmark = pytest.mark.django_db
URL = "https://hooks.example.org/a"


staged = stages.of_module(lambda: casts.company(share=1.0, mode=Mode.TRIAL))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.admin)


@pytest.fixture
def operator(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(casts.person("operator", role=Role.OPERATOR, of=cast.project))


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(settings, "ENV", Environment(SLIDER_WEBHOOK_HOSTS=["127.0.0.1"]))
    made = Receiver()
    yield made
    made.close()


def path(cast: casts.Company, *more: object) -> str:
    return "/".join(["/tasks", cast.task.slug, "webhooks", *map(str, more)])


def made(admin: Caller, cast: casts.Company, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = admin("POST", path(cast), {"url": URL} | more).json()
    return found


def test_an_endpoint_is_made_its_secret_shown_once_and_replaced(cast: casts.Company, admin: Caller) -> None:
    first = made(admin, cast, description="our CRM", events=["item.corrected", "slider.moved"])
    assert first["secret"].startswith("whsec_")
    assert (first["on"], first["events"], first["due"], first["dead"]) == (
        True,
        ["item.corrected", "slider.moved"],
        0,
        0,
    )
    one = path(cast, first["id"])
    for answer in (admin("GET", one).json(), admin("GET", path(cast)).json()["webhooks"][0]):
        assert "secret" not in answer
        assert answer["description"] == "our CRM"
    renewed = admin("POST", f"{one}/secret", {"overlap_h": 2}).json()
    endpoint = Endpoint.objects.get()
    assert renewed["secret"] == receivers.secret(endpoint) != first["secret"]
    until = datetime.fromisoformat(renewed["old_secret_until"]) - datetime.now(UTC)
    assert timedelta(hours=1.9) < until <= timedelta(hours=2)
    own = "whsec_" + "QUJD" * 8
    assert admin("POST", f"{one}/secret", {"secret": own, "overlap_h": 0}).json()["secret"] is None
    assert admin("GET", one).json()["old_secret_until"] is None
    assert admin("DELETE", one).status_code == 204
    assert admin("GET", one).status_code == 404
    assert admin("GET", path(cast)).json() == {"webhooks": []}


def test_a_secret_is_not_told_again_under_the_name_of_its_call(cast: casts.Company, admin: Caller) -> None:
    first, again = (admin("POST", path(cast), {"url": URL}, Idempotency_Key="one") for _ in range(2))
    assert first.json()["secret"]
    assert (again.json()["secret"], again.json()["id"]) == (None, first.json()["id"])
    assert Endpoint.objects.count() == 1


def test_an_endpoint_is_changed_stopped_and_started(cast: casts.Company, admin: Caller) -> None:
    one = path(cast, made(admin, cast)["id"])
    off = admin("PATCH", one, {"on": False, "why": "it moves"}).json()
    assert (off["on"], off["off_why"], off["secret"]) == (False, "turned off by admin: it moves", None)
    assert admin("PATCH", one, {"on": True}).json()["off_since"] is None
    moved = admin("PATCH", one, {"url": "https://other.example.org/"}).json()
    assert moved["secret"] == receivers.secret(Endpoint.objects.get())
    assert admin("PATCH", one, {"url": "https://other.example.org/b"}).json()["secret"] is None


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"url": "http://169.254.169.254/"}, 422, "/url"),
        ({"url": "https://user:a@b.example/"}, 422, "/url"),
        ({"url": "https://a\r\nX: y/"}, 422, "/url"),
        ({"url": "localhost"}, 422, "/url"),
        ({"url": f"https://a.example/{'b' * 500}"}, 400, "/url"),
        ({"url": URL, "secret": "sesame"}, 422, "/secret"),
        ({"url": URL, "events": []}, 400, "/events"),
        ({"url": URL, "events": ["item.eaten"]}, 400, "/events/0"),
        ({"url": URL, "events": ["webhook.test"]}, 400, "/events/0"),
        ({"url": URL, "colour": "blue"}, 400, "/colour"),
        ({}, 400, "/url"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place(
    cast: casts.Company, admin: Caller, body: dict[str, Any], status: int, where: str
) -> None:
    refused = admin("POST", path(cast), body)
    assert (refused.status_code, error(refused)["where"]) == (status, where)
    assert not Endpoint.objects.exists()


def test_a_test_is_sent_and_its_try_told(cast: casts.Company, admin: Caller, receiver: Receiver) -> None:
    one = path(cast, made(admin, cast, url=receiver.url)["id"])
    receiver.script = [503]
    receiver.answer = b"busy"
    sent = admin("POST", f"{one}/test")
    assert (sent.status_code, sent.json()["event"], sent.json()["state"]) == (202, "webhook.test", "due")
    publish.deliver(Endpoint.objects.get().pk)
    told = admin("GET", f"{one}/deliveries/{sent.json()['id']}").json()
    assert (told["state"], told["next_try_at"]) == ("failed", None)
    (row,) = told["log"]
    assert (row["status"], row["reason"], row["said"], row["number"]) == (503, "status", "busy", 1)
    assert told["body"]["data"] == {"task": cast.task.slug, "endpoint": Endpoint.objects.get().pk}
    for _ in range(4):
        admin("POST", f"{one}/test")
    refused = admin("POST", f"{one}/test")
    assert (refused.status_code, error(refused)["code"]) == (409, "too_many_tests")


def test_deliveries_are_listed_by_state_and_event_page_by_page(
    cast: casts.Company, admin: Caller, operator: Caller, receiver: Receiver
) -> None:
    one = path(cast, made(admin, cast, url=receiver.url)["id"])
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name)
    publish.deliver(Endpoint.objects.get().pk)
    casts.one(cast.task, "m4")
    first = admin("GET", f"{one}/deliveries?state=sent&limit=2").json()
    rest = admin("GET", f"{one}/deliveries?state=sent&limit=2&after={first['next']}").json()
    assert [row["external_id"] for row in [*first["deliveries"], *rest["deliveries"]]] == ["m3", "m2", "m1"]
    assert rest["next"] is None
    assert [row["external_id"] for row in admin("GET", f"{one}/deliveries?state=due").json()["deliveries"]] == ["m4"]
    assert admin("GET", f"{one}/deliveries?event=item.corrected").json()["deliveries"] == []
    other = admin("GET", f"{one}/deliveries?state=due&after={first['next']}")
    assert error(other)["code"] == "cursor"
    seen = operator("GET", f"{one}/deliveries").json()["deliveries"]
    assert {row["external_id"] for row in seen} == {None}
    told = operator("GET", f"{one}/deliveries/{seen[-1]['id']}").json()
    assert told["body"]["data"]["answer"] == "hidden: you may not see items"
    assert told["log"][0]["said"] is None


def test_dead_letters_are_counted_first_and_then_sent_again(
    cast: casts.Company, admin: Caller, operator: Caller, receiver: Receiver
) -> None:
    one = path(cast, made(admin, cast, url=receiver.url)["id"])
    assert operator("GET", f"{one}/replay").json()["count"] == 0
    for name in ("m1", "m2"):
        casts.one(cast.task, name)
    Parcel.objects.update(state=Delivery.FAILED, tries=8, last_problem="it answered 500")
    casts.one(cast.task, "m3")
    dry = operator("GET", f"{one}/replay?event=item.finished&since=2026-01-01T00:00:00Z").json()
    assert (dry["which"], dry["count"], dry["more"]) == ("dead", 2, False)
    assert {row["problem"] for row in dry["examples"]} == {"it answered 500"}
    alone = {"upto": dry["upto"], "reason": "one", "delivery": dry["examples"][0]["id"]}
    assert operator("POST", f"{one}/replay", alone).json() == {"sent": 1}
    rest = {"upto": dry["upto"], "reason": "it is back", "since": "2026-01-01T00:00:00Z"}
    assert operator("POST", f"{one}/replay", rest).json() == {"sent": 1}
    assert operator("POST", f"{one}/replay", rest).json() == {"sent": 0}
    assert Operation.objects.count() == 2
    assert publish.deliver(Endpoint.objects.get().pk) == 3


def test_more_than_one_look_counts_is_sent_piece_by_piece(
    cast: casts.Company, admin: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = path(cast, made(admin, cast, url=receiver.url)["id"])
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name)
    publish.deliver(Endpoint.objects.get().pk)
    monkeypatch.setattr(queries, "COUNTED", 2)
    above, found = 0, []
    while True:
        dry = admin("GET", f"{one}/replay?which=sent&since=2026-01-01T00:00:00Z&above={above}").json()
        rest = {"which": "sent", "since": "2026-01-01T00:00:00Z", "above": above, "upto": dry["upto"], "reason": "lost"}
        found.append((dry["count"], admin("POST", f"{one}/replay", rest).json()["sent"]))
        publish.deliver(Endpoint.objects.get().pk)
        above = dry["upto"]
        if not dry["more"]:
            break
    assert found == [(2, 2), (1, 1)]


@pytest.mark.parametrize(
    ("query", "where"),
    [("which=sent", "since"), ("which=all", "which"), ("since=yesterday", "since"),
     ("since=2026-01-01T00:00:00", "since"),
     ("above=-1", "above"), ("event=webhook.test", "event"), ("since=99999-01-01T00:00:00Z", "since")],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused(cast: casts.Company, admin: Caller, query: str, where: str) -> None:
    one = path(cast, made(admin, cast)["id"])
    refused = admin("GET", f"{one}/replay?{query}")
    assert (refused.status_code, error(refused)["where"]) == (400, where)


def test_a_zone_that_postgresql_does_not_know_is_taken_all_the_same(cast: casts.Company, admin: Caller) -> None:
    one, since = path(cast, made(admin, cast)["id"]), "4247-02-17T22:47:35.87+22:41"
    assert admin("GET", f"{one}/replay?since={since.replace('+', '%2B')}").json()["count"] == 0
    sent = admin("POST", f"{one}/replay", {"upto": 1, "reason": "a", "which": "missed", "since": since})
    assert (sent.status_code, sent.json()) == (200, {"sent": 0})
    refused = admin("POST", f"{one}/replay", {"upto": 1, "reason": "a", "since": "9999-12-31T23:59:00-12:00"})
    assert (refused.status_code, error(refused)["where"]) == (400, "/since")


def test_an_export_takes_it_too(cast: casts.Company, admin: Caller) -> None:
    items = {"came_since": "2026-11-28T00:00:00+23:59"}
    asked = admin("POST", f"/tasks/{cast.task.slug}/exports", {"format": "csv", "items": items})
    assert asked.status_code == 202
    told = asked.json()["items"]["came_since"]
    assert datetime.fromisoformat(told) == datetime(2026, 11, 27, 0, 1, tzinfo=UTC)


def test_a_replay_without_a_reason_or_a_moment_that_it_needs_is_refused(cast: casts.Company, admin: Caller) -> None:
    one = path(cast, made(admin, cast)["id"])
    assert error(admin("POST", f"{one}/replay", {"upto": 1, "reason": " "}))["where"] == "/reason"
    refused = admin("POST", f"{one}/replay", {"upto": 1, "reason": "a", "which": "missed"})
    assert (refused.status_code, error(refused)["where"]) == (422, "/since")


def test_an_endpoint_of_another_task_or_project_is_not_found(
    cast: casts.Company, admin: Caller, acts_for: Callable[..., Caller]
) -> None:
    number = made(admin, cast)["id"]
    other = casts.task(cast.project, by=cast.admin, name="Other", slug="other")
    assert admin("GET", f"/tasks/{other.slug}/webhooks/{number}").status_code == 404
    outsider = acts_for(cast.outsider, of=Project.objects.get(name="Elsewhere"))
    for verb, more in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
        assert outsider(verb, path(cast, number) + more).status_code == 404


def test_the_words_of_the_document_are_those_of_the_tables() -> None:
    assert set(get_args(shapes_webhooks.Event)) == {str(one) for one in WANTABLE}
    assert {str(one) for one in EventType} - {str(one) for one in WANTABLE} == {"webhook.test"}
    assert set(get_args(shapes_webhooks.State)) == {str(one) for one in Delivery}
    assert set(get_args(shapes_webhooks.WhichOnes)) == {str(one) for one in Which}
