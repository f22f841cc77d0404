"""Audits: dense at first, never below the floor, drawn by a coin of exactly the recorded chance."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from slider.engine import audit
from tests.engine import exact

SECRET = b"a secret of sixteen bytes"


@pytest.mark.parametrize(
    ("lane_items", "expected"),
    [(0, 0.5), (333, 0.5), (400, 0.5), (500, 2**-1.5), (1_000, 2**-2.5), (2_700, 1 / 16), (10**9, 1 / 16)],
)
def test_audits_thin_out_to_the_floor(lane_items: int, expected: float) -> None:
    assert audit.chance(floor=1 / 16, error_limit=0.03, lane_items=lane_items) == expected


@given(
    floor=some.floats(min_value=1e-6, max_value=1.0),
    error_limit=some.floats(min_value=0.0, max_value=0.999),
    lane_items=some.integers(min_value=0, max_value=10**12),
)
def test_it_is_the_smallest_rung_that_is_enough(floor: float, error_limit: float, lane_items: int) -> None:
    got = audit.chance(floor=floor, error_limit=error_limit, lane_items=lane_items)
    wanted = max(floor, min(0.5, 5.0 / max(error_limit * lane_items, 1e-300)))
    assert got >= wanted * (1.0 - 1e-8)
    lower = [rung for rung in audit.LADDER.tolist() if rung < got]
    assert not lower or max(lower) < wanted


@pytest.mark.parametrize(
    ("named", "floor", "error_limit", "lane_items"),
    [
        ("floor", 0.0, 0.03, 10),
        ("floor", math.nan, 0.03, 10),
        ("error_limit", 0.1, 1.0, 10),
        ("error_limit", 0.1, -0.1, 10),
        ("lane_items", 0.1, 0.03, -1),
    ],
)
def test_it_refuses_what_is_out_of_range(named: str, floor: float, error_limit: float, lane_items: int) -> None:
    with pytest.raises(ValueError, match=named):
        audit.chance(floor=floor, error_limit=error_limit, lane_items=lane_items)


@pytest.mark.parametrize("chance", [1 / 64, 1 / 16, 0.5])
def test_an_item_is_audited_with_exactly_the_recorded_chance(chance: float) -> None:
    drawn = audit.draws(SECRET, range(20_000), chance=chance, epoch=1)
    assert exact.is_fair(int(drawn.sum()), n=20_000, p=chance)
    assert not exact.is_fair(int(drawn.sum()), n=20_000, p=chance * 1.3)


def test_everything_is_audited_at_chance_one() -> None:
    assert audit.draws(SECRET, range(1_000), chance=1.0, epoch=1).all()


def test_a_retry_draws_the_same_and_a_new_epoch_draws_anew() -> None:
    first, again, later = (audit.draws(SECRET, range(5_000), chance=0.5, epoch=epoch) for epoch in (1, 1, 2))
    assert np.array_equal(first, again)
    assert exact.is_fair(int((first == later).sum()), n=5_000, p=0.5)


def test_a_higher_chance_audits_the_same_items_and_more() -> None:
    few, many = (audit.draws(SECRET, range(5_000), chance=chance, epoch=1) for chance in (1 / 16, 0.5))
    assert few.sum() < many.sum()
    assert not np.any(few & ~many)


def test_it_refuses_a_lane_that_is_never_audited() -> None:
    with pytest.raises(ValueError, match="chance is 0"):
        audit.draws(SECRET, [1], chance=0.0, epoch=1)


@pytest.mark.parametrize(("chance", "least"), [(1.0, 1.0), (1.0, 1 / 16), (1 / 16, 1 / 16), (2**-0.5, 1 / 64)])
def test_the_weight_is_the_least_chance_over_the_own(chance: float, least: float) -> None:
    assert audit.LADDER[audit.weight_class(chance, least=least)] == pytest.approx(least / chance)


@pytest.mark.parametrize("chance", [0.3, 0.0, 2.0**-6.5, math.nan])
def test_a_chance_off_the_ladder_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match=r"chance"):
        audit.rung(chance)


def test_it_refuses_a_least_chance_above_the_own() -> None:
    with pytest.raises(ValueError, match="two policies"):
        audit.weight_class(1 / 16, least=0.5)
