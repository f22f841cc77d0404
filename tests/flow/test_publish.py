"""Webhooks out: at least once on the wire, the same bytes under the same id, and never after 410."""

import http.server
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db.models.functions import Now
from standardwebhooks.webhooks import Webhook

from slider.environment import Environment
from slider.flow import endpoints, publish
from slider.models import Delivery, Endpoint, Item, Mode, Publication, Task, Verdict
from tasks.publish import publish as publish_task
from tests import casts

pytestmark = pytest.mark.django_db


class Receiver:
    """A real server on this machine; `script` says what it does with each call, and 200 when it has run out."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.script: list[int | str | tuple[int, str]] = []
        self.release = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append((dict(self.headers.items()), body))
                said = outer.script.pop(0) if outer.script else 200
                if said == "hang":
                    outer.release.wait(10)
                    return
                if said == "lose the answer":
                    self.close_connection = True
                    return
                status, wait = said if isinstance(said, tuple) else (int(said), "")
                self.send_response(status)
                if wait:
                    self.send_header("Retry-After", wait)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.release.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(settings, "ENV", Environment(SLIDER_WEBHOOK_HOSTS=["127.0.0.1"]))
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def cast(receiver: Receiver) -> casts.Company:
    """A task that lets everything run unattended and has the receiver as its endpoint."""
    made = casts.company(share=1.0, mode=Mode.TRIAL)
    endpoints.save(made.task, url=receiver.url)
    return made


def owed(cast: casts.Company, name: str = "m1") -> Publication:
    casts.one(cast.task, name)
    return Publication.objects.select_related("item").get(item__external_id=name)


def due_again() -> None:
    """The pause is over."""
    Publication.objects.update(next_try_at=Now() - timedelta(seconds=1))


def wait_s(publication: Publication) -> float:
    """Seconds from now until the next try."""
    left = Publication.objects.annotate(now=Now()).get(pk=publication.pk)
    return float((left.next_try_at - left.now).total_seconds())


def test_a_result_leaves_signed_with_all_that_the_source_needs(cast: casts.Company, receiver: Receiver) -> None:
    publication = owed(cast)
    assert publish.waiting() == [cast.task.pk]
    assert publish_task(cast.task.pk) == 1
    publication.refresh_from_db()
    assert (publication.delivery, publication.tries) == (Delivery.SENT, 1)
    assert publication.delivered_at is not None
    assert publish.waiting() == []
    ((headers, body),) = receiver.got
    verified = Webhook(Endpoint.objects.get().secret).verify(body, headers)
    assert verified == json.loads(body)
    assert headers["webhook-id"] == str(publication.webhook_id)
    assert (verified["type"], verified["data"]) == (
        "item.finished",
        {
            "item": publication.item_id, "external_id": "m1", "task": cast.task.slug, "number": 1,
            "ending": "unattended", "answer": {"topic": "refund", "urgent": False}, "reason": None,
            "lane": "unattended",
        },
    )  # fmt: skip


@pytest.mark.parametrize("failure", [500, 404, 400, 301, "lose the answer"])
def test_a_failed_try_is_repeated_with_the_same_id_and_bytes(
    cast: casts.Company, receiver: Receiver, failure: int | str
) -> None:
    publication = owed(cast)
    receiver.script = [failure]
    publish.deliver(cast.task.pk)
    publication.refresh_from_db()
    assert (publication.delivery, publication.tries) == (Delivery.DUE, 1)
    assert publication.last_problem
    assert 3 < wait_s(publication) <= 5.5
    assert publish.deliver(cast.task.pk) == 0  # not before its time
    due_again()
    publish.deliver(cast.task.pk)
    publication.refresh_from_db()
    assert (publication.delivery, publication.tries, publication.last_problem) == (Delivery.SENT, 2, "")
    (first, first_body), (second, second_body) = receiver.got
    assert first_body == second_body
    assert first["webhook-id"] == second["webhook-id"]


def test_a_receiver_that_hangs_is_left_in_time(cast: casts.Company, receiver: Receiver) -> None:
    publication = owed(cast)
    receiver.script = ["hang"]
    publish.deliver(cast.task.pk, timeout_s=0.3)
    publication.refresh_from_db()
    assert publication.delivery == Delivery.DUE
    assert "0.3 s" in publication.last_problem


def test_a_sender_that_dies_after_it_was_heard_repeats_under_the_same_id(
    cast: casts.Company, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Died

    publication = owed(cast)
    with monkeypatch.context() as patch:
        patch.setattr(publish, "_record", dies)
        with pytest.raises(Died):
            publish.deliver(cast.task.pk)
    publication.refresh_from_db()
    assert (publication.delivery, publication.tries) == (Delivery.DUE, 1)
    assert wait_s(publication) > publish.TIMEOUT_S  # nobody else tries while the first might still be at it
    due_again()
    publish.deliver(cast.task.pk)
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [("120", 119, 121), ("1", 3, 5.5), ("999999999", 86_000, 86_401), ("-5", 3, 5.5), ("soon", 3, 5.5)],
)
def test_a_wait_that_the_receiver_asks_for_is_kept_within_reason(
    cast: casts.Company, receiver: Receiver, asked: str, low: float, high: float
) -> None:
    publication = owed(cast)
    receiver.script = [(429, asked)]
    publish.deliver(cast.task.pk)
    assert low < wait_s(publication) <= high


def test_gone_stops_the_endpoint_with_the_reason_and_a_person_can_start_it_again(
    cast: casts.Company, receiver: Receiver
) -> None:
    owed(cast)
    receiver.script = [410]
    publish.deliver(cast.task.pk)
    endpoint = Endpoint.objects.get()
    assert endpoint.disabled_at is not None
    assert "410" in endpoint.disabled_why
    due_again()
    assert (publish.waiting(), publish.deliver(cast.task.pk), len(receiver.got)) == ([], 0, 1)
    endpoints.save(cast.task, url=receiver.url)
    assert publish.deliver(cast.task.pk) == 1
    assert Publication.objects.get().delivery == Delivery.SENT


def test_a_schedule_that_ends_gives_up_and_says_it_on_the_endpoint(cast: casts.Company, receiver: Receiver) -> None:
    publication = owed(cast)
    receiver.script = [500] * len(publish.SCHEDULE_S)
    for _ in publish.SCHEDULE_S:
        assert publish.deliver(cast.task.pk) == 1
        due_again()
    publication.refresh_from_db()
    assert (publication.delivery, publication.tries) == (Delivery.FAILED, 10)
    assert "took nothing in 10 tries" in Endpoint.objects.get().disabled_why


def test_one_result_that_is_never_taken_does_not_stop_the_others(cast: casts.Company, receiver: Receiver) -> None:
    bad = owed(cast, "bad")
    Publication.objects.update(tries=9)
    receiver.script = [200, 400]
    casts.one(cast.task, "good")
    Publication.objects.filter(pk=bad.pk).update(next_try_at=Now() + timedelta(hours=1))
    publish.deliver(cast.task.pk)
    due_again()
    publish.deliver(cast.task.pk)
    bad.refresh_from_db()
    assert bad.delivery == Delivery.FAILED
    assert Endpoint.objects.get().disabled_at is None


def test_nothing_leaves_before_the_undo_window_has_passed(receiver: Receiver) -> None:
    cast = casts.company(undo_s=60)
    endpoints.save(cast.task, url=receiver.url)
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    assert publish.waiting() == []
    assert publish.deliver(cast.task.pk) == 0
    assert receiver.got == []


def test_a_correction_leaves_as_a_new_event(cast: casts.Company, receiver: Receiver) -> None:
    Task.objects.update(undo_s=0)
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong")
    publish.deliver(cast.task.pk)
    events = sorted((json.loads(body) for _, body in receiver.got), key=lambda event: event["data"]["number"])
    assert [(event["type"], event["data"]["number"]) for event in events] == [
        ("item.finished", 1), ("item.corrected", 2)
    ]  # fmt: skip
    assert (events[1]["data"]["answer"], events[1]["data"]["reason"]) == (None, "wrong")
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 2


def test_without_an_endpoint_nothing_is_owed_by_webhook() -> None:
    cast = casts.company(share=1.0, mode=Mode.TRIAL)
    casts.one(cast.task)
    assert Publication.objects.get().delivery == Delivery.NONE
    assert (publish.waiting(), publish.deliver(cast.task.pk)) == ([], 0)


def test_a_private_address_that_nobody_allowed_is_never_called(cast: casts.Company, receiver: Receiver) -> None:
    publication = owed(cast)
    settings.ENV = Environment(SLIDER_WEBHOOK_HOSTS=[])  # the fixture puts the old one back
    publish.deliver(cast.task.pk)
    publication.refresh_from_db()
    assert receiver.got == []
    assert "not on the public internet" in publication.last_problem


def test_many_results_leave_in_pieces(cast: casts.Company, receiver: Receiver) -> None:
    says = casts.says({"topic": "refund", "urgent": False})
    names = [f"m{n}" for n in range(20)]
    casts.route_all(cast.task, dict.fromkeys(names, says), bodies={name: {"text": "a"} for name in names})
    assert publish.deliver(cast.task.pk) == publish.AT_ONCE
    assert publish_task(cast.task.pk) == 20 - publish.AT_ONCE
    assert len(receiver.got) == Item.objects.count() == 20
    assert not Publication.objects.exclude(delivery=Delivery.SENT).exists()
