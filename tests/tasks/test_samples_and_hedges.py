"""Samples come in one call where the endpoint can, and stragglers are asked twice: counted, paid for, within bounds."""

from decimal import Decimal
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from slider.engine.stragglers import SHARE, Stragglers
from slider.models import Attempt, Circuit, Item, Outcome, Spend, State, Worker
from tasks import caller
from tests import pumps
from tests.standin import Model

pytestmark = pytest.mark.django_db(transaction=True)
PRICED: dict[str, Any] = {"price_in": Decimal(1000), "price_out": Decimal(1000)}


@pytest.fixture(autouse=True)
def _quick(settings: Settings, monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    pumps.quick(settings, monkeypatch, SLIDER_SHIFT_S=10)


def samples() -> set[int]:
    return {len(others) + 1 for others in Attempt.objects.values_list("samples", flat=True)}


def test_an_endpoint_that_can_gives_all_samples_in_one_call(model: Model) -> None:
    cast = pumps.company(6, worker={"samples": 4, "temperature": 1.0})
    pumps.run(cast, pumps=1)
    assert (model.counts()["calls"], samples(), Spend.objects.get().calls) == (6, {4}, 6)
    assert not Circuit.objects.exists()


@pytest.mark.parametrize("fault", ["one_sample", "no_n"])
def test_one_that_can_not_is_found_out_once_and_asked_for_each_sample(model: Model, fault: str) -> None:
    model.faults(**{fault: 1.0})
    cast = pumps.company(6, worker=PRICED | {"samples": 4, "temperature": 1.0, "in_flight": 1})
    pumps.run(cast, pumps=1)
    assert samples() == {4}
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {Outcome.ANSWERED}
    wasted = 1 if fault == "no_n" else 0
    assert model.counts()["calls"] == 6 * 4 + wasted
    assert model.counts()["peak"] == 1
    spend = Spend.objects.get()
    assert spend.calls == 6 * 4 + wasted
    assert Circuit.objects.get().apart
    # Each sample's prompt is paid for: four times what one call would have taken.
    assert spend.tokens_in == sum(Attempt.objects.values_list("tokens_in", flat=True))
    one = pumps.company(1, prefix="b ", worker={"samples": 4, "temperature": 1.0})
    pumps.run(one, pumps=1)
    assert model.counts()["calls"] == 7 * 4 + wasted  # another task has heard of it


def test_a_request_that_is_refused_for_another_reason_is_not_taken_for_that(model: Model) -> None:
    cast = pumps.company(5, worker={"samples": 3, "temperature": 1.0, "in_flight": 1})
    Worker.objects.filter(pk=cast.worker.pk).update(temperature=7.0)
    pumps.run(cast, pumps=1)
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {Outcome.BAD_REQUEST}
    assert not Circuit.objects.filter(apart=True).exists()
    assert model.counts()["calls"] == 5 + 3  # found out with the first item, and not with each


def known(worker: Worker, *, took_s: float, asked: int) -> Stragglers:
    """What a process would have learnt of a worker after so many calls."""
    usual = caller._usual[worker.pk] = Stragglers()
    for _ in range(asked):
        usual.took(took_s)
    return usual


def test_a_straggler_is_asked_a_second_time_and_the_first_answer_wins(model: Model) -> None:
    cast = pumps.company(40, worker=PRICED | {"hedge": True, "in_flight": 4, "timeout_s": 4.0})
    usual = known(cast.worker, took_s=0.05, asked=400)
    model.faults(hang=0.05)
    pumps.run(cast, pumps=1)
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}
    assert 1 <= usual.hedged <= SHARE * usual.asked
    seen, paid = model.counts()["calls"], Spend.objects.get().calls
    assert seen <= paid <= seen + usual.hedged  # one that was cut off before it arrived is paid for all the same
    assert model.counts()["peak"] <= 4
    slow = Attempt.objects.filter(outcome=Outcome.TIMEOUT).count()
    assert paid == 40 + slow + usual.hedged


def test_the_call_that_was_cut_off_is_paid_for(model: Model) -> None:
    cast = pumps.company(1, worker=PRICED | {"hedge": True})
    usual = known(cast.worker, took_s=0.02, asked=400)
    model.faults(latency_ms=400)
    pumps.run(cast, pumps=1)
    assert usual.hedged == 1
    spend, attempt = Spend.objects.get(), Attempt.objects.get()
    assert (spend.calls, spend.tokens_in) == (2, 2 * attempt.tokens_in)
    assert attempt.cost is not None
    assert abs(spend.cost - attempt.cost) < Decimal("0.00001")


@pytest.mark.parametrize("worker", [{"hedge": False}, {"hedge": True, "requests_per_min": 1}])
def test_nobody_is_asked_twice_who_should_not_be(model: Model, worker: dict[str, Any]) -> None:
    cast = pumps.company(1, worker=worker)
    known(cast.worker, took_s=0.02, asked=400)
    model.faults(latency_ms=300)
    pumps.run(cast, pumps=1)
    assert model.counts()["calls"] == 1


def test_hedges_stay_a_small_share_even_where_every_call_is_slow(model: Model) -> None:
    cast = pumps.company(60, worker={"hedge": True, "in_flight": 8})
    usual = known(cast.worker, took_s=0.001, asked=40)
    model.faults(latency_ms=60)
    pumps.run(cast, pumps=1)
    assert usual.asked == 100
    assert 1 <= usual.hedged <= 5
    assert Spend.objects.get().calls == 60 + usual.hedged
    assert 60 <= model.counts()["calls"] <= 60 + usual.hedged  # one may be cut off before it arrives
