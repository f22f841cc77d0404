"""Change detection: the run length that is promised, and that many labels at once are the labels one by one."""

import numpy as np
import pytest

from slider.engine import detect
from slider.engine.arrays import Bools, Floats
from tests.engine import exact

RUNS, LABELS = 600, 500
LINE = 2_000.0
ERROR = 0.05


def bets(wrong: Bools, *, times: float = 3.0) -> Floats:
    """Likelihood ratios for an error `times` as large as ERROR, shape (..., 1)."""
    ratios: Floats = np.where(wrong, times, (1.0 - times * ERROR) / (1.0 - ERROR))[..., None]
    return ratios


def one_by_one(level: Floats, factors: Floats, present: Bools, *, by_sum: bool) -> Floats:
    for place in range(factors.shape[-2]):
        here, factor = present[..., place, None], factors[..., place, :]
        new = (level + 1.0) * factor if by_sum else np.maximum(level, 0.0) + np.log(factor)
        level = np.where(here, new, level)
    return level


@pytest.mark.parametrize("size", [1, detect.CHUNK, 3 * detect.CHUNK + 7])
def test_many_labels_at_once_are_the_labels_one_by_one(size: int) -> None:
    rng = np.random.default_rng(1)
    factors = np.exp(rng.normal(0.0, 0.7, (6, size, 2)))
    present = rng.random((6, size)) < 0.7
    level = rng.random((6, 2)) * 5.0
    sums = detect.shiryaev_roberts(level, factors, present=present)
    assert np.allclose(sums, one_by_one(level, factors, present, by_sum=True))
    best = detect.cusum(level, np.log(factors), present=present)
    slow = one_by_one(level, factors, present, by_sum=False)
    # A level below 0 counts as 0, whether or not a label follows.
    assert np.allclose(np.maximum(best, 0.0), np.maximum(slow, 0.0))


def an_adversary_below_the_limit(rng: np.random.Generator) -> Bools:
    """Errors that come at the limit when luck was good, and not at all when it was bad: never above the limit."""
    wrong, chance = np.zeros((RUNS, LABELS), dtype=np.bool_), rng.random((RUNS, LABELS))
    for place in range(LABELS):
        lucky = wrong[:, max(0, place - 20) : place].sum(axis=1) <= 2
        wrong[:, place] = chance[:, place] < np.where(lucky, ERROR, 0.0)
    return wrong


def fired(factors: Floats, *, by_sum: bool) -> int:
    """Count the runs in which the statistic reaches the line, looked at after every label."""
    level, ever = np.zeros((len(factors), 1)), np.zeros(len(factors), dtype=np.bool_)
    here = np.ones((len(factors), 1), dtype=np.bool_)
    for place in range(factors.shape[1]):
        one = factors[:, place : place + 1]
        if by_sum:
            level = detect.shiryaev_roberts(level, one, present=here)
            ever |= level[:, 0] >= LINE
        else:
            level = detect.cusum(level, np.log(one), present=here)
            ever |= level[:, 0] >= np.log(LINE)
    return int(ever.sum())


@pytest.mark.parametrize("by_sum", [True, False])
def test_a_false_alarm_within_n_labels_has_a_chance_of_n_over_the_line(*, by_sum: bool) -> None:
    # That is the promise of the run length, for every n: the level less the number of labels is a supermartingale.
    rng = np.random.default_rng(2)
    for wrong in (rng.random((RUNS, LABELS)) < ERROR, an_adversary_below_the_limit(rng)):
        assert exact.keeps(fired(bets(wrong), by_sum=by_sum), n=RUNS, p=LABELS / LINE)


@pytest.mark.parametrize("by_sum", [True, False])
def test_labels_that_are_heard_twice_break_it(*, by_sum: bool) -> None:
    # The control: the second hearing of a label is no new evidence.
    wrong = np.random.default_rng(2).random((RUNS, LABELS)) < ERROR
    assert not exact.keeps(fired(bets(wrong) ** 2, by_sum=by_sum), n=RUNS, p=LABELS / LINE)


def test_a_change_is_found_whenever_it_comes() -> None:
    rng = np.random.default_rng(3)
    for before in (0, 400):
        wrong = np.concatenate([rng.random((RUNS, before)) < ERROR, rng.random((RUNS, 200)) < 5.0 * ERROR], axis=1)
        assert fired(bets(wrong), by_sum=True) > 0.9 * RUNS


def test_it_stays_finite_and_comes_back() -> None:
    here = np.ones((1, 50_000), dtype=np.bool_)
    high = detect.shiryaev_roberts(np.zeros((1, 1)), bets(here), present=here)
    assert high.tolist() == [[1e100]]
    low = detect.shiryaev_roberts(high, bets(~here), present=here)
    assert 0.0 < low[0, 0] < 20.0
    assert np.isfinite(detect.cusum(np.zeros((1, 1)), np.log(bets(here)), present=here)).all()


def test_without_labels_nothing_moves() -> None:
    nobody = np.zeros((2, 30), dtype=np.bool_)
    level = np.array([[3.0], [7.0]])
    assert detect.shiryaev_roberts(level, bets(nobody), present=nobody).tolist() == level.tolist()
    assert detect.cusum(level, np.log(bets(nobody)), present=nobody).tolist() == level.tolist()
    empty = np.zeros((2, 0), dtype=np.bool_)
    assert detect.cusum(level, np.log(bets(empty)), present=empty).tolist() == level.tolist()
