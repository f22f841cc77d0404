"""A fallback: asked by the rules of a profile alone, paid for, and never trusted as if it had evidence of its own."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from slider.engine import calibration
from slider.flow import circuits, sentinels
from slider.llm.records import Outcome as CallOutcome
from slider.models import Attempt, Decision, Item, Lane, Outcome, Pulse, Score, Spend, State, Why, Worker
from tests import casts, pumps
from tests.standin import Model, model_of

pytestmark = pytest.mark.django_db(transaction=True)
PRICED: dict[str, Any] = {"price_in": Decimal(1000), "price_out": Decimal(1000)}


@pytest.fixture(autouse=True)
def _quick(settings: Settings, monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    pumps.quick(settings, monkeypatch)


@pytest.fixture(scope="module")
def _second() -> Iterator[Model]:
    with model_of(seed=2) as found:
        yield found


@pytest.fixture
def second(_second: Model) -> Model:
    """Another endpoint, without faults."""
    _second.faults()
    return _second


def company(second: Model, count: int, *, on: list[str], **worker: Any) -> tuple[casts.Company, Worker]:
    """A task with a worker and, at another endpoint, its fallback."""
    cast = pumps.company(count, worker=PRICED | {"fallback_on": on, "fallback_after_s": 1} | worker)
    given = {"model": "standin-1", "instructions": "Say its topic.", "samples": 1, "in_flight": 4, "timeout_s": 5.0}
    other = Worker.objects.create(
        task=cast.task, name="second reader", rung=2, base_url=second.base_url, **given, **PRICED
    )
    return cast, other


def opened() -> None:
    """The breaker of the first worker's endpoint is open."""
    key = circuits.Key(django_settings.ENV.OPENAI_BASE_URL, "standin-1")
    circuits.note(key, [circuits.News(CallOutcome.SERVER_ERROR, "500")] * 8, known=circuits.Standing())


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("refuse", "refused"),
        ("truncate", "too_long"),
        ("malformed", "unusable"),
        ("break_schema", "unusable"),
        ("empty", "unusable"),
    ],
)
def test_where_the_first_gives_nothing_the_fallback_answers_and_people_decide(
    model: Model, second: Model, fault: str, rule: str
) -> None:
    model.faults(**{fault: 1.0})
    cast, other = company(second, 4, on=[rule])
    pumps.run(cast, pumps=1)
    for decision in Decision.objects.select_related("attempt__worker"):
        assert decision.attempt is not None
        assert (decision.lane, decision.why, decision.rank) == (Lane.PEOPLE, Why.FALLBACK, None)
        assert (decision.attempt.worker, decision.attempt.outcome) == (other, Outcome.ANSWERED)
        assert decision.attempt.instead_of == rule
        assert "second reader v1" in decision.detail
    assert Decision.objects.count() == Attempt.objects.count() == 4


def test_without_a_rule_for_it_nobody_else_is_asked(model: Model, second: Model) -> None:
    model.faults(refuse=1.0)
    cast, _ = company(second, 4, on=["too_long", "out"])
    pumps.run(cast, pumps=1)
    assert second.counts()["calls"] == 0
    assert set(Decision.objects.values_list("why", flat=True)) == {Why.NO_ANSWER}


def test_both_are_paid_for_each_by_its_own_purse(model: Model, second: Model) -> None:
    model.faults(malformed=1.0)
    cast, other = company(second, 5, on=["unusable"])
    pumps.run(cast, pumps=1)
    own, others = Spend.objects.get(worker=cast.worker), Spend.objects.get(worker=other)
    assert own.calls == others.calls == 5
    assert min(own.cost, others.cost) > 0
    paid = sum((attempt.cost or Decimal(0) for attempt in Attempt.objects.all()), Decimal(0))
    assert abs(own.cost + others.cost - paid) < Decimal("0.00001")


def test_a_fallback_that_gives_nothing_either_leaves_the_first_outcome(model: Model, second: Model) -> None:
    model.faults(refuse=1.0)
    second.faults(malformed=1.0)
    cast, _ = company(second, 3, on=["refused"])
    pumps.run(cast, pumps=1)
    assert set(Attempt.objects.values_list("outcome", "instead_of")) == {(Outcome.REFUSED, "")}
    assert Spend.objects.count() == 2


def test_a_fallback_whose_budget_is_spent_is_not_asked(model: Model, second: Model) -> None:
    model.faults(refuse=1.0)
    cast, other = company(second, 25, on=["refused"], in_flight=1)
    Worker.objects.filter(pk=other.pk).update(daily_budget=Decimal("0.0001"))
    pumps.run(cast, pumps=1)
    assert second.counts()["calls"] <= 8  # the first calls of a day are taken on trust, until one's cost is known
    assert Decision.objects.filter(why=Why.NO_ANSWER).count() >= 17


def test_while_the_endpoint_is_out_the_fallback_works_and_the_first_takes_over_again(
    model: Model, second: Model
) -> None:
    model.faults(error=1.0)
    second.faults(latency_ms=300)
    cast, other = company(second, 60, on=["out"])
    opened()

    def watch() -> None:
        if Attempt.objects.filter(worker=other).count() >= 6:
            model.faults()

    pumps.run(cast, pumps=1, watch=watch)
    by_fallback = Decision.objects.filter(attempt__worker=other)
    assert by_fallback.count() >= 6
    assert set(by_fallback.values_list("lane", "why", "attempt__instead_of")) == {(Lane.PEOPLE, Why.FALLBACK, "out")}
    own = Decision.objects.filter(attempt__worker=cast.worker)
    assert own.count() >= 10
    assert set(own.values_list("lane", flat=True)) == {Lane.UNATTENDED}
    assert second.counts()["peak"] <= 4
    assert Item.objects.filter(state=State.READY).count() == 0


def test_a_short_outage_is_waited_for(model: Model, second: Model) -> None:
    cast, _ = company(second, 10, on=["out"], fallback_after_s=60)
    opened()
    pumps.run(cast, pumps=1)
    assert second.counts()["calls"] == 0
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}


def test_a_fallback_with_a_wrong_model_says_so_itself_and_stands_in_no_more(model: Model, second: Model) -> None:
    model.faults(error=1.0)
    cast, other = company(second, 12, on=["out"])
    Worker.objects.filter(pk=other.pk).update(model="no-such-model")
    opened()

    def watch() -> None:
        if Worker.objects.filter(pk=other.pk).exclude(trouble="").exists():
            model.faults()
            Item.objects.filter(state=State.READY).update(run_at="2020-01-01T00:00:00Z")

    pumps.run(cast, pumps=1, watch=watch)
    assert "no-such-model" in Worker.objects.get(pk=other.pk).trouble
    assert Worker.objects.get(pk=cast.worker.pk).trouble == ""
    assert second.counts()["calls"] <= 8
    assert set(Item.objects.values_list("state", flat=True)) == {State.DONE}


def test_what_a_fallback_says_is_no_habit_of_the_task_and_is_scored_by_no_evidence(model: Model, second: Model) -> None:
    model.faults(refuse=1.0)
    cast, _ = company(second, 4, on=["refused"])
    casts.calibrate(cast.task, p_correct=0.99)
    before = sentinels.remembered(Pulse.objects.filter(task=cast.task).first())
    pumps.run(cast, pumps=1)
    assert sentinels.remembered(Pulse.objects.filter(task=cast.task).first()).to_json() == before.to_json()
    assert not Score.objects.filter(p_correct__gt=0.9).exists()
    assert set(Score.objects.values_list("calibration", flat=True)) == {calibration.prior().key}
