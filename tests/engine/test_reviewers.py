"""Missed errors: the bound holds at every look, and says nothing without known answers."""

import numpy as np
import pytest

from slider.engine import bounds, reviewers
from slider.engine.arrays import Bools
from tests.engine import exact

DELTA, MISS, REPLAYS = 0.05, 0.1, 400


def test_the_bound_is_hardly_ever_below_the_miss_rate_however_often_one_looks() -> None:
    missed = np.cumsum(np.random.default_rng(1).random((REPLAYS, 300)) < MISS, axis=1)
    planted = np.broadcast_to(np.arange(1, 301), missed.shape)
    looks = slice(9, None, 10)
    broken = (reviewers.miss_upper(missed[:, looks], planted[:, looks], delta=DELTA) < MISS).any(axis=1)
    assert exact.keeps(int(broken.sum()), n=REPLAYS, p=DELTA)
    # The control: the bare rate, looked at as often.
    assert not exact.keeps(int((missed / planted < MISS)[:, looks].any(axis=1).sum()), n=REPLAYS, p=DELTA)


def test_more_known_answers_bring_it_closer() -> None:
    few, many = reviewers.miss_upper(np.array([5, 50]), np.array([50, 500]), delta=DELTA)
    assert MISS < many < few < 0.4


def test_nothing_is_known_without_known_answers() -> None:
    assert float(reviewers.miss_upper(0, 0, delta=DELTA)) == 1.0


@pytest.mark.parametrize(("missed", "planted"), [(2, 1), (-1, 3), (0.5, 3)])
def test_it_refuses_counts_that_are_none(missed: float, planted: int) -> None:
    with pytest.raises(ValueError, match="missed"):
        reviewers.miss_upper(missed, planted, delta=DELTA)


LIMIT, TASKS, LOOKS, EACH = 0.2, 200, 80, 20
MISSES = 0.3


def opened(*, delta: float, forget: bool, measure: bool) -> Bools:
    """Tasks exactly at their limit, whose reviewers miss a share: those that are opened once reviewers are measured.

    A look comes after 20 labels and a known wrong answer, and tests at what the bound leaves of the limit. `forget` is
    whether the best wealth is forgotten where the limit becomes stricter, as `kept.from_json` does.
    """
    rng = np.random.default_rng(8)
    wrong = np.cumsum(rng.binomial(EACH, LIMIT * (1.0 - MISSES), size=(TASKS, LOOKS)), axis=1)
    missed = np.cumsum(rng.random((TASKS, LOOKS)) < MISSES, axis=1)
    best, tested, ever = np.zeros(TASKS), np.full(TASKS, LIMIT), np.zeros(TASKS, dtype=np.bool_)
    for look in range(LOOKS):
        judged = look + 1
        known = np.array([reviewers.is_measured(int(one), judged) for one in missed[:, look]]) & measure
        miss = reviewers.miss_upper(missed[:, look], np.full(TASKS, judged), delta=delta * reviewers.PART)
        now = np.where(known, LIMIT * (1.0 - np.minimum(miss, reviewers.MOST)), LIMIT)
        labels = (look + 1) * EACH
        wealth = bounds.log_wealth(wrong[:, look, None], labels - wrong[:, look, None], error_limit=now)
        best = np.maximum(np.where(forget & (now < tested), 0.0, best), wealth)
        tested = now
        part = np.where(known, 1.0 - reviewers.PART, 1.0)
        ever |= (best >= -np.log(delta * part)) & (known | (not measure))
    return ever


def test_a_limit_that_moves_with_what_is_known_of_reviewers_keeps_the_promise() -> None:
    delta = 0.1
    assert exact.keeps(int(opened(delta=delta, forget=True, measure=True).sum()), n=TASKS, p=delta)
    # The controls: wealth from before the reviewers were measured; and reviewers who are taken to catch everything.
    assert not exact.keeps(int(opened(delta=delta, forget=False, measure=True).sum()), n=TASKS, p=delta)
    assert not exact.keeps(int(opened(delta=delta, forget=True, measure=False).sum()), n=TASKS, p=delta)


def test_a_few_known_answers_replace_no_assumption_and_a_few_missed_ones_do() -> None:
    assert not reviewers.is_measured(0, reviewers.LEAST_JUDGED - 1)
    assert not reviewers.is_measured(2, 5)
    assert reviewers.is_measured(0, reviewers.LEAST_JUDGED)
    assert reviewers.is_measured(3, 3)
    assert float(reviewers.miss_upper(0, reviewers.LEAST_JUDGED, delta=0.05 * reviewers.PART)) < 0.25
