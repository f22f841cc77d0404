"""What bounds calls, against real pumps: seats, silence, what an endpoint bears, requests a minute and money."""

import time
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from slider.engine.throttle import Throttle
from slider.models import Attempt, Circuit, Item, Outcome, Pump, Spend, State
from tasks import caller
from tests import pumps
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
PRICED: dict[str, Any] = {"price_in": Decimal(1000), "price_out": Decimal(1000)}


@pytest.fixture(autouse=True)
def _quick(settings: Settings, monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    pumps.quick(settings, monkeypatch)


@pytest.mark.parametrize("pumps_at_once", [1, 3])
def test_calls_at_once_are_the_workers_and_not_each_pumps(model: Model, pumps_at_once: int) -> None:
    model.faults(latency_ms=40, jitter_ms=30)
    cast = pumps.company(48, worker={"in_flight": 6})
    pumps.run(cast, pumps=pumps_at_once)
    pumps.ended(cast, 48)
    assert 5 <= model.counts()["peak"] <= 6
    assert not Pump.objects.filter(ended_at=None).exists()


def test_retry_after_is_kept_by_every_pump(model: Model) -> None:
    model.faults(rate_limit={"rate": 1.0, "retry_after_s": 1.5})
    cast = pumps.company(30)
    began: list[float] = []
    in_the_silence: list[int] = []

    def watch() -> None:
        calls = model.counts()["calls"] if not in_the_silence else 0
        if calls and not began:
            began.append(time.monotonic())
        if began and not in_the_silence and time.monotonic() > began[0] + 1.0:
            in_the_silence.append(calls)
            model.faults()

    pumps.run(cast, watch=watch)
    pumps.ended(cast, 30)
    assert 1 <= in_the_silence[0] <= 8  # those that were in the air when the first was turned away
    assert not Circuit.objects.filter(opened_at__isnull=False).exists()


def test_an_endpoint_that_becomes_ten_times_slower_is_given_less_to_do_and_then_all_of_it_again(model: Model) -> None:
    model.faults(latency_ms=100)
    cast = pumps.company(140, worker={"in_flight": 16})
    throttle = caller._throttles[cast.worker.pk] = Throttle(16)
    least: list[int] = []
    slow = [False]

    def watch() -> None:
        done = Attempt.objects.count()
        least.append(throttle.limit)
        if (30 <= done < 90) != slow[0]:
            slow[0] = not slow[0]
            model.faults(latency_ms=1000 if slow[0] else 100)  # more than a busy machine adds

    pumps.run(cast, pumps=1, watch=watch)
    pumps.ended(cast, 140)
    assert 4 <= min(least) < 16  # slow is not refused: never below a quarter
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {Outcome.ANSWERED}
    assert not Circuit.objects.exists()


def test_an_endpoint_that_bears_little_is_not_overrun(model: Model) -> None:
    model.faults(bears=4, latency_ms=40, rate_limit={"rate": 0.0, "retry_after_s": 0.05})
    cast = pumps.company(90, worker={"in_flight": 32}, max_tries=20)
    pumps.run(cast, pumps=1)
    pumps.ended(cast, 90)
    turned_away = Attempt.objects.filter(outcome=Outcome.RATE_LIMITED).count()
    assert turned_away < 80  # 28 of each 32 without a throttle: some hundreds
    assert Attempt.objects.filter(outcome=Outcome.ANSWERED).count() == 90


def test_requests_a_minute_are_kept_by_several_pumps(model: Model) -> None:
    cast = pumps.company(40, worker={"requests_per_min": 9})
    with pytest.raises(AssertionError, match="still open"):
        pumps.run(cast, pumps=3, limit_s=1.5)
    assert model.counts()["calls"] == 9
    redis.Redis.from_url(django_settings.REDIS_URL).flushdb()
    with pytest.raises(AssertionError, match="still open"):
        pumps.run(cast, pumps=1, limit_s=1)
    assert model.counts()["calls"] == 9  # this process remembers by itself what it has used
    assert Item.objects.filter(state=State.READY, tries=0).count() == 31


def test_a_budget_is_kept_by_several_pumps(model: Model) -> None:
    cast = pumps.company(60, worker=PRICED | {"daily_budget": Decimal("3.0")})
    with pytest.raises(AssertionError, match="still open"):
        pumps.run(cast, pumps=3, limit_s=1.5)
    spend = Spend.objects.get()
    a_call = spend.cost / spend.calls
    assert Decimal("3.0") - 8 * a_call <= spend.cost <= Decimal("3.0") + 8 * a_call
