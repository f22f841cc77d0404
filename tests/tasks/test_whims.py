"""An endpoint's whims against real pumps: every item ends, limits and money are kept, and recovery takes seconds."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django.fixtures import Settings

from slider.flow import circuits
from slider.llm.records import Outcome as CallOutcome
from slider.models import Attempt, Circuit, Decision, Item, Lane, Outcome, Spend, State, Worker
from tests import casts, pumps
from tests.standin import Model

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
PRICED: dict[str, Any] = {"price_in": Decimal(1000), "price_out": Decimal(1000)}


@pytest.fixture(autouse=True)
def _quick(settings: Settings, monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    pumps.quick(settings, monkeypatch)


class Clockwork:
    """Lets the endpoint's whims end after a while, and measures how long it takes until it is used again."""

    def __init__(self, model: Model, *, for_s: float) -> None:
        self._model, self._ends_at = model, time.monotonic() + for_s
        self.well_at: float | None = None
        self.answered_after_s: float | None = None
        self.calls_while_ill = 0
        self.wall: datetime | None = None

    def heal(self) -> None:
        self._model.faults()

    def __call__(self) -> None:
        if self.well_at is None and time.monotonic() >= self._ends_at:
            self.calls_while_ill = self._model.counts()["calls"]
            self.wall = timezone.now()
            self.heal()
            self.well_at = time.monotonic()
        elif self.well_at is not None and self.answered_after_s is None and self._is_used():
            self.answered_after_s = time.monotonic() - self.well_at

    def _is_used(self) -> bool:
        return Attempt.objects.filter(outcome=Outcome.ANSWERED, created_at__gt=self.wall).exists()


def test_a_storm_of_429s_ends_and_every_item_with_it_inside_the_budget(model: Model) -> None:
    model.faults(rate_limit={"rate": 0.8, "retry_after_s": 0.02}, latency_ms=10)
    cast = pumps.company(40, worker=PRICED | {"daily_budget": Decimal(6)}, max_tries=10)

    class Storm(Clockwork):
        """It ends when so many calls were made, however fast this machine is."""

        def __call__(self) -> None:
            if self.well_at is None and model.counts()["calls"] >= 30:
                self._ends_at = 0.0
            super().__call__()

    storm = Storm(model, for_s=10_000)
    pumps.run(cast, watch=storm)
    pumps.ended(cast, 40)
    assert storm.answered_after_s is not None
    assert storm.answered_after_s < 2
    assert Attempt.objects.filter(outcome=Outcome.RATE_LIMITED).count() >= 15
    spend = Spend.objects.get()
    paid = sum((attempt.cost or Decimal(0) for attempt in Attempt.objects.all()), Decimal(0))
    assert spend.calls == Attempt.objects.count()  # each refusal was a call, and none of them cost anything
    assert abs(spend.cost - paid) < Decimal("0.0001")
    assert 1 < spend.cost <= 6


def test_an_endpoint_that_hangs_costs_few_calls_and_is_used_again_within_seconds(model: Model) -> None:
    model.faults(hang=1.0)
    cast = pumps.company(60, worker={"timeout_s": 0.2})
    clock = Clockwork(model, for_s=1.2)
    pumps.run(cast, watch=clock)
    pumps.ended(cast, 60)
    assert clock.answered_after_s is not None
    assert clock.answered_after_s < 2  # a fifth of the ten seconds that are promised, as all waits are
    assert clock.calls_while_ill < 32  # a fifth of a second each at 8 at once would be 48
    assert not Decision.objects.filter(why="no_answer").exists()
    assert Circuit.objects.get().opened_at is None


@contextmanager
def standin(port: int) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-m", "slider.llm.standin", "--port", str(port), "--seed", "1"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def test_an_endpoint_that_dies_and_comes_back_is_used_again_within_seconds(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/v1"
    settings.ENV = settings.ENV.model_copy(update={"OPENAI_BASE_URL": address})
    cast = pumps.company(40)
    dead: list[Any] = []
    monkeypatch.undo()  # the real waits

    class Death(Clockwork):
        def __call__(self) -> None:
            if not dead and Attempt.objects.filter(outcome=Outcome.ANSWERED).count() >= 10:
                running.__exit__(None, None, None)
                dead.append(True)
                self._ends_at = time.monotonic() + 1.2
            super().__call__()

        def heal(self) -> None:
            running.__enter__()

    class Running:
        """The process at that address; it may be entered again after its death."""

        def __enter__(self) -> None:
            self._inner = standin(port)
            self._inner.__enter__()

        def __exit__(self, *_: object) -> None:
            self._inner.__exit__(None, None, None)

    running = Running()
    model = Model(address)
    clock = Death(model, for_s=10_000)
    clock.__dict__["_model"] = Quiet(address)
    with running:
        model.faults(latency_ms=100)
        pumps.run(cast, watch=clock)
    pumps.ended(cast, 40)
    assert dead
    assert clock.answered_after_s is not None
    assert clock.answered_after_s < 10
    assert not Decision.objects.filter(why="no_answer").exists()


class Quiet(Model):
    """An endpoint that nobody asks for its counts: it is dead."""

    def counts(self) -> dict[str, int]:
        return {"calls": 0}


def test_nothing_leaves_unattended_on_garbage(model: Model) -> None:
    """The slider is wide open on trial: whatever could run unattended would."""
    model.faults(html=0.2, empty=0.25, malformed=0.4, break_schema=1.0)
    cast = pumps.company(150)
    clock = Clockwork(model, for_s=0.8)
    pumps.run(cast, watch=clock)
    pumps.ended(cast, 150)
    assert clock.wall is not None
    ill = Attempt.objects.filter(created_at__lt=clock.wall)
    assert len(set(ill.values_list("outcome", flat=True))) >= 3
    assert not Decision.objects.filter(attempt__in=ill, lane=Lane.UNATTENDED).exists()
    assert Decision.objects.filter(lane=Lane.UNATTENDED).exists()  # the control: what came afterwards did leave
    # Twenty in a row and the breaker opens: those, the sixteen in the air and the probes; people's desks stay dry.
    assert ill.count() < 75


@pytest.mark.parametrize("fault", [{"gibberish": 1.0}, {}])
def test_nonsense_in_an_answer_that_the_schema_allows_goes_to_people(model: Model, fault: dict[str, float]) -> None:
    model.faults(**fault)
    cast = pumps.company(12, output_schema=REPLY)
    pumps.run(cast, pumps=1)
    pumps.ended(cast, 12)
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {Outcome.ANSWERED}
    left = Decision.objects.filter(lane=Lane.UNATTENDED).count()
    assert left == (0 if fault else 12)


REPLY: dict[str, Any] = {
    "type": "object",
    "properties": {"topic": {"type": "string", "enum": list(casts.TOPICS)}, "reply": {"type": "string"}},
    "required": ["topic", "reply"],
    "additionalProperties": False,
}


def test_what_is_waiting_when_a_breaker_opens_loses_no_try(model: Model) -> None:
    model.faults(error=1.0)
    cast = pumps.company(60)
    clock = Clockwork(model, for_s=1)
    pumps.run(cast, watch=clock)
    pumps.ended(cast, 60)
    failed = Attempt.objects.exclude(outcome=Outcome.ANSWERED)
    assert failed.count() < 40
    assert not Decision.objects.filter(why="no_answer").exists()


def test_a_breaker_stands_in_postgresql_and_an_emptied_redis_changes_nothing(model: Model) -> None:
    model.faults(error=1.0)
    key = circuits.Key(django_settings.ENV.OPENAI_BASE_URL, "standin-1")
    circuits.note(key, [circuits.News(CallOutcome.SERVER_ERROR, "500")] * 8, known=circuits.Standing())
    redis.Redis.from_url(django_settings.REDIS_URL).flushdb()
    cast = pumps.company(20)
    clock = Clockwork(model, for_s=0.8)
    pumps.run(cast, watch=clock)
    assert clock.calls_while_ill <= 4  # probes: a tenth of a second after the first, then 0.1, 0.2, 0.4 apart
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}


def test_another_worker_version_inherits_the_breaker_but_a_second_endpoint_does_not(model: Model) -> None:
    cast = pumps.company(4)
    elsewhere = circuits.Key("http://127.0.0.1:9/v1", "standin-1")
    circuits.note(elsewhere, [circuits.News(CallOutcome.SERVER_ERROR, "500")] * 8, known=circuits.Standing())
    pumps.run(cast, pumps=1)
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}
    assert Worker.objects.get().trouble == ""
