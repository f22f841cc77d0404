"""Bounds: the promise itself, measured over seeded replays with a look after every label, and its control."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from slider.engine import audit, bounds
from slider.engine.arrays import Bools, Ints
from tests.engine import exact

DELTA = 0.05
REPLAYS, LABELS = 400, 500


def paths(wrong: Bools, *, classes: Ints) -> tuple[Ints, Ints]:
    """Return counts of wrong and right labels after each label: (replays, labels, weight classes)."""
    hot = np.arange(classes.max() + 1) == classes[..., None]
    return np.cumsum(hot & wrong[..., None], axis=1), np.cumsum(hot & ~wrong[..., None], axis=1)


def clopper_pearson_breaks(wrong: Bools, *, error: float) -> Bools:
    """Say in which replays a Clopper-Pearson upper bound, looked at after every label, was ever below `error`.

    It is below exactly when P(Binomial(n, error) <= wrong labels) <= delta.
    """
    most = np.full(wrong.shape[1], -1)
    for n in range(1, wrong.shape[1] + 1):
        k = max(int(most[n - 2]) if n > 1 else -1, -1)
        while exact.at_most(k + 1, n=n, p=error) <= DELTA:
            k += 1
        most[n - 1] = k
    return np.asarray((np.cumsum(wrong, axis=1) <= most).any(axis=1))


@pytest.mark.parametrize("error", [0.02, 0.2])
def test_the_upper_bound_holds_at_every_look(error: float) -> None:
    rng = np.random.default_rng(1)
    wrong = rng.random((REPLAYS, LABELS)) < error
    counts = paths(wrong, classes=np.zeros((REPLAYS, LABELS), dtype=np.int64))
    broken = (bounds.upper_error(*counts, delta=DELTA) < error).any(axis=1)
    assert exact.keeps(int(broken.sum()), n=REPLAYS, p=DELTA)
    # The control: an interval made for one look, looked at after every label, breaks the same promise.
    assert not exact.keeps(int(clopper_pearson_breaks(wrong, error=error).sum()), n=REPLAYS, p=DELTA)


@pytest.mark.parametrize("error", [0.02, 0.2])
def test_the_lower_bound_holds_at_every_look(error: float) -> None:
    rng = np.random.default_rng(2)
    wrong = rng.random((REPLAYS, LABELS)) < error
    counts = paths(wrong, classes=np.zeros((REPLAYS, LABELS), dtype=np.int64))
    broken = (bounds.lower_error(*counts, delta=DELTA) > error).any(axis=1)
    assert exact.keeps(int(broken.sum()), n=REPLAYS, p=DELTA)
    # The control: 1 - error of right answers, by the same interval made for one look.
    assert not exact.keeps(int(clopper_pearson_breaks(~wrong, error=1.0 - error).sum()), n=REPLAYS, p=DELTA)


def test_the_wealth_holds_under_an_adversary_who_keeps_to_the_limit() -> None:
    # The next label's chance of error may depend on all that came before, as long as it is never below the limit.
    rng, limit = np.random.default_rng(3), 0.1
    chance = rng.random((REPLAYS, LABELS))
    wrong = np.zeros((REPLAYS, LABELS), dtype=np.bool_)
    for t in range(LABELS):
        lucky = wrong[:, :t].sum(axis=1) < limit * t
        wrong[:, t] = chance[:, t] < np.where(lucky, limit, 2 * limit)
    counts = paths(wrong, classes=np.zeros((REPLAYS, LABELS), dtype=np.int64))
    broken = (bounds.log_wealth(*counts, error_limit=limit) >= -math.log(DELTA)).any(axis=1)
    assert exact.keeps(int(broken.sum()), n=REPLAYS, p=DELTA)


def test_weights_keep_the_promise_where_one_half_is_seldom_looked_at() -> None:
    # The half that is seldom looked at is the worse one: its labels alone would flatter the cut.
    rng, limit = np.random.default_rng(4), 0.05
    seldom = rng.random((REPLAYS, 4 * LABELS)) < 0.5
    wrong = rng.random(seldom.shape) < np.where(seldom, 0.09, 0.01)
    seen = rng.random(seldom.shape) < np.where(seldom, 0.25, 1.0)
    # c = 1/4 is the least chance in force: the seldom half has weight 1, the other 1/4 (class 4).
    steps = np.where(seldom, audit.weight_class(0.25, least=0.25), audit.weight_class(1.0, least=0.25))
    hot = (np.arange(5) == steps[..., None]) & seen[..., None]
    wrongs, rights = np.cumsum(hot & wrong[..., None], axis=1), np.cumsum(hot & ~wrong[..., None], axis=1)
    look = slice(None, None, 4)
    target = -math.log(DELTA)
    weighted = bounds.log_wealth(wrongs[:, look], rights[:, look], error_limit=limit) >= target
    assert exact.keeps(int(weighted.any(axis=1).sum()), n=REPLAYS, p=DELTA)
    # The control: the same labels counted alike.
    flat = [counts[:, look].sum(axis=-1, keepdims=True) for counts in (wrongs, rights)]
    unweighted = bounds.log_wealth(*flat, error_limit=limit) >= target
    assert not exact.keeps(int(unweighted.any(axis=1).sum()), n=REPLAYS, p=DELTA)


@pytest.mark.parametrize(("wrong", "right", "upper"), [(0, 300, 0.0137), (3, 297, 0.0351), (30, 2970, 0.0164)])
def test_the_upper_bound_is_as_tight_as_measured(wrong: int, right: int, upper: float) -> None:
    assert bounds.upper_error([wrong], [right], delta=DELTA) == pytest.approx(upper, abs=1e-4)


@given(
    wrong=some.lists(some.integers(0, 200), min_size=3, max_size=3),
    right=some.lists(some.integers(0, 5_000), min_size=3, max_size=3),
)
def test_the_upper_bound_is_where_the_wealth_reaches_its_target(wrong: list[int], right: list[int]) -> None:
    upper = float(bounds.upper_error(wrong, right, delta=DELTA))
    assert float(bounds.lower_error(wrong, right, delta=DELTA)) <= upper
    if upper < 0.999:
        assert wide_wealth(wrong, right, upper) >= -math.log(DELTA) - 1e-9
        assert wide_wealth(wrong, right, upper * (1.0 - 1e-6)) < -math.log(DELTA)


def wide_wealth(wrong: list[int], right: list[int], limit: float) -> float:
    """The upper bound's wealth, written out: one product a stake."""
    weights = audit.LADDER[: len(wrong)]
    stakes = bounds.WIDE_THETA / (1.0 - limit)
    logs = np.log(bounds.WIDE_OMEGA)
    logs = logs + (np.array(wrong) @ np.log1p(-np.outer(weights, stakes) * (1.0 - limit)))
    logs = logs + (np.array(right) @ np.log1p(np.outer(weights, stakes) * limit))
    return float(np.logaddexp.reduce(logs))


def test_nothing_is_known_without_labels() -> None:
    nobody = np.zeros((4, audit.STEPS), dtype=np.int64)
    assert bounds.log_wealth(nobody, nobody, error_limit=0.03) == pytest.approx(np.zeros(4), abs=1e-12)
    assert bounds.upper_error(nobody, nobody, delta=DELTA).tolist() == [1.0] * 4
    assert bounds.lower_error(nobody, nobody, delta=DELTA).tolist() == [0.0] * 4


def test_only_wrong_labels_leave_the_upper_bound_at_one() -> None:
    assert bounds.upper_error([50], [0], delta=DELTA) == 1.0
    assert bounds.lower_error([0], [50], delta=DELTA) == 0.0


def test_each_row_has_its_own_limit() -> None:
    limits = np.array([0.02, 0.2])
    both = bounds.log_wealth([[1], [1]], [[99], [99]], error_limit=limits)
    assert both.tolist() == [float(bounds.log_wealth([1], [99], error_limit=limit)) for limit in limits]


def test_it_stays_finite_for_a_million_labels() -> None:
    assert math.isfinite(float(bounds.log_wealth([500_000], [500_000], error_limit=0.001)))
    # The smallest stake is 0.1, so the bound comes no closer to the error than 5 % of it or so.
    assert 0.5 < float(bounds.upper_error([500_000], [500_000], delta=DELTA)) < 0.53


@pytest.mark.parametrize("limit", [0.0, 1.0, -0.1, math.nan])
def test_it_refuses_a_limit_at_the_ends(limit: float) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        bounds.log_wealth([1], [1], error_limit=limit)


@pytest.mark.parametrize("delta", [0.0, 1.0, math.nan])
def test_it_refuses_a_delta_at_the_ends(delta: float) -> None:
    with pytest.raises(ValueError, match="delta"):
        bounds.upper_error([1], [1], delta=delta)


@pytest.mark.parametrize(
    ("wrong", "right"), [([-1], [1]), ([0.5], [1]), ([math.nan], [1]), ([1], [1, 2]), ([1] * 14, [1] * 14)]
)
def test_it_refuses_what_are_no_counts(wrong: list[float], right: list[float]) -> None:
    with pytest.raises(ValueError, match=r"negative|whole number|shape"):
        bounds.log_wealth(wrong, right, error_limit=0.03)
