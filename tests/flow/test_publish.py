"""Webhooks out: at least once on the wire, the same bytes under the same id, one receiver never for another."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, Self

import pytest
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now

from slider.environment import Environment
from slider.flow import endpoints, erasing, outcomes, publish
from slider.models import (
    Delivery,
    Endpoint,
    EventType,
    Item,
    Mode,
    Notice,
    NoticeKind,
    Parcel,
    Publication,
    Task,
    Try,
    Verdict,
)
from tasks.publish import publish as publish_task
from tests import casts, receivers
from tests.receivers import Receiver, due_again, hours_pass, wait_s

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setattr(settings, "ENV", Environment(SLIDER_WEBHOOK_HOSTS=["127.0.0.1"]))
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def other(receiver: Receiver) -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def cast(receiver: Receiver) -> casts.Company:
    """A task that lets everything run unattended and has the receiver as its endpoint."""
    made = casts.company(share=1.0, mode=Mode.TRIAL)
    endpoints.make(made.task, url=receiver.url)
    return made


class InOrder:
    """One after the other, in this thread."""

    def __init__(self, **_: Any) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, call: Callable[[Any], Any], each: Iterable[Any]) -> list[Any]:
        return [call(one) for one in each]


def door() -> Endpoint:
    return Endpoint.objects.earliest("pk")


def deliver(**more: Any) -> int:
    return publish.deliver(door().pk, **more)


def owed(cast: casts.Company, name: str = "m1") -> Parcel:
    casts.one(cast.task, name)
    return Parcel.objects.select_related("publication").get(publication__item__external_id=name)


def many(cast: casts.Company, count: int) -> None:
    says = casts.says({"topic": "refund", "urgent": False})
    names = [f"m{n}" for n in range(count)]
    casts.route_all(cast.task, dict.fromkeys(names, says), bodies={name: {"text": "a"} for name in names})


def test_a_result_leaves_signed_with_all_that_the_source_needs(cast: casts.Company, receiver: Receiver) -> None:
    parcel = owed(cast)
    assert publish.waiting() == [door().pk]
    assert publish_task(door().pk) == 1
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tries) == (Delivery.SENT, 1)
    assert parcel.delivered_at is not None
    assert publish.waiting() == []
    ((headers, body),) = receiver.got
    told = receivers.verified(receivers.secret(door()), receiver.got[0])
    assert told == json.loads(body)
    assert parcel.publication is not None
    assert headers["webhook-id"] == str(parcel.webhook_id) == str(parcel.publication.webhook_id)
    assert (told["type"], told["data"]) == (
        "item.finished",
        {
            "item": parcel.publication.item_id, "external_id": "m1", "task": cast.task.slug, "number": 1,
            "ending": "unattended", "answer": {"topic": "refund", "urgent": False}, "reason": None,
            "lane": "unattended",
        },
    )  # fmt: skip


@pytest.mark.parametrize("failure", [500, 404, 400, (301, "http://127.0.0.1:1/"), "lose the answer"])
def test_a_failed_try_is_repeated_with_the_same_id_and_bytes(
    cast: casts.Company, receiver: Receiver, failure: receivers.Said
) -> None:
    parcel = owed(cast)
    receiver.script = [failure]
    deliver()
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tries) == (Delivery.DUE, 1)
    assert parcel.last_problem
    assert 3 < wait_s(parcel) <= 5.5
    assert deliver() == 0  # not before its time
    due_again()
    deliver()
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tries, parcel.last_problem) == (Delivery.SENT, 2, "")
    (first, first_body), (second, second_body) = receiver.got
    assert first_body == second_body
    assert first["webhook-id"] == second["webhook-id"]


def test_each_endpoint_gets_its_own_and_one_that_fails_holds_up_no_other(
    cast: casts.Company, receiver: Receiver, other: Receiver
) -> None:
    second = endpoints.make(cast.task, url=other.url).endpoint
    receiver.usual = 500
    owed_to = {parcel.endpoint_id for parcel in [*_all_of(cast, 3)]}
    assert owed_to == {door().pk, second.pk}
    for endpoint_id in publish.waiting():
        publish_task(endpoint_id)
    assert set(Parcel.objects.filter(endpoint=second).values_list("state", flat=True)) == {Delivery.SENT}
    assert set(Parcel.objects.filter(endpoint=door()).values_list("state", flat=True)) == {Delivery.DUE}
    assert sorted(other.ids) == sorted(str(one) for one in Publication.objects.values_list("webhook_id", flat=True))
    assert set(receiver.ids) <= set(other.ids), "an event has one id, whoever gets it"
    receivers.verified(receivers.secret(second), other.got[0])
    with pytest.raises(Exception, match="signature"):
        receivers.verified(receivers.secret(door()), other.got[0])


def _all_of(cast: casts.Company, count: int) -> list[Parcel]:
    many(cast, count)
    return list(Parcel.objects.order_by("pk"))


def test_a_result_is_owed_to_an_endpoint_once(cast: casts.Company) -> None:
    parcel = owed(cast)
    again = {"endpoint": door(), "publication": parcel.publication, "event": EventType.FINISHED}
    with pytest.raises(Exception, match="one_parcel_a_result"):
        Parcel.objects.create(webhook_id=parcel.webhook_id, **again)


def test_only_what_an_endpoint_wants_is_owed_to_it(cast: casts.Company, other: Receiver) -> None:
    second = endpoints.make(cast.task, url=other.url, events=["item.corrected"]).endpoint
    Task.objects.update(undo_s=0)
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong")
    assert list(Parcel.objects.filter(endpoint=second).values_list("event", flat=True)) == ["item.corrected"]
    assert Parcel.objects.filter(endpoint=door()).count() == 2


def test_a_receiver_that_hangs_is_left_in_time(cast: casts.Company, receiver: Receiver) -> None:
    parcel = owed(cast)
    receiver.script = ["hang"]
    deliver(timeout_s=0.3)
    parcel.refresh_from_db()
    assert parcel.state == Delivery.DUE
    assert "0.3 s" in parcel.last_problem


def test_a_sender_that_dies_after_it_was_heard_repeats_under_the_same_id(
    cast: casts.Company, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Died

    parcel = owed(cast)
    with monkeypatch.context() as patch:
        patch.setattr(outcomes, "record", dies)
        with pytest.raises(Died):
            deliver()
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tries) == (Delivery.DUE, 1)
    assert wait_s(parcel) > publish.TIMEOUT_S  # nobody else tries while the first might still be at it
    due_again()
    deliver()
    assert len({(headers["webhook-id"], body) for headers, body in receiver.got}) == 1
    assert len(receiver.got) == 2


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [("120", 119, 121), ("1", 3, 5.5), ("999999999", 86_000, 86_401), ("-5", 3, 5.5), ("soon", 3, 5.5)],
)
def test_a_wait_that_the_receiver_asks_for_is_kept_within_reason(
    cast: casts.Company, receiver: Receiver, asked: str, low: float, high: float
) -> None:
    parcel = owed(cast)
    receiver.script = [(429, asked)]
    deliver()
    assert low < wait_s(parcel) <= high
    rests = Endpoint.objects.annotate(now=Now()).get()
    assert rests.rest_until is not None
    assert (rests.rest_until - rests.now).total_seconds() <= min(high, outcomes.LONGEST_REST_S)


def test_gone_stops_the_endpoint_at_once_with_the_reason_and_a_notice(cast: casts.Company, receiver: Receiver) -> None:
    owed(cast)
    receiver.script = [410]
    deliver()
    endpoint = door()
    assert endpoint.disabled_at is not None
    assert "410" in endpoint.disabled_why
    notice = Notice.objects.get()
    assert (notice.kind, notice.who) == (NoticeKind.RECEIVER_OFF, "the sender")
    assert "127.0.0.1" in notice.words
    assert "410" in notice.words
    due_again()
    assert (publish.waiting(), deliver(), len(receiver.got)) == ([], 0, 1)
    casts.one(cast.task, "m2")
    assert Parcel.objects.count() == 1, "to one that is off nothing new is owed"
    endpoints.change(endpoint, endpoints.Wish(on=True), by="anna")
    assert deliver() == 1
    assert Parcel.objects.get().state == Delivery.SENT


def test_what_nobody_takes_is_given_up_after_the_schedule_and_the_endpoint_turned_off_after_a_day(
    cast: casts.Company, receiver: Receiver
) -> None:
    parcel = owed(cast)
    receiver.usual = 500
    for number, before_s in enumerate(outcomes.SCHEDULE_S):
        hours_pass(before_s * 1.11 / 3600)
        Endpoint.objects.update(rest_until=None)
        assert deliver() == 1, number
    parcel.refresh_from_db()
    assert (parcel.state, parcel.tries) == (Delivery.FAILED, 8)
    assert "took nothing for 24 hours" in door().disabled_why
    assert Notice.objects.count() == 1
    assert len(set(receiver.ids)) == 1


def test_one_result_that_is_never_taken_does_not_stop_the_others(cast: casts.Company, receiver: Receiver) -> None:
    bad = owed(cast, "bad")
    Parcel.objects.update(tries=7)
    receiver.script = [400]
    deliver()
    casts.one(cast.task, "good")
    assert deliver() == 1, "after one failure nobody rests yet"
    bad.refresh_from_db()
    assert bad.state == Delivery.FAILED
    endpoint = door()
    assert (endpoint.disabled_at, endpoint.failing_since, endpoint.failures) == (None, None, 0)


def test_down_for_an_hour_costs_the_others_no_try_and_all_arrive_when_it_is_back(
    cast: casts.Company, receiver: Receiver
) -> None:
    receiver.usual = 503
    many(cast, 20)
    probes = 0
    for _ in range(12):
        for endpoint_id in publish.waiting():
            probes += publish_task(endpoint_id)
        hours_pass(1 / 12)
    assert 10 < len(receiver.got) == probes < 60, "a round, and then one at a time"
    assert Parcel.objects.filter(state=Delivery.DUE).count() == 20
    assert max(Parcel.objects.values_list("tries", flat=True)) <= 4
    receiver.usual = 200
    hours_pass(2)
    publish_task(door().pk)
    assert set(Parcel.objects.values_list("state", flat=True)) == {Delivery.SENT}
    assert door().failures == 0
    assert set(receiver.ids) == {str(one) for one in Publication.objects.values_list("webhook_id", flat=True)}


def test_nothing_leaves_before_the_undo_window_has_passed(receiver: Receiver) -> None:
    cast = casts.company(undo_s=60)
    endpoints.make(cast.task, url=receiver.url)
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    assert Parcel.objects.count() == 1
    assert publish.waiting() == []
    assert deliver() == 0
    assert receiver.got == []


def test_a_correction_leaves_as_a_new_event(cast: casts.Company, receiver: Receiver) -> None:
    Task.objects.update(undo_s=0)
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong")
    deliver()
    events = sorted((json.loads(body) for _, body in receiver.got), key=lambda event: event["data"]["number"])
    assert [(event["type"], event["data"]["number"]) for event in events] == [
        ("item.finished", 1), ("item.corrected", 2)
    ]  # fmt: skip
    assert (events[1]["data"]["answer"], events[1]["data"]["reason"]) == (None, "wrong")
    assert len(set(receiver.ids)) == 2


def test_without_an_endpoint_nothing_is_owed_by_webhook() -> None:
    cast = casts.company(share=1.0, mode=Mode.TRIAL)
    casts.one(cast.task)
    assert Publication.objects.count() == 1
    assert not Parcel.objects.exists()
    assert publish.waiting() == []


def test_a_private_address_that_nobody_allowed_is_never_called(cast: casts.Company, receiver: Receiver) -> None:
    parcel = owed(cast)
    settings.ENV = Environment(SLIDER_WEBHOOK_HOSTS=[])  # the fixture puts the old one back
    deliver()
    parcel.refresh_from_db()
    assert receiver.got == []
    assert "not on the public internet" in parcel.last_problem
    assert Try.objects.get().reason == "url_private"


def test_many_results_leave_in_pieces(cast: casts.Company, receiver: Receiver) -> None:
    many(cast, 40)
    assert deliver() == publish.AT_ONCE
    assert publish_task(door().pk) == 40 - publish.AT_ONCE
    assert len(set(receiver.ids)) == len(receiver.got) == Item.objects.count() == 40
    assert not Parcel.objects.exclude(state=Delivery.SENT).exists()
    assert Try.objects.filter(reason="", status=200).count() == 40


def test_what_was_erased_is_not_taken_in_hand_whatever_its_parcel_says(cast: casts.Company, receiver: Receiver) -> None:
    parcel = owed(cast)
    erasing.erase(Item.objects.get().pk, by=cast.admin.pk, words="asked")
    Parcel.objects.filter(pk=parcel.pk).update(state=Delivery.DUE, next_try_at=Now())
    owed(cast, "m2")
    due_again()
    assert deliver() == 1
    assert [json.loads(body)["data"]["external_id"] for _, body in receiver.got] == ["m2"]


def test_of_a_round_in_which_one_parcel_was_deleted_the_others_are_written_down(
    cast: casts.Company, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = owed(cast), owed(cast, "m2")
    send = publish._send

    def deleted_meanwhile(*call: Any) -> outcomes.Sent:
        Parcel.objects.filter(pk=first.pk).delete()
        return send(*call)

    monkeypatch.setattr(publish, "_send", deleted_meanwhile)
    monkeypatch.setattr(publish, "ThreadPoolExecutor", InOrder)
    assert deliver() == 2
    connection.check_constraints()
    assert list(Try.objects.values_list("parcel", flat=True)) == [second.pk]
    assert Parcel.objects.get().state == Delivery.SENT


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_never_send_the_same_try_twice(cast: casts.Company, receiver: Receiver) -> None:
    many(cast, 60)
    number = door().pk
    begin = threading.Barrier(4)

    def send() -> None:
        try:
            begin.wait()
            while publish.deliver(number):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receiver.ids) == len(set(receiver.ids)) == 60
    assert Try.objects.count() == 60
    assert set(Parcel.objects.values_list("tries", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_one_endpoint_keeps_one_sender_and_another_goes_on(
    cast: casts.Company, receiver: Receiver, other: Receiver
) -> None:
    second = endpoints.make(cast.task, url=other.url).endpoint
    many(cast, 2)
    receiver.usual = "hang"
    first = door().pk

    def hang() -> None:
        try:
            publish_task(first)
        finally:
            connection.close()

    stuck = threading.Thread(target=hang)
    stuck.start()
    while not receiver.got:
        pass
    assert publish_task(first) == 0, "somebody serves it already"
    assert publish.waiting() == [second.pk], "no hint is sent after one that is served"
    assert publish_task(second.pk) == 2
    receiver.release.set()
    stuck.join()


def test_the_schedule_is_the_schemes_own_over_a_day_with_jitter() -> None:
    waits = [outcomes.pause(tries, None) for tries in range(len(outcomes.SCHEDULE_S))]
    assert all(
        wait is not None and planned <= wait <= planned * 1.1
        for wait, planned in zip(waits, outcomes.SCHEDULE_S, strict=True)
    )
    assert 24 < sum(outcomes.SCHEDULE_S) / 3600 < 36
    assert outcomes.pause(len(outcomes.SCHEDULE_S), None) is None
    assert timedelta(seconds=outcomes.OFF_AFTER_S) == timedelta(days=1)
