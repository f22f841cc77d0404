"""Shares of known answers: the interval holds the true share as often as it says, also where nearly all are right."""

import numpy as np
import pytest

from slider.engine.proportion import share
from tests.engine import exact

DELTA, RUNS = 0.05, 200


@pytest.mark.parametrize(("true", "cases"), [(0.95, 30), (0.8, 60), (0.5, 12), (0.99, 200)])
def test_simulated_reviewers_of_known_accuracy_lie_inside(true: float, cases: int) -> None:
    hits = np.random.default_rng(int(true * 100)).binomial(cases, true, size=RUNS)
    found = [share(int(hit), cases, delta=DELTA) for hit in hits]
    assert exact.keeps(sum(not one.lower <= true <= one.upper for one in found), n=RUNS, p=DELTA)


def test_the_textbooks_interval_does_not() -> None:
    true, cases = 0.95, 30
    rate = np.random.default_rng(95).binomial(cases, true, size=RUNS) / cases
    around = 1.96 * np.sqrt(rate * (1.0 - rate) / cases)
    assert not exact.keeps(int((np.abs(rate - true) > around).sum()), n=RUNS, p=DELTA)


def test_it_is_where_the_tails_are_half_of_delta() -> None:
    found = share(3, 20, delta=DELTA)
    assert exact.at_most(3, n=20, p=found.upper) == pytest.approx(DELTA / 2)
    assert exact.at_least(3, n=20, p=found.lower) == pytest.approx(DELTA / 2)


def test_the_ends_are_reached() -> None:
    none, all_of_them = share(0, 20, delta=DELTA), share(20, 20, delta=DELTA)
    assert (none.lower, all_of_them.upper) == (0.0, 1.0)
    assert none.upper == pytest.approx(1.0 - all_of_them.lower) == pytest.approx(1.0 - 0.025 ** (1 / 20))


def test_of_nothing_nothing_is_known() -> None:
    found = share(0, 0, delta=DELTA)
    assert (found.value, found.lower, found.upper) == (None, 0.0, 1.0)


def test_it_stays_exact_where_there_are_many() -> None:
    found = share(99_000, 100_000, delta=DELTA)
    assert 0.9893 < found.lower < 0.99 < found.upper < 0.9907


@pytest.mark.parametrize(("hits", "of"), [(2, 1), (-1, 3), (0.5, 3)])
def test_it_refuses_counts_that_are_none(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="hits"):
        share(hits, of, delta=DELTA)
