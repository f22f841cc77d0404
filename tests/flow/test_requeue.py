"""Sending on its way once more: only what nobody has touched, nothing twice, and the decision it had is kept."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils import timezone

from slider.flow import endpoints, erasing, handing, operate, publish, requeue, review
from slider.flow import guard as hand
from slider.flow.requeue import Order
from slider.llm.records import Outcome as CallOutcome
from slider.models import (
    Attempt,
    Decision,
    Delivery,
    Endpoint,
    Gauge,
    Item,
    Move,
    Operation,
    Parcel,
    Publication,
    Requeued,
    Review,
    State,
    Tally,
    Task,
    Verdict,
    Why,
)
from slider.queries import fleet_stuck
from tasks.sweep import hand_over
from tests import casts

pytestmark = pytest.mark.django_db(transaction=True)
BIG = 2**62


@pytest.fixture
def cast() -> casts.Company:
    return casts.company(share=1.0)


def fail(cast: casts.Company, *names: str, outcome: CallOutcome = CallOutcome.REFUSED) -> list[Item]:
    """Items that went to people, since the model gave them no usable answer."""
    answers = {name: casts.fails(outcome) for name in names}
    return casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})


def order(cast: casts.Company, **changes: Any) -> Order:
    return replace(Order(cast.task.pk, upto=BIG, by=cast.admin.pk, reason="the model is back"), **changes)


def ready() -> list[str]:
    return sorted(Item.objects.filter(state=State.READY).values_list("external_id", flat=True))


def test_an_item_without_an_answer_goes_back_as_a_fresh_one_and_ends_once(cast: casts.Company) -> None:
    (item,) = fail(cast, "m1")
    before = Decision.objects.get()
    assert requeue.no_answer(order(cast)) == 1
    item.refresh_from_db()
    assert (item.state, item.tries, item.finished_at) == (State.READY, 0, None)
    assert not Decision.objects.exists()
    assert not Review.objects.exists()
    kept = Requeued.objects.get()
    assert (kept.seq, kept.decision["why"], kept.decision["policy_id"]) == (before.seq, "no_answer", before.policy_id)
    assert Operation.objects.get().facts == {"what": "no_answer", "outcome": "", "items": 1}
    moved = Move.objects.filter(item=item).latest("pk")
    assert (moved.by, moved.reason) == (cast.admin, "sent back to its worker: the model is back")
    casts.answer_all(cast.task, {"m1": casts.says({"topic": "other", "urgent": False})})
    item.refresh_from_db()
    assert item.state == State.DONE
    assert Publication.objects.count() == Decision.objects.count() == 1
    assert Decision.objects.get().seq == before.seq + 1
    assert Attempt.objects.count() == 2


def test_the_sums_of_an_hour_follow(cast: casts.Company) -> None:
    fail(cast, "m1", "m2", "m3")
    requeue.no_answer(order(cast, upto=Item.objects.order_by("pk")[1].pk))
    assert sum(Tally.objects.values_list("items", flat=True)) == Decision.objects.count() == 1


def test_the_guard_goes_on_over_the_gap(cast: casts.Company) -> None:
    fail(cast, "m1", "m2")
    casts.one(cast.task, "m3")
    hand.tend(cast.task.pk)
    requeue.no_answer(order(cast))
    casts.answer_all(cast.task, {name: casts.says({"topic": "other", "urgent": False}) for name in ("m1", "m2")})
    hand.tend(cast.task.pk)
    assert set(Decision.objects.values_list("why", flat=True)) == {Why.EASY}
    assert cast.task.watch.routed_to == 5


def test_only_the_outcome_that_was_asked_for_moves(cast: casts.Company) -> None:
    fail(cast, "m1")
    fail(cast, "m2", outcome=CallOutcome.EMPTY)
    assert requeue.no_answer(order(cast), outcome="nonsense") == 0
    assert requeue.no_answer(order(cast), outcome="refused") == 1
    assert ready() == ["m1"]


def test_what_was_given_up_without_an_attempt_can_be_chosen_by_itself(cast: casts.Company) -> None:
    fail(cast, "m1")
    (lost,) = casts.bring_in(cast.task, {"m2": {"text": "hello"}})
    Item.objects.filter(pk=lost.pk).update(tries=cast.task.max_tries)
    assert hand_over(cast.task) == 1
    assert requeue.no_answer(order(cast), outcome="none") == 1
    assert ready() == ["m2"]


def test_what_was_decided_for_another_reason_stays_with_people(cast: casts.Company) -> None:
    Task.objects.update(never_unattended=[{"field": "text", "equals": "hello"}])
    cast.task.refresh_from_db()
    fail(cast, "m1")
    assert Decision.objects.get().why == Why.RULE
    assert requeue.no_answer(order(cast)) == 0


@pytest.mark.parametrize("touched", ["held", "freed", "skipped", "assigned", "decided"])
def test_what_anybody_has_touched_stays_with_people(cast: casts.Company, touched: str) -> None:
    fail(cast, "m1")
    if touched == "assigned":
        handing.assign(Review.objects.get().pk, to=cast.reviewer.pk, by=cast.admin.pk)
    else:
        held = casts.take(cast.reviewer, cast.task)
        if touched == "freed":
            Review.objects.update(state="open", holder=None, lease_until=None)
        elif touched == "skipped":
            review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
        elif touched == "decided":
            answer = {"topic": "other", "urgent": False}
            said = review.Said(Verdict.FIX, answer=answer)
            review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)
    assert requeue.no_answer(order(cast)) == 0
    assert ready() == []
    assert Decision.objects.count() == 1


def test_several_looks_that_nobody_took_go_together_and_one_that_is_taken_holds_them_all() -> None:
    cast = casts.company(share=1.0, looks=2)
    fail(cast, "m1", "m2")
    held = casts.take(cast.reviewer, cast.task)
    assert requeue.no_answer(order(cast)) == 1
    assert Review.objects.exclude(item=held.item).count() == 0
    assert Review.objects.filter(item=held.item).count() == 3


def test_a_look_that_is_locked_by_somebody_keeps_its_item(cast: casts.Company) -> None:
    fail(cast, "m1", "m2")
    look = Review.objects.order_by("pk").first()
    assert look is not None
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT id FROM slider_review WHERE id = %s FOR UPDATE", [look.pk])
            assert requeue.no_answer(order(cast)) == 1
            cursor.execute("ROLLBACK")
    finally:
        other.close()
    assert ready() == ["m2"]


def test_what_came_after_the_dry_run_and_what_is_another_tasks_is_left_alone(cast: casts.Company) -> None:
    (first,) = fail(cast, "m1")
    fail(cast, "m2")
    other = casts.task(cast.project, by=cast.admin, name="Other", slug="other")
    assert requeue.no_answer(order(cast, task_id=other.pk)) == 0
    assert requeue.no_answer(order(cast, upto=first.pk)) == 1
    assert ready() == ["m1"]


def test_more_than_fits_in_one_go_is_done_in_several(cast: casts.Company) -> None:
    fail(cast, *[f"m{n}" for n in range(5)])
    assert [requeue.no_answer(order(cast), most=2) for _ in range(4)] == [2, 2, 1, 0]
    assert Operation.objects.count() == 3


def test_a_reason_is_needed_and_nothing_moves_without(cast: casts.Company) -> None:
    fail(cast, "m1")
    with pytest.raises(operate.Unfit):
        requeue.no_answer(order(cast, reason=" "))
    assert ready() == []


def test_an_item_that_was_sent_back_can_fail_and_be_sent_back_again(cast: casts.Company) -> None:
    fail(cast, "m1")
    for _ in range(2):
        assert requeue.no_answer(order(cast)) == 1
        casts.answer_all(cast.task, {})
        casts.answer_all(cast.task, {"m1": casts.fails()})
    assert Requeued.objects.count() == 2
    assert Decision.objects.count() == Review.objects.count() == 1


def test_the_database_keeps_a_decision_that_is_not_kept_elsewhere_and_an_item_that_has_one(cast: casts.Company) -> None:
    (item,) = fail(cast, "m1")
    for change in (
        "DELETE FROM slider_decision",
        "UPDATE slider_item SET state = 'ready'",
        "DELETE FROM slider_requeued",
    ):
        if "requeued" in change:
            requeue.no_answer(order(cast))
        with pytest.raises(DatabaseError, match=r"append-only|may not move"), transaction.atomic():
            connection.cursor().execute(change)
    assert item.pk == Requeued.objects.get().item_id
    assert Gauge.objects.get().routed == 1


def stick(cast: casts.Company, *names: str) -> None:
    """Results that were given up, and whose receiver was turned off for it."""
    endpoints.make(cast.task, url="https://receiver.example.org/")
    for name in names:
        casts.one(cast.task, name)
    Parcel.objects.update(state=Delivery.FAILED, tries=8, last_problem="it said 500")


def test_results_that_were_given_up_are_sent_again_with_all_their_tries(cast: casts.Company) -> None:
    stick(cast, "m1", "m2")
    assert publish.waiting() == []
    ids = set(Parcel.objects.values_list("webhook_id", flat=True))
    assert requeue.publications(order(cast)) == 2
    assert publish.waiting() == [Endpoint.objects.get().pk]
    assert set(Parcel.objects.values_list("state", "tries")) == {(Delivery.DUE, 0)}
    assert set(Parcel.objects.values_list("webhook_id", flat=True)) == ids
    assert Operation.objects.get().facts == {"what": "publications", "results": 2}
    assert requeue.publications(order(cast)) == 0
    assert Operation.objects.count() == 1


@pytest.mark.parametrize(("wait_s", "tries", "moves"), [(3600, 4, 1), (30, 4, 0), (3600, 0, 0)])
def test_a_result_that_waits_for_a_later_try_goes_now_but_never_one_in_a_senders_hands(
    cast: casts.Company, wait_s: int, tries: int, moves: int
) -> None:
    stick(cast, "m1")
    later = timezone.now() + timedelta(seconds=wait_s)
    Parcel.objects.update(state=Delivery.DUE, tries=tries, next_try_at=later)
    assert requeue.publications(order(cast)) == moves


@pytest.mark.parametrize("state", [Delivery.FAILED, Delivery.DUE])
def test_what_was_erased_is_never_sent_again(cast: casts.Company, state: Delivery) -> None:
    stick(cast, "m1")
    item = Item.objects.get()
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    Parcel.objects.update(state=state, tries=8, next_try_at=timezone.now() + timedelta(hours=1))
    assert Parcel.objects.filter(publication__item=item).exists()
    assert requeue.publications(order(cast)) == 0
    assert fleet_stuck.dry(cast.task.pk, "publications").count == 0


def test_what_was_delivered_is_never_sent_again(cast: casts.Company) -> None:
    stick(cast, "m1")
    Parcel.objects.update(state=Delivery.SENT, delivered_at=F("due_at"))
    assert requeue.publications(order(cast)) == 0
