"""The order of a file: exact chances, a kept false alarm rate, and sorted files that are noticed."""

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from slider.engine import order
from tests.engine import exact

RUNS = 2_000
LEVEL = 0.05


@pytest.mark.parametrize(("n", "high"), [(7, 3), (8, 4), (6, 1), (9, 7)])
def test_the_chance_of_so_few_runs_is_exact(n: int, high: int) -> None:
    every = [_marks(n, places) for places in combinations(range(n), high)]
    counts = Counter(order.runs(marks).runs for marks in every)
    for marks in every:
        found = order.runs(marks)
        as_few = sum(count for runs, count in counts.items() if runs <= found.runs)
        assert found.p == pytest.approx(as_few / len(every))
    mean = sum(runs * count for runs, count in counts.items()) / len(every)
    assert order.runs(every[0]).expected == pytest.approx(mean)


def _marks(n: int, places: tuple[int, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    marks = np.zeros(n, dtype=np.bool_)
    marks[list(places)] = True
    return marks


@pytest.mark.parametrize("share", [0.5, 0.05])
def test_a_file_in_random_order_is_called_sorted_no_more_often_than_said(share: float) -> None:
    rng = np.random.default_rng(20)
    alarms = 0
    for _ in range(RUNS):
        tests = [order.runs(rng.random(300) < share), *(_of_a_signal(rng) for _ in range(4))]
        alarms += order.is_sorted(tests, level=LEVEL)
    assert exact.keeps(alarms, n=RUNS, p=LEVEL)
    assert alarms > 0


def _of_a_signal(rng: np.random.Generator) -> order.Runs:
    return order.runs(order.above_the_middle(np.round(rng.normal(size=300), 1)))


def test_without_the_share_for_each_test_the_rate_would_be_broken() -> None:
    rng = np.random.default_rng(20)
    alarms = 0
    for _ in range(RUNS):
        alarms += min(_of_a_signal(rng).p for _ in range(5)) <= LEVEL
    assert not exact.keeps(alarms, n=RUNS, p=LEVEL)


def test_a_sorted_file_is_always_noticed() -> None:
    rng = np.random.default_rng(3)
    for _ in range(100):
        marks = np.sort(rng.random(300) < 0.05)
        assert order.is_sorted([order.runs(marks)], level=1e-3)


def test_a_file_in_blocks_is_noticed() -> None:
    blocks = np.tile(np.repeat([True, False], 10), 20)
    assert order.runs(blocks).p < 1e-6


def test_a_file_that_alternates_is_not_called_sorted() -> None:
    assert order.runs(np.tile([True, False], 100)).p == pytest.approx(1.0)


@pytest.mark.parametrize("marks", [[], [True], [False] * 50, [True] * 50])
def test_one_kind_of_mark_says_nothing(marks: list[bool]) -> None:
    assert order.runs(np.array(marks, dtype=np.bool_)).p == 1.0


def test_missing_values_are_left_out_of_the_marks() -> None:
    marks = order.above_the_middle(np.array([np.nan, 1.0, 2.0, np.nan, 3.0]))
    assert marks.tolist() == [False, False, True]
    assert order.above_the_middle(np.full(3, np.nan)).size == 0


def test_a_hundred_thousand_rows_are_no_trouble() -> None:
    marks = np.random.default_rng(1).random(100_000) < 0.5
    assert 0 < order.runs(marks).p <= 1
    assert order.runs(np.sort(marks)).p < 1e-300 or order.runs(np.sort(marks)).p == 0.0
