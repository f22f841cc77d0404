"""Missed errors: the bound holds at every look, and says nothing without known answers."""

import numpy as np
import pytest

from slider.engine import reviewers
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
