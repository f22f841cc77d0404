"""Nines: the error said as a number of nines."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from slider.engine import bounds, nines

DELTA = 0.05


@pytest.mark.parametrize(("error", "said"), [(1.0, 0.0), (0.1, 1.0), (0.01, 2.0), (0.003, 2.5229), (1e-5, 5.0)])
def test_it_counts_nines(error: float, said: float) -> None:
    assert nines.nines(error) == pytest.approx(said, abs=1e-4)


def test_no_error_is_infinitely_many() -> None:
    assert nines.nines(0.0) == math.inf


def test_it_never_says_minus_zero() -> None:
    assert math.copysign(1.0, nines.nines(1.0)) == 1.0


@pytest.mark.parametrize("error", [-0.1, 1.1, math.nan, math.inf])
def test_it_refuses_what_is_no_share(error: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        nines.nines(error)


@pytest.mark.parametrize("count", [0.0, 1.0, 2.5, 4.0])
def test_it_comes_back_from_nines(count: float) -> None:
    assert nines.nines(nines.error_of(count)) == pytest.approx(count)


@pytest.mark.parametrize("count", [-1.0, math.nan])
def test_it_refuses_fewer_than_no_nines(count: float) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        nines.error_of(count)


def runs(target: float, *, error: float, labels: int, seed: int) -> float:
    """The share of 300 seeded runs in which the bound is down at the target after so many labels."""
    wrong = np.random.default_rng(seed).binomial(labels, error, 300)[:, np.newaxis]
    return float((bounds.upper_error(wrong, labels - wrong, delta=DELTA) <= target + 1e-9).mean())


@pytest.mark.parametrize(("target", "error"), [(0.1, 0.04), (0.05, 0.01), (0.01, 0.004)])
def test_about_half_of_the_runs_are_there_by_then_and_nine_of_ten_by_twice_as_many(target: float, error: float) -> None:
    needed = int(nines.labels_for(target, error=error, delta=DELTA))
    assert 0.35 < runs(target, error=error, labels=needed, seed=7) < 0.75
    assert runs(target, error=error, labels=2 * needed, seed=8) > 0.85
    # The control: half as many are too few.
    assert runs(target, error=error, labels=needed // 2, seed=9) < 0.35


def test_without_errors_the_estimate_is_exact() -> None:
    needed = int(nines.labels_for(0.01, error=0.0, delta=DELTA))
    assert bounds.upper_error([0], [needed], delta=DELTA) <= 0.01 + 1e-9
    assert bounds.upper_error([0], [needed - 1], delta=DELTA) > 0.01


def test_each_nine_costs_about_ten_times_the_last() -> None:
    costs = [nines.labels_for(10.0**-n, error=0.3 * 10.0**-n, delta=DELTA) for n in (1, 2, 3)]
    assert [round(b / a) for a, b in itertools.pairwise(costs)] == [11, 10]


def test_what_is_known_already_is_taken_off() -> None:
    alone = nines.labels_for(0.02, error=0.005, delta=DELTA)
    after = nines.labels_for(0.02, error=0.005, delta=DELTA, wrong=[1], right=[199])
    assert after == pytest.approx(alone - 200, abs=2)
    assert nines.labels_for(0.02, error=0.005, delta=DELTA, wrong=[0], right=[900]) == 0.0


def test_an_error_above_the_target_is_never_certified() -> None:
    for error in (0.02, 0.03, 1.0):
        assert nines.labels_for(0.02, error=error, delta=DELTA) == math.inf


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"target": 0.0}, "target"),
        ({"error": math.nan}, "error"),
        ({"delta": 1.0}, "delta"),
        ({"wrong": [-1]}, "negative"),
        ({"wrong": [1, 2]}, "weight classes"),
    ],
)
def test_it_refuses_what_is_out_of_range(changed: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"target": 0.01, "error": 0.001, "delta": DELTA} | changed
    with pytest.raises(ValueError, match=words):
        nines.labels_for(given.pop("target"), **given)
