"""Batches: half the price, every item ends once, and a process may die between any two steps."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings

from slider.flow import batches as hand
from slider.flow import claims, operate, setup
from slider.flow import work as stage
from slider.flow.operate import Target
from slider.llm import batches as api
from slider.models import (
    Attempt,
    Batch,
    BatchItem,
    BatchState,
    Decision,
    Item,
    Outcome,
    Spend,
    Stance,
    State,
    Why,
    Worker,
)
from tasks import batches as machine
from tasks.batches import batches
from tasks.work import work
from tests import casts, pumps
from tests.standin import Model

pytestmark = pytest.mark.django_db(transaction=True)
PRICED: dict[str, Any] = {"price_in": Decimal(1000), "price_out": Decimal(1000)}


@pytest.fixture(autouse=True)
def _at_once(settings: Settings, monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_BATCH_GATHER_S": 0})
    monkeypatch.setattr(hand, "POLL_S", 0.0)
    monkeypatch.setattr(stage, "FIRST_WAIT_S", 0.0)


def company(count: int = 12, **worker: Any) -> casts.Company:
    return pumps.company(count, worker={"batch": True, **PRICED, **worker})


def turn(times: int = 1) -> None:
    """So many rounds of the fleet's, with all waits over."""
    for _ in range(times):
        Batch.objects.exclude(state=BatchState.ENDED).update(next_at=timezone.now() - timedelta(seconds=1))
        Item.objects.filter(state=State.READY).update(run_at=timezone.now() - timedelta(seconds=1))
        batches()


def until_the_end(most: int = 40) -> None:
    for _ in range(most):
        if not Item.objects.filter(state__in=(State.READY, State.WORKING)).exists():
            return
        turn()
    raise AssertionError(f"after {most} rounds items are still open: {list(Batch.objects.values())}")


def test_a_batch_is_gathered_sent_asked_after_and_collected_for_half_the_price(model: Model) -> None:
    cast = company(12)
    seen = []
    for _ in range(4):
        turn()
        seen.append(Batch.objects.get().state)
    assert seen == [BatchState.UPLOADED, BatchState.SENT, BatchState.BACK, BatchState.ENDED]
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}
    batch, spend = Batch.objects.get(), Spend.objects.get()
    assert (batch.ending, batch.problem, batch.ended_at is not None) == ("completed", "", True)
    assert spend.calls == 12
    assert spend.cost == pytest.approx(Decimal(spend.tokens_in + spend.tokens_out) / 1000 / 2)
    assert model.counts()["calls"] == 0  # not one of them was asked by itself
    assert not BatchItem.objects.filter(settled=False).exists()
    assert cast.task.items.count() == Decision.objects.count() == 12


def test_pumps_leave_a_worker_alone_that_sends_batches(model: Model) -> None:
    cast = company(3)
    assert work(cast.task.pk) == 0
    assert stage.waiting() == []
    Worker.objects.update(batch=False)
    assert stage.waiting() == [cast.task.pk]


def stand(cast: casts.Company, stance: Stance | None) -> None:
    """What an operator says of the worker."""
    target = Target(task_id=cast.task.pk, profile=cast.worker.name)
    assert operate.stand(target, stance, by=cast.admin.pk, reason="the provider asked for it")


@pytest.mark.parametrize("rounds", [0, 1])
def test_what_an_operator_paused_is_not_sent_and_its_items_wait_again(model: Model, rounds: int) -> None:
    cast = company(3)
    turn(rounds)
    stand(cast, Stance.PAUSED)
    turn(3)
    assert set(Item.objects.values_list("state", "tries")) == {(State.READY, 0)}
    assert not Batch.objects.exclude(state=BatchState.ENDED).exists()
    assert not Batch.objects.exclude(sent_at=None).exists()
    stand(cast, None)
    Batch.objects.update(ended_at=timezone.now() - timedelta(seconds=hand.REST_S + 1))
    until_the_end()
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}


def test_what_nobody_reads_any_more_does_not_stay_with_the_provider(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleared: list[str] = []
    monkeypatch.setattr(api.Batches, "clear", lambda _, file_ids: cleared.extend(file_ids))
    cast = company(3)
    turn()
    first = Batch.objects.get().file_id
    stand(cast, Stance.PAUSED)
    turn()
    assert cleared == [first] != [""]
    stand(cast, None)
    Batch.objects.update(ended_at=timezone.now() - timedelta(seconds=hand.REST_S + 1))
    turn(2)
    second = Batch.objects.exclude(state=BatchState.ENDED).get().file_id

    def lost(*_: Any) -> None:
        raise api.Refused("there is no such batch")

    monkeypatch.setattr(api.Batches, "look", lost)
    turn()
    assert cleared == [first, second]


def test_what_drains_still_sends_what_it_has_gathered_and_gathers_no_more(model: Model) -> None:
    cast = company(3)
    turn()
    stand(cast, Stance.DRAINING)
    casts.bring_in(cast.task, {"late": {"text": "where is my parcel"}})
    turn(4)
    assert Batch.objects.get().state == BatchState.ENDED
    assert Item.objects.filter(state=State.DONE).count() == 3
    assert Item.objects.get(external_id="late").state == State.READY


def test_items_wait_for_others_but_not_for_long(
    model: Model, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_BATCH_GATHER_S": 3600})
    monkeypatch.setattr(hand, "MOST_ITEMS", 5)
    cast = company(4)
    batches()
    assert not Batch.objects.exists()
    casts.bring_in(cast.task, {"one more": {"text": "where is my parcel"}})
    batches()
    assert BatchItem.objects.count() == 5
    casts.bring_in(cast.task, {"late": {"text": "where is my parcel"}})
    batches()
    assert BatchItem.objects.count() == 5
    Item.objects.filter(state=State.READY).update(run_at=timezone.now() - timedelta(seconds=3601))
    batches()
    assert BatchItem.objects.count() == 6


def test_what_a_batch_holds_stays_held_for_as_long_as_it_takes(model: Model) -> None:
    model.faults(batch_ms=600_000)
    company(5)
    turn(3)
    Item.objects.update(lease_until=timezone.now() + timedelta(seconds=5))
    batches()
    assert claims.run_out() == 0
    assert not Item.objects.filter(lease_until__lt=timezone.now() + timedelta(seconds=600)).exists()
    assert Batch.objects.get().state == BatchState.SENT


def test_a_batch_that_nobody_cares_for_lets_its_items_go_and_its_late_answers_count_for_nothing(model: Model) -> None:
    model.faults(batch_ms=600_000)
    cast = company(4)
    turn(3)
    Item.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.run_out()
    Worker.objects.update(batch=False)
    model.faults()
    work(cast.task.pk)
    assert Decision.objects.count() == 4
    Batch.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    model.faults(batch_ms=0)
    for batch in Batch.objects.all():
        found = api.Progress(batch.batch_id, "completed")
        hand.note(batch, state=BatchState.BACK, results=list(found.results), ending=found.status)
    turn(2)
    assert Decision.objects.count() == Attempt.objects.count() == 4
    assert Batch.objects.get().state == BatchState.ENDED


def test_lines_that_failed_are_tried_again_and_the_others_stand(model: Model) -> None:
    model.faults(error=0.5)
    company(30)
    turn(4)
    done = Item.objects.filter(state=State.DONE).count()
    assert 5 <= done <= 25
    assert Item.objects.filter(state=State.READY, tries=1).count() == 30 - done
    model.faults()
    until_the_end()
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}
    assert Decision.objects.count() == 30
    assert Attempt.objects.filter(outcome=Outcome.SERVER_ERROR).count() == 30 - done


@pytest.mark.parametrize("fault", ["refuse", "malformed", "break_schema", "truncate"])
def test_answers_in_a_batch_are_read_as_strictly_as_any_other(model: Model, fault: str) -> None:
    model.faults(**{fault: 1.0})
    company(4)
    until_the_end()
    assert set(Decision.objects.values_list("why", flat=True)) == {Why.NO_ANSWER}


def test_an_expired_batch_keeps_what_was_done_and_the_rest_is_tried_again_with_an_end(model: Model) -> None:
    model.faults(batch_expire=0.5)
    company(10)
    Worker.objects.get().task.__class__.objects.update(max_tries=2)
    turn(4)
    assert Item.objects.filter(state=State.DONE).count() == 5
    assert Batch.objects.get().ending == "expired"
    model.faults(batch_expire=1.0)
    until_the_end()
    assert Item.objects.filter(state=State.REVIEW).count() == 5
    assert set(Attempt.objects.exclude(outcome=Outcome.ANSWERED).values_list("outcome", flat=True)) == {Outcome.TIMEOUT}
    assert Spend.objects.get().calls == 5  # what the endpoint never got to was no call


def test_a_batch_that_the_endpoint_finds_wrong_comes_back_with_its_words(model: Model) -> None:
    model.faults(batch_fail=1.0)
    company(3)
    turn(4)
    assert Batch.objects.get().ending == "failed: The stand-in was told to refuse this batch."
    assert set(Item.objects.values_list("state", "tries")) == {(State.READY, 1)}
    assert "told to refuse" in Attempt.objects.first().detail  # type: ignore[union-attr]


def test_a_replaced_worker_has_its_batch_cancelled_and_what_was_not_answered_goes_to_the_next(model: Model) -> None:
    model.faults(batch_ms=600_000)
    cast = company(6)
    turn(3)
    setup.replace_worker(cast.worker, {"instructions": "Read twice."}, by=cast.admin.pk)
    turn(2)
    assert Batch.objects.get().cancelling
    turn(2)
    assert Batch.objects.filter(state=BatchState.ENDED, ending="cancelled").exists()
    model.faults()
    until_the_end()
    assert set(Attempt.objects.filter(outcome=Outcome.ANSWERED).values_list("worker__version", flat=True)) == {2}
    assert Decision.objects.count() == 6


def test_a_batch_that_was_not_sent_when_its_worker_was_replaced_goes_back_without_a_try(model: Model) -> None:
    cast = company(6)
    turn(1)
    setup.replace_worker(cast.worker, {"batch": False}, by=cast.admin.pk)
    turn(1)
    assert set(Item.objects.values_list("state", "tries")) == {(State.READY, 0)}
    assert model.counts()["calls"] == 0


def test_an_endpoint_without_batches_says_so_on_the_worker_and_costs_no_try(model: Model) -> None:
    company(4)
    Worker.objects.update(base_url=model.base_url + "/nothing-here")
    turn(3)
    assert Worker.objects.get().trouble.startswith("The endpoint takes no batch: 404")
    assert set(Item.objects.values_list("state", "tries")) == {(State.READY, 0)}
    assert Batch.objects.count() == 1  # it is not tried again and again
    Worker.objects.update(base_url="")
    Batch.objects.update(ended_at=F("ended_at") - timedelta(seconds=hand.REST_S))
    until_the_end()
    assert Worker.objects.get().trouble == ""


def test_while_the_endpoint_is_away_a_batch_waits_and_in_the_end_lets_go(model: Model) -> None:
    company(3)
    Worker.objects.update(base_url="http://127.0.0.1:9/v1")
    turn(3)
    batch = Batch.objects.get()
    assert (batch.state, batch.tries) == (BatchState.GATHERED, 3)
    assert "APIConnectionError" in batch.problem
    Batch.objects.update(created_at=timezone.now() - machine.UNSENT_MOST - timedelta(seconds=1))
    Worker.objects.update(batch=False)
    turn()
    assert Batch.objects.get().state == BatchState.ENDED
    assert set(Item.objects.values_list("state", "tries")) == {(State.READY, 0)}


def test_a_budget_bounds_what_a_batch_takes(model: Model) -> None:
    company(60, daily_budget=Decimal("0.5"))
    turn(4)
    assert BatchItem.objects.count() == 8  # until one call's cost is known
    turn(12)
    spend = Spend.objects.get()
    assert spend.cost <= Decimal("0.5") + spend.cost / spend.calls
    assert Item.objects.filter(state=State.READY).count() >= 20


class Killed(BaseException):
    """The process dies here."""


def dies(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, *, before: bool) -> None:
    """The next call of this function is the process's last."""
    real: Callable[..., Any] = getattr(owner, name)

    def last(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(owner, name, real)
        if not before:
            real(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(owner, name, last)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (api.Batches, "upload"),
        (api.Batches, "send"),
        (api.Batches, "look"),
        (api.Batches, "lines"),
        (api.Batches, "clear"),
        (machine, "settle"),
        (hand, "note"),
        (hand, "end"),
    ],
)
def test_a_process_may_die_anywhere_and_nothing_is_lost_or_paid_for_twice(
    model: Model, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, before: bool
) -> None:
    monkeypatch.setattr(machine, "CHUNK", 3)
    company(8)
    dies(monkeypatch, owner, name, before=before)
    deaths = 0
    for _ in range(8):
        try:
            turn()
        except Killed:
            deaths += 1
    assert deaths == 1
    assert set(Item.objects.values_list("state", "tries")) == {(State.DONE, 1)}
    assert Decision.objects.count() == Attempt.objects.count() == Spend.objects.get().calls == 8
    mark = str(Batch.objects.get().mark)
    with api.Batches(model.base_url, api_key="any") as endpoint:
        sent = [one for one in endpoint._openai.batches.list().data if (one.metadata or {}).get("slider") == mark]
    assert len(sent) == 1
