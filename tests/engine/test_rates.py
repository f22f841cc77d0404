"""Rates by known coins: the interval holds whatever the answers are, and an unweighted one does not."""

import numpy as np
import pytest

from slider.engine import rates
from slider.engine.arrays import Bools, Floats, Ints
from tests.engine import exact

DELTA, REPLAYS = 0.1, 400


def one(chances: Floats, wrong: Bools) -> rates.Rates:
    sets = np.zeros(len(chances), dtype=np.int64)
    return rates.rates(rates.table(sets, chances=chances, wrong=wrong, size=1), delta=DELTA)


def nasty_set(rng: np.random.Generator) -> tuple[Bools, Floats]:
    """2,000 items in a fixed order, the errors in one burst and where looks are rare: no draw is like the last."""
    wrong = np.zeros(2_000, dtype=np.bool_)
    wrong[1_700:1_860] = True
    chances = np.where(np.arange(2_000) < 1_000, 0.5, 0.125)
    return wrong, chances


def missed(errors: list[tuple[float, float]], *, truth: float) -> int:
    return sum(not low <= truth <= high for low, high in errors)


def test_the_interval_holds_for_a_fixed_set_of_any_answers() -> None:
    rng = np.random.default_rng(5)
    wrong, chances = nasty_set(rng)
    found, control = [], []
    for _ in range(REPLAYS):
        seen = rng.random(2_000) < chances
        got = one(chances[seen], wrong[seen])
        found.append((float(got.lower[0]), float(got.upper[0])))
        # The control: the same labels with equal weights and the normal interval that everybody knows.
        n, rate = int(seen.sum()), float(wrong[seen].mean())
        half = 1.645 * (rate * (1 - rate) / n) ** 0.5
        control.append((rate - half, rate + half))
    truth = float(wrong.mean())
    assert exact.keeps(missed(found, truth=truth), n=REPLAYS, p=DELTA)
    assert not exact.keeps(missed(control, truth=truth), n=REPLAYS, p=DELTA)


def test_the_interval_holds_for_few_labels_and_rare_errors() -> None:
    rng = np.random.default_rng(6)
    wrong = np.arange(1_000) < 10
    chances = np.full(1_000, 1 / 16)
    found, control = [], []
    for _ in range(REPLAYS):
        seen = rng.random(1_000) < chances
        got = one(chances[seen], wrong[seen])
        found.append((float(got.lower[0]), float(got.upper[0])))
        n, rate = int(seen.sum()), float(wrong[seen].mean())
        half = 1.645 * (rate * (1 - rate) / n) ** 0.5
        control.append((rate - half, rate + half))
    assert exact.keeps(missed(found, truth=0.01), n=REPLAYS, p=DELTA)
    assert not exact.keeps(missed(control, truth=0.01), n=REPLAYS, p=DELTA)


def test_the_rate_weighs_by_what_a_label_stands_for() -> None:
    # 100 of 100 looked at, 10 wrong; 100 of 400 looked at, none wrong: 10 of 500 were wrong.
    chances = np.repeat([1.0, 0.25], 100)
    assert one(chances, np.arange(200) < 10).error[0] == pytest.approx(10 / 500)


def test_a_set_without_labels_says_nothing() -> None:
    empty = rates.table(np.zeros(0, dtype=np.int64), chances=np.zeros(0), wrong=np.zeros(0, dtype=np.bool_), size=2)
    got = rates.rates(empty, delta=DELTA)
    assert np.isnan(got.error).all()
    assert (got.lower == 0.0).all()
    assert (got.upper == 1.0).all()


def test_no_sets_at_all_are_no_error() -> None:
    nothing = rates.table(np.zeros(0, dtype=np.int64), chances=np.zeros(0), wrong=np.zeros(0, dtype=np.bool_))
    assert rates.rates(nothing, delta=DELTA).error.shape == (0,)


def test_rows_may_stand_for_many_labels() -> None:
    sets, chances = np.array([0, 0, 1]), np.array([0.25, 0.5, 0.5])
    wrong = np.array([True, False, False])
    by_count = rates.table(sets, chances=chances, wrong=wrong, count=np.array([2, 30, 4]))
    times: Ints = np.array([2, 30, 4])
    one_by_one = rates.table(np.repeat(sets, times), chances=np.repeat(chances, times), wrong=np.repeat(wrong, times))
    assert (by_count.wrong == one_by_one.wrong).all()
    assert (by_count.right == one_by_one.right).all()
    assert by_count.labels.tolist() == [32, 4]


def test_each_set_weighs_against_its_own_least_chance() -> None:
    got = rates.table(np.array([0, 1]), chances=np.array([1.0, 1 / 64]), wrong=np.array([True, True]))
    assert got.wrong[:, 0].tolist() == [1, 1]


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.1, 1 / 128, float("nan")])
def test_a_chance_off_the_ladder_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="chances holds a value"):
        rates.table(np.array([0]), chances=np.array([chance]), wrong=np.array([True]))


@pytest.mark.parametrize("delta", [0.0, 1.0, float("nan")])
def test_a_chance_to_miss_that_is_none_is_refused(delta: float) -> None:
    with pytest.raises(ValueError, match="delta"):
        rates.rates(rates.table(np.array([0]), chances=np.array([1.0]), wrong=np.array([True])), delta=delta)
