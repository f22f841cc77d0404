"""The sweep: whatever was lost is found, and two sweeps at once do no harm."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from slider.flow import claims, endpoints, news, tidying, wake, work
from slider.flow import guard as hand
from slider.models import Answered, ApiKey, Decision, Gauge, Item, Review, ReviewState, State, Why
from tasks.guard import guard
from tasks.sweep import sweep
from tests import casts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hints(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The hints that were sent, instead of a broker that nobody listens to."""
    sent: list[tuple[str, int]] = []

    def keep(stage: str, key: int) -> bool:
        sent.append((stage, key))
        return True

    monkeypatch.setattr(wake, "hint", keep)
    return sent


def past() -> object:
    return timezone.now() - timedelta(seconds=1)


def test_a_task_with_ready_items_is_hinted(hints: list[tuple[str, int]]) -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {"m1": {"text": "hello"}})
    sweep()
    assert hints == [("work", cast.task.pk)]


def test_nothing_to_do_sends_no_hint(hints: list[tuple[str, int]]) -> None:
    cast = casts.company()
    casts.one(cast.task)
    assert sweep() == {
        "leases": 0,
        "reviews": 0,
        "left": 0,
        "assigned": 0,
        "forgotten": 0,
        "given_up": 0,
        "cut_off": 0,
        "dropped": 0,
    }
    assert hints == []


def test_old_answers_to_calls_go_whether_anybody_calls_or_not(hints: list[tuple[str, int]]) -> None:
    cast = casts.company()
    key = ApiKey.objects.create(project=cast.project, name="k", prefix="p", digest=b"d", created_by=cast.admin)
    for name, hours in (("old", 25), ("new", 23)):
        made = Answered.objects.create(key=key, name=name, asked=b"x", status=200, body="{}")
        Answered.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(hours=hours))
    sweep()
    assert list(Answered.objects.values_list("name", flat=True)) == ["new"]


def test_an_item_whose_worker_died_is_ready_again_and_hinted(hints: list[tuple[str, int]]) -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {"m1": {"text": "hello"}})
    claims.claim(cast.task.pk, most=1, max_tries=5, lease_s=60, by="a worker that dies")
    sweep()
    assert (hints, Item.objects.get().state) == ([], State.WORKING)
    Item.objects.update(lease_until=past())
    assert sweep()["leases"] == 1
    assert hints == [("work", cast.task.pk)]


def test_an_item_that_kills_every_worker_ends_with_people_and_says_so(hints: list[tuple[str, int]]) -> None:
    cast = casts.company(share=1.0, max_tries=2)
    casts.bring_in(cast.task, {"m1": {"text": "hello"}})
    for _ in range(2):
        assert claims.claim(cast.task.pk, most=1, max_tries=2, lease_s=60, by="a worker that dies")
        Item.objects.update(lease_until=past())
        sweep()
    assert Item.objects.get().state == State.REVIEW
    decision = Decision.objects.get()
    assert (decision.why, decision.attempt) == (Why.NO_ANSWER, None)
    assert "2 tries" in decision.detail
    assert casts.take(cast.reviewer, cast.task).item_id == decision.item_id


def test_a_review_left_behind_is_open_again(hints: list[tuple[str, int]]) -> None:
    cast = casts.company()
    casts.one(cast.task)
    casts.take(cast.reviewer, cast.task)
    Review.objects.update(lease_until=past())
    assert sweep()["reviews"] == 1
    assert Review.objects.get().state == ReviewState.OPEN


def test_the_guard_tends_every_task_and_one_broken_task_does_not_stop_the_others() -> None:
    first, second = casts.company(), casts.company(prefix="other ")
    assert guard() == 2
    long_ago = timezone.now() - timedelta(hours=1)
    Gauge.objects.update(checked_at=long_ago)
    real = hand.tend

    def breaks_on_the_first(task_id: int) -> object:
        if task_id == first.task.pk:
            raise ValueError("a calibration that can't be read")
        return real(task_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hand, "tend", breaks_on_the_first)
        assert guard() == 1
    assert Gauge.objects.get(pk=first.task.pk).checked_at == long_ago
    assert Gauge.objects.get(pk=second.task.pk).checked_at > long_ago


def test_a_task_that_can_not_be_swept_holds_up_no_other(hints: list[tuple[str, int]]) -> None:
    broken, sound = casts.company(max_tries=1), casts.company(max_tries=1, prefix="other ")
    for cast in (broken, sound):
        casts.bring_in(cast.task, {"m1": {"text": "hello"}, "m2": {"text": "hello"}})
        claims.claim(cast.task.pk, most=1, max_tries=1, lease_s=60, by="a worker that dies")
    Item.objects.filter(state=State.WORKING).update(lease_until=past())
    Gauge.objects.filter(pk=broken.task.pk).update(track={"window": "unreadable"})
    assert sweep()["given_up"] == 1
    assert set(Decision.objects.values_list("task_id", flat=True)) == {sound.task.pk}
    assert hints == [("work", broken.task.pk), ("work", sound.task.pk)]


def test_what_was_tried_too_often_is_found_without_looking_through_all_that_waits() -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {f"m{n}": {"text": "hello"} for n in range(500)})
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        work.give_up(cast.task.pk, max_tries=5)
    (query,) = [q["sql"] for q in captured if "tries" in q["sql"]]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE slider_item")
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "item_tried" in plan


def test_what_can_not_be_tidied_holds_up_no_hint(hints: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company(share=1.0)
    url = "https://receiver.example.org/hook"
    endpoint = endpoints.make(cast.task, url=url, events=["item.withdrawn"]).endpoint
    news.withdrawn(cast.task, casts.one(cast.task))
    seen: list[str] = []

    def broken() -> int:
        seen.append("tried")
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(tidying, "tidy", broken)
    monkeypatch.setattr(tidying, "adopt", broken)
    assert sweep()
    assert ("publish", endpoint.pk) in hints
    assert seen == ["tried", "tried"], "one that fails does not stop the other"
