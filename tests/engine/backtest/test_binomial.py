"""Exact tails: against sums by hand, and far out where products underflow."""

import math

import numpy as np
import pytest

from slider.engine.backtest import binomial
from tests.engine import exact


@pytest.mark.parametrize(("limit", "chance"), [(0.03, 0.05), (0.5, 0.1), (0.01, 0.001)])
def test_the_most_wrong_labels_are_those_of_the_exact_test(limit: float, chance: float) -> None:
    most = binomial.most_wrong(900, limit=limit, chance=chance)
    for n in (1, 2, 57, 99, 100, 299, 900):
        passing = [f for f in range(n + 1) if exact.at_most(f, n=n, p=limit) <= chance]
        assert most[n] == (passing[-1] if passing else -1), n


def test_without_an_error_the_rule_of_three_is_met() -> None:
    # (1 - a)^n <= delta: 99 labels at 3 %.
    most = binomial.most_wrong(99, limit=0.03, chance=0.05)
    assert most[98] == -1
    assert most[99] == 0


def test_many_labels_change_nothing_about_exactness() -> None:
    most = int(binomial.most_wrong(50_000, limit=0.05, chance=0.05)[-1])
    sd = math.sqrt(50_000 * 0.05 * 0.95)
    assert 2_500 - 1.75 * sd < most < 2_500 - 1.55 * sd
    assert exact.at_most(most, n=50_000, p=0.05) <= 0.05 < exact.at_most(most + 1, n=50_000, p=0.05)


def test_the_lower_tail_is_the_sum() -> None:
    wrong, labels = np.array([[0, 3], [10, 10]]), np.array([[20, 20], [10, 400]])
    expected = [
        [exact.at_most(int(f), n=int(n), p=0.1) for f, n in zip(*pair, strict=True)]
        for pair in zip(wrong, labels, strict=True)
    ]
    assert np.allclose(binomial.lower_tail(wrong, labels, rate=0.1), expected)


def test_it_refuses_a_limit_that_is_none() -> None:
    with pytest.raises(ValueError, match="limit"):
        binomial.most_wrong(10, limit=0.0, chance=0.05)
