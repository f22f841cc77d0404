"""Differences of shares: coverage computed over all outcomes, at the corners too, where a textbook's gives way."""

import numpy as np
import pytest

from slider.engine.arrays import Bools, Floats
from slider.engine.difference import Difference, difference
from slider.engine.proportion import share
from tests.engine import exact

DELTA = 0.05
GRID = [0.001, 0.01, 0.03, 0.07, 0.15, 0.3, 0.5, 0.7, 0.85, 0.93, 0.97, 0.99, 0.999]
Ends = tuple[Floats, Floats]


def chances(n: int, p: float) -> Floats:
    return np.exp([exact.log_pmf(k, n=n, p=p) for k in range(n + 1)])


def ours(m: int, n: int) -> Ends:
    found = [[difference((a, m), (b, n), delta=DELTA) for b in range(n + 1)] for a in range(m + 1)]
    return np.array([[one.lower for one in row] for row in found]), np.array(
        [[one.upper for one in row] for row in found]
    )


def newcombes(m: int, n: int) -> Ends:
    """Newcombe's method 10: Wilson's intervals, squared and added."""

    def wilson(cases: int) -> tuple[Floats, Floats, Floats]:
        p, z = np.arange(cases + 1) / cases, 1.959964
        middle = (p + z * z / 2 / cases) / (1 + z * z / cases)
        half = z * np.sqrt(p * (1 - p) / cases + z * z / 4 / cases**2) / (1 + z * z / cases)
        return p, middle - half, middle + half

    (p, low, high), (q, least, most) = wilson(m), wilson(n)
    apart = p[:, None] - q
    lower = apart - np.hypot((p - low)[:, None], most - q)
    return lower, apart + np.hypot((high - p)[:, None], q - least)


def worst(m: int, n: int, ends: Ends) -> float:
    """The smallest chance over the grid that the interval holds the difference."""
    firsts, seconds = {p: chances(m, p) for p in GRID}, {q: chances(n, q) for q in GRID}

    def inside(true: float) -> Bools:
        found: Bools = (ends[0] - 1e-12 <= true) & (true <= ends[1] + 1e-12)
        return found

    return min(float(firsts[p] @ inside(p - q) @ seconds[q]) for p in GRID for q in GRID)


@pytest.mark.parametrize(("m", "n"), [(5, 5), (8, 25), (12, 12), (30, 6)])
def test_it_holds_the_difference_at_every_corner(m: int, n: int) -> None:
    assert worst(m, n, ours(m, n)) >= 1.0 - DELTA


@pytest.mark.parametrize(("m", "n"), [(5, 5), (12, 12), (8, 25)])
def test_newcombes_interval_does_not(m: int, n: int) -> None:
    assert worst(m, n, newcombes(m, n)) < 0.92


def test_it_is_little_wider_than_what_many_cases_need() -> None:
    found = difference((1200, 2000), (400, 2000), delta=DELTA)
    half = 1.96 * np.sqrt(0.6 * 0.4 / 2000 + 0.2 * 0.8 / 2000)
    assert found.value == pytest.approx(0.4)
    assert half < 0.4 - found.lower < 1.2 * half
    assert half < found.upper - 0.4 < 1.2 * half


def test_turned_round_it_is_the_same() -> None:
    one, other = difference((7, 9), (2, 30), delta=DELTA), difference((2, 30), (7, 9), delta=DELTA)
    assert (one.lower, one.upper) == (-other.upper, -other.lower)


def test_with_one_side_nearly_known_it_is_near_that_of_the_other() -> None:
    found, alone = difference((6, 20), (0, 4000), delta=DELTA), share(6, 20, delta=DELTA)
    assert found.lower <= alone.lower
    assert found.upper - found.lower < 1.4 * (alone.upper - alone.lower)


def test_of_nothing_nothing_is_known() -> None:
    assert difference((0, 0), (3, 9), delta=DELTA) == Difference(None, -1.0, 1.0)
    assert difference((0, 9), (0, 0), delta=DELTA) == Difference(None, -1.0, 1.0)


def test_the_ends_are_reached() -> None:
    assert difference((9, 9), (0, 9), delta=DELTA).upper == 1.0
    assert difference((0, 9), (9, 9), delta=DELTA).lower == -1.0


@pytest.mark.parametrize("counts", [(3, 2), (-1, 3), (0.5, 3)])
def test_it_refuses_counts_that_are_none(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="hits"):
        difference(counts, (1, 2), delta=DELTA)
    with pytest.raises(ValueError, match="delta"):
        difference((1, 2), (1, 2), delta=0.0)
