"""How well a score ranks, and the question whether the labels are the wrong way round."""

import numpy as np
import pytest

from slider.engine import ranking
from slider.engine.arrays import Bools, Floats
from tests.engine import exact

RUNS = 2_000


def drawn(rng: np.random.Generator, n: int, slope: float) -> tuple[Floats, Bools]:
    scores = np.round(rng.normal(size=n), 1)
    return scores, rng.random(n) < 1 / (1 + np.exp(-1.5 - slope * scores))


def test_it_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(1)
    scores, correct = drawn(rng, 120, 1.0)
    pairs = scores[correct][:, None] - scores[~correct][None, :]
    value = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert ranking.auroc(scores, correct).value == pytest.approx(value)


def test_the_other_reading_is_its_mirror() -> None:
    scores, correct = drawn(np.random.default_rng(2), 300, 1.0)
    one, other = ranking.auroc(scores, correct), ranking.auroc(scores, ~correct)
    assert (one.value, one.low) == pytest.approx((1 - other.value, 1 - other.high))


def test_a_blind_score_is_asked_about_hardly_ever() -> None:
    rng = np.random.default_rng(3)
    asked = sum(ranking.auroc(*drawn(rng, 300, 0.0)).looks_flipped for _ in range(RUNS))
    assert exact.keeps(asked, n=RUNS, p=0.001)


@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_a_flipped_convention_is_noticed(slope: float) -> None:
    rng = np.random.default_rng(4)
    noticed = 0
    for _ in range(200):
        scores, correct = drawn(rng, 600, slope)
        noticed += ranking.auroc(scores, ~correct).looks_flipped
        assert not ranking.auroc(scores, correct).looks_flipped
    assert noticed == 200


def test_a_handful_of_one_kind_is_no_reason_to_ask() -> None:
    scores = np.arange(100.0)
    assert not ranking.auroc(scores, scores > 8).looks_flipped
    assert not ranking.auroc(-scores, scores > 8).looks_flipped
    assert ranking.auroc(-scores, scores > 9).looks_flipped


def test_labels_of_one_kind_leave_everything_open() -> None:
    found = ranking.auroc(np.arange(5.0), np.ones(5, dtype=np.bool_))
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


def test_an_answer_that_is_missing_ranks_below_every_other() -> None:
    scores = np.array([-np.inf, -np.inf, 1.0, 2.0])
    assert ranking.auroc(scores, np.array([False, False, True, True])).value == 1.0


def test_it_refuses_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        ranking.auroc(np.array([np.nan]), np.array([True]))
