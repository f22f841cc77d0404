"""Promises in replays: the product's rule keeps its own where every cut is just above the limit, others do not."""

from functools import cache

import pytest

from bench.streams import Kind, Made
from slider.engine.backtest import baselines, planted
from slider.engine.backtest.measures import Measures, measure
from slider.engine.backtest.people import People
from slider.engine.backtest.replay import replay
from tests.engine import exact

LIMIT, DELTA = 0.03, 0.05
NULL = Kind(flat=0.0302)
REPLAYS, ITEMS = 60, 4000


@cache
def run(rule: str, kind: Kind = NULL, *, people: People | None = None, told: bool = False) -> Measures:
    """Replay a rule. `told`: misses are bounded by known answers."""
    people = people or People()
    given = baselines.Setting(replays=REPLAYS, items=ITEMS, limit=LIMIT, delta=DELTA, people=people)
    if told:
        given = planted.with_known_answers(given, seed=3)
    record = replay(
        Made(kind, replays=REPLAYS, seed=3),
        baselines.RULES[rule](given),
        items=ITEMS,
        people=people,
        limit=LIMIT,
        seed=3,
    )
    return measure(record, limit=LIMIT)


@pytest.mark.parametrize("rule", ["guarded", "ltt", "ltt-sequence", "selective", "hoeffding"])
def test_a_rule_with_a_promise_keeps_it_where_nothing_may_open(rule: str) -> None:
    assert exact.keeps(run(rule).broken.found, n=REPLAYS, p=DELTA)


@pytest.mark.parametrize("rule", ["conformal", "clopper-pearson", "normal", "naive", "fixed"])
def test_a_rule_without_one_breaks_it(rule: str) -> None:
    assert not exact.keeps(run(rule).broken.found, n=REPLAYS, p=DELTA)


def test_errors_that_are_judged_late_do_not_flatter() -> None:
    late = People(delay_wrong=900.0, longest=3000.0)
    assert exact.keeps(run("guarded", people=late).broken.found, n=REPLAYS, p=DELTA)
    assert not exact.keeps(run("clopper-pearson", people=late).broken.found, n=REPLAYS, p=DELTA)


def test_errors_that_reviewers_miss_are_made_up_for_by_known_answers() -> None:
    slack = People(miss=0.4)
    assert exact.keeps(run("guarded", people=slack, told=True).broken.found, n=REPLAYS, p=DELTA)
    # The control: the same reviewers, taken at their word.
    assert not exact.keeps(run("guarded", people=slack).broken.found, n=REPLAYS, p=DELTA)


def test_a_task_that_is_far_better_than_its_limit_opens_and_stays_open() -> None:
    # The other side: a rule that never opens keeps every promise.
    good = run("guarded", Kind(flat=0.004))
    assert good.share > 0.9
    assert good.broken.found == 0
    assert good.first_open < 1500
    assert good.audits > ITEMS / 64
