"""The whole path of an item through a shift: claim, call, score, route, write; and every way it can go wrong."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings

from slider.flow import claims, operate, route, setup
from slider.flow.work import Finding
from slider.llm import client
from slider.llm.records import Answered
from slider.llm.records import Outcome as CallOutcome
from slider.models import (
    Attempt,
    Decision,
    Item,
    Lane,
    Mode,
    Outcome,
    Publication,
    Pump,
    Score,
    Spend,
    Stance,
    State,
    Task,
    Why,
    Worker,
)
from tasks.keys import key_of
from tasks.settle import settle
from tasks.shift import Shift
from tasks.work import work
from tests import casts
from tests.standin import Model

pytestmark = pytest.mark.django_db(transaction=True)
TEXTS = ["I want my money back", "where is my parcel", "my password does not work", "is the tent waterproof"]


def company(count: int = 12, *, share: float = 0.5, worker: dict[str, Any] | None = None, **task: Any) -> casts.Company:
    """A task whose worker asks the stand-in, with `count` items that wait."""
    cast = casts.company(share=share, mode=Mode.TRIAL, **task)
    Worker.objects.filter(pk=cast.worker.pk).update(**({"model": "standin-1", "in_flight": 4} | (worker or {})))
    casts.bring_in(cast.task, {f"m{n}": {"text": TEXTS[n % len(TEXTS)] + f" {n}"} for n in range(count)})
    return cast


def states(cast: casts.Company) -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Item.objects.filter(task=cast.task).values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def due_now() -> None:
    Item.objects.filter(state=State.READY).update(run_at=timezone.now() - timedelta(seconds=1))


def test_every_item_is_answered_scored_routed_and_owed_once(model: Model) -> None:
    cast = company(40)
    assert work(cast.task.pk) == 40
    assert sum(states(cast).values()) == 40
    assert set(states(cast)) == {State.DONE, State.REVIEW}
    assert Attempt.objects.filter(outcome=Outcome.ANSWERED).count() == Score.objects.count() == 40
    unattended = set(Decision.objects.filter(lane=Lane.UNATTENDED).values_list("item_id", flat=True))
    assert abs(len(unattended) - 20) <= 5  # from the first item on the share is kept within five items
    assert set(Publication.objects.values_list("item_id", flat=True)) == unattended


def test_signals_come_from_tokens_and_from_samples(model: Model) -> None:
    cast = company(6, worker={"samples": 5, "temperature": 1.0, "ask_confidence": True})
    work(cast.task.pk)
    assert {frozenset(signals) for signals in Score.objects.values_list("signals", flat=True)} == {
        frozenset({"token_logodds", "weakest_token", "agreement", "stated"})
    }
    assert all(len(samples) == 4 for samples in Attempt.objects.values_list("samples", flat=True))


def test_tokens_cost_and_calls_are_kept(model: Model) -> None:
    cast = company(5, worker={"price_in": Decimal(2), "price_out": Decimal(10)})
    work(cast.task.pk)
    spend = Spend.objects.get()
    cost = sum((a.cost or Decimal(0) for a in Attempt.objects.all()), Decimal(0))
    assert spend.calls == 5
    assert spend.tokens_in == sum(a.tokens_in for a in Attempt.objects.all()) > 0
    assert abs(spend.cost - cost) < Decimal("0.00001")
    assert cost > 0


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("refuse", Outcome.REFUSED),
        ("truncate", Outcome.TRUNCATED),
        ("malformed", Outcome.MALFORMED),
        ("break_schema", Outcome.SCHEMA_BROKEN),
        ("empty", Outcome.EMPTY),
    ],
)
def test_an_answer_that_can_not_be_used_goes_to_people_with_its_reason(
    model: Model, fault: str, outcome: Outcome
) -> None:
    model.faults(**{fault: 1.0})
    cast = company(3, share=1.0)
    work(cast.task.pk)
    assert states(cast) == {State.REVIEW: 3}
    for decision in Decision.objects.select_related("attempt"):
        assert decision.attempt is not None
        assert (decision.why, decision.attempt.outcome) == (Why.NO_ANSWER, outcome)
        assert decision.detail


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("error", Outcome.SERVER_ERROR),
        ("rate_limit", Outcome.RATE_LIMITED),
        ("reset", Outcome.CONNECTION_LOST),
        ("html", Outcome.BAD_RESPONSE),
    ],
)
def test_a_failing_endpoint_is_tried_again_with_a_limit_and_then_people_take_over(
    model: Model, fault: str, outcome: Outcome
) -> None:
    model.faults(**{fault: 1.0})
    cast = company(2, share=1.0, max_tries=2)
    work(cast.task.pk)
    waiting = list(Item.objects.all())
    assert {item.state for item in waiting} == {State.READY}
    assert all(item.run_at > timezone.now() for item in waiting)
    due_now()
    work(cast.task.pk)
    assert states(cast) == {State.REVIEW: 2}
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {outcome}
    assert Attempt.objects.count() == 4


def test_an_endpoint_that_is_back_is_used_again(model: Model) -> None:
    model.faults(error=1.0)
    cast = company(3, share=1.0)
    work(cast.task.pk)
    model.faults()
    due_now()
    work(cast.task.pk)
    assert states(cast) == {State.DONE: 3}


def test_a_hanging_call_ends_at_its_deadline(model: Model) -> None:
    model.faults(hang=1.0)
    cast = company(2, worker={"timeout_s": 1.0}, max_tries=1)
    work(cast.task.pk)
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {Outcome.TIMEOUT}
    assert states(cast) == {State.REVIEW: 2}


def test_an_unknown_model_costs_no_item_a_try_and_is_said_on_the_worker(model: Model) -> None:
    cast = company(20, worker={"model": "no-such-model"})
    work(cast.task.pk)
    worker = Worker.objects.get()
    assert "no-such-model" in worker.trouble
    assert set(Item.objects.values_list("state", "tries")) == {(State.READY, 0)}
    assert Attempt.objects.count() <= 2 * worker.in_flight  # it stopped, and did not burn through the queue
    Worker.objects.update(model="standin-1")
    due_now()
    work(cast.task.pk)
    due_now()
    work(cast.task.pk)
    assert Worker.objects.get().trouble == ""
    assert State.READY not in states(cast)


def test_a_daily_budget_stops_the_worker_and_its_items_wait(model: Model) -> None:
    cast = company(60, worker={"price_in": Decimal(1000), "price_out": Decimal(1000), "daily_budget": Decimal("1.0")})
    work(cast.task.pk)
    spend = Spend.objects.get()
    a_call = spend.cost / spend.calls
    assert spend.cost <= Decimal("1.0") + 8 * a_call
    assert states(cast).get(State.READY, 0) >= 20
    calls = spend.calls
    work(cast.task.pk)
    assert Spend.objects.get().calls == calls


def test_requests_a_minute_are_kept(model: Model) -> None:
    cast = company(30, worker={"requests_per_min": 7})
    work(cast.task.pk)
    assert Attempt.objects.count() == 7


def test_a_paused_task_and_a_task_without_a_worker_are_left_alone(model: Model) -> None:
    cast = company(2)
    Task.objects.update(paused=True)
    assert work(cast.task.pk) == 0
    Task.objects.update(paused=False)
    Worker.objects.update(retired_at=timezone.now())
    assert work(cast.task.pk) == 0
    assert states(cast) == {State.READY: 2}


def test_of_a_batch_that_the_database_refuses_the_others_are_kept() -> None:
    cast = company(3, share=0.0)
    shift = Shift(cast.task, cast.worker)
    taken = shift.claim(3, 0)
    answers = [casts.says({"topic": "other", "urgent": True}) for _ in taken]
    answers[1] = casts.fails(raw="a\x00b")
    shift.settle([Finding(claim, answer, None) for claim, answer in zip(taken, answers, strict=True)])
    assert states(cast) == {State.REVIEW: 2, State.WORKING: 1}
    assert Attempt.objects.count() == 2


@pytest.mark.parametrize("change", ["paused", "replaced"])
def test_a_shift_begins_nothing_more_once_its_task_is_paused_or_its_worker_replaced(change: str) -> None:
    cast = company(2)
    shift = Shift(cast.task, cast.worker)
    assert len(shift.claim(1, 0)) == 1
    if change == "paused":
        operate.stand(operate.Target(cast.task.pk), Stance.PAUSED, by=cast.tuner.pk, reason="a test")
    else:
        setup.replace_worker(cast.worker, {"instructions": "Read it twice."}, by=cast.tuner.pk)
    assert shift.claim(1, 1) == []
    assert states(cast) == {State.WORKING: 1, State.READY: 1}


@pytest.mark.parametrize(
    ("answered", "pause_s"),
    [
        (casts.fails(CallOutcome.RATE_LIMITED), 1.0),
        (replace(casts.fails(CallOutcome.RATE_LIMITED), retry_after_s=7.0), 7.0),
        (replace(casts.fails(CallOutcome.RATE_LIMITED), retry_after_s=3600.0), 60.0),
        (replace(casts.fails(CallOutcome.SERVER_ERROR), status=503, retry_after_s=5.0), 5.0),
        (replace(casts.fails(CallOutcome.SERVER_ERROR), status=500, retry_after_s=5.0), 0.0),
        (casts.fails(CallOutcome.UNAUTHORISED), math.inf),
        (casts.says({"topic": "other", "urgent": True}), 0.0),
    ],
)
def test_everybody_waits_as_long_as_the_endpoint_asks_up_to_a_minute(answered: Answered, pause_s: float) -> None:
    cast = company(1)
    shift = Shift(cast.task, cast.worker)
    finding = Finding(shift.claim(1, 0)[0], answered, None)
    assert shift.pause_s(finding) == pause_s
    assert shift.pause_s(replace(finding, free=True)) == 0.0  # a probe keeps nobody


def side_by_side(count: int) -> int:
    """As many hints at once, each taken by a thread as if it were a process; what all settled."""
    with ThreadPoolExecutor(count) as threads:
        return sum(threads.map(work, range(count)))


def test_several_pumps_on_one_task_do_every_item_once_within_what_its_worker_allows(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    company(240, worker={"in_flight": 6})
    air, peak, pumps = 0, 0, set()
    original = client.Client.fetch

    async def fetch(self: client.Client, *arguments: Any, **named: Any) -> Any:
        nonlocal air, peak
        air += 1
        peak = max(peak, air)
        pumps.add(id(self))
        try:
            return await original(self, *arguments, **named)
        finally:
            air -= 1

    monkeypatch.setattr(client.Client, "fetch", fetch)
    model.faults(latency_ms=60)
    assert side_by_side(3) == 240
    assert Attempt.objects.count() == Decision.objects.count() == 240
    assert peak <= 6
    assert len(pumps) > 1, "one pump did it all: nothing was tested"


def test_several_pumps_together_spend_no_more_than_the_budget_and_what_was_in_the_air(model: Model) -> None:
    model.faults(latency_ms=20)
    cast = company(
        150,
        worker={
            "price_in": Decimal(1000),
            "price_out": Decimal(1000),
            "daily_budget": Decimal("3.0"),
            "in_flight": 8,
        },
    )
    side_by_side(3)
    spend = Spend.objects.get()
    assert spend.cost <= Decimal("3.0") + 8 * spend.cost / spend.calls
    assert states(cast).get(State.READY, 0) > 0


def test_several_pumps_together_keep_to_the_requests_a_minute(model: Model) -> None:
    company(60, worker={"requests_per_min": 11, "in_flight": 6})
    side_by_side(3)
    assert Attempt.objects.count() == 11


def test_a_worker_whose_limits_let_nothing_begin_is_left_alone_for_a_while(model: Model) -> None:
    cast = company(3, worker={"daily_budget": Decimal(0)})
    other = casts.company(prefix="other ")
    Worker.objects.filter(task=other.task).update(model="standin-1")
    casts.bring_in(other.task, {"m": {"text": "where is my parcel"}})
    assert work(cast.task.pk) == 0
    assert work(cast.task.pk) == 1, "the other task has its turn"
    assert work(cast.task.pk) == 0
    assert Pump.objects.get(task=cast.task).rests_until is not None


def test_an_answer_that_arrives_after_its_lease_was_lost_changes_nothing(model: Model) -> None:
    cast = company(1, share=1.0)
    claim = claims.claim(cast.task.pk, most=1, max_tries=5, lease_s=60, by="a zombie")[0]
    Item.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.run_out()
    work(cast.task.pk)
    late = Finding(claim, casts.says({"topic": "other", "urgent": True}), Decimal(1))
    settle([late], cast.worker, cast.task)
    assert Publication.objects.count() == Decision.objects.count() == Attempt.objects.count() == 1
    assert Item.objects.get().token == claim.token + 1
    bill = Spend.objects.get()
    assert (bill.calls, bill.cost >= 1) == (2, True)  # it was paid for all the same


def test_the_days_bill_is_free_for_others_while_a_batch_is_routed(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = company(2)
    one, other = claims.claim(cast.task.pk, most=2, max_tries=5, lease_s=60, by="a process")
    answer = casts.says({"topic": "other", "urgent": True})
    settle([Finding(one, answer, Decimal(1))], cast.worker, cast.task)
    asked: list[int] = []

    def add() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            asked.append(Spend.objects.update(calls=F("calls") + 10))
        finally:
            connection.close()

    def route_beside_another(*arguments: Any) -> int:
        with ThreadPoolExecutor(1) as beside:
            beside.submit(add).result()
        return routed(*arguments)

    routed = route.route
    monkeypatch.setattr(route, "route", route_beside_another)
    settle([Finding(other, answer, Decimal(1))], cast.worker, cast.task)
    assert asked == [1]
    assert (Spend.objects.get().calls, Spend.objects.get().cost) == (12, Decimal(2))


@pytest.mark.parametrize(
    ("base_url", "key_name", "key"),
    [
        ("", "", "the installation's"),
        ("", "SLIDER_KEY_OTHER", "another"),
        ("http://10.0.0.5/v1", "SLIDER_KEY_OTHER", "another"),
        ("http://10.0.0.5/v1", "", ""),
        ("http://10.0.0.5/v1", "SLIDER_KEY_MISSING", ""),
    ],
)
def test_the_installations_key_goes_to_the_installations_endpoint_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, base_url: str, key_name: str, key: str
) -> None:
    settings.ENV = settings.ENV.model_copy(update={"OPENAI_API_KEY": "the installation's"})
    monkeypatch.setenv("SLIDER_KEY_OTHER", "another")
    assert key_of(Worker(base_url=base_url, key_name=key_name)) == key
