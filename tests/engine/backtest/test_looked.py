"""Intervals that are looked at: the bounds by hand, and what a sample counts."""

import numpy as np
import pytest

from slider.engine.backtest import looked

LIMIT, DELTA = 0.05, 0.05


def passes(bound: looked.Bound, wrong: int, labels: int) -> bool:
    return bool(bound(np.array([[wrong]]), np.array([[labels]]))[0, 0])


def test_hoeffding_needs_600_labels_even_without_an_error() -> None:
    # sqrt(log(20) / 2n) <= 0.05 from n = 600 on.
    bound = looked.hoeffding(LIMIT, delta=DELTA)
    assert not passes(bound, 0, 599)
    assert passes(bound, 0, 600)


def test_clopper_pearson_needs_59_and_the_normal_curve_none() -> None:
    exact = looked.clopper_pearson(LIMIT, delta=DELTA, labels=1000)
    assert not passes(exact, 0, 58)
    assert passes(exact, 0, 59)
    assert passes(looked.normal(LIMIT, delta=DELTA), 0, 1)


@pytest.mark.parametrize(("wrong", "good"), [(5, True), (6, False)])
def test_the_bare_rate_is_compared_with_the_limit_itself(wrong: int, *, good: bool) -> None:
    assert passes(looked.no_bound(LIMIT), wrong, 100) is good
