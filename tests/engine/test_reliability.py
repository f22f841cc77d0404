"""The calibration plot: honest bins, weights for what was looked at by chance, and luck told apart from error."""

import math

import numpy as np
import pytest

from slider.engine.arrays import Floats
from slider.engine.reliability import EDGES, Reliability, reliability


def drawn(seed: int, n: int, *, off: float = 0.0) -> tuple[Floats, Floats]:
    """Chances said, and answers that are correct as often as said, less `off`."""
    rng = np.random.default_rng(seed)
    p = rng.beta(6, 1, n)
    return p, (rng.random(n) < np.clip(p - off, 0, 1)).astype(np.float64)


def judged(p: Floats, correct: Floats, *, chances: Floats | None = None, least: int = 20) -> Reliability:
    looked = np.ones(len(p)) if chances is None else chances
    return reliability(p, correct=correct > 0.5, chances=looked, delta=0.05, least=least)


def test_what_keeps_its_word_has_no_more_gap_than_luck_makes() -> None:
    gaps = [(got.gap, got.luck) for seed in range(40) for got in [judged(*drawn(seed, 600))]]
    mean_gap, mean_luck = np.mean(gaps, axis=0)
    assert mean_gap == pytest.approx(mean_luck, rel=0.15)


def test_what_promises_too_much_is_found_out() -> None:
    # The control: ten points too much are ten points of gap, far beyond luck.
    got = judged(*drawn(1, 5_000, off=0.1))
    assert got.gap == pytest.approx(0.1, abs=0.02)
    assert got.luck < 0.02


def test_weights_undo_what_the_choice_of_looks_did() -> None:
    # Of equal scores the worse half is looked at four times as often: unweighted, the bin looks too bad.
    rng = np.random.default_rng(3)
    worse = rng.random(40_000) < 0.5
    p = np.full(40_000, 0.85)
    correct = (rng.random(40_000) < np.where(worse, 0.75, 0.95)).astype(np.float64)
    chances = np.where(worse, 1.0, 0.25)
    seen = rng.random(40_000) < chances
    weighted = judged(p[seen], correct[seen], chances=chances[seen])
    unweighted = judged(p[seen], correct[seen])
    assert weighted.gap < 0.01
    assert unweighted.gap > 0.05


def test_bins_with_few_labels_are_not_known_and_count_for_nothing() -> None:
    p = np.concatenate([np.full(100, 0.6), np.full(5, 0.97)])
    got = judged(p, np.concatenate([np.arange(100) < 60, np.zeros(5)]).astype(np.float64))
    assert got.known.tolist() == [False, True, False, False, False, False, False, False]
    assert got.gap == pytest.approx(0.0)
    assert got.labels.tolist()[5] == 5


def test_the_ends_and_the_edges_have_their_bin() -> None:
    got = judged(np.array([0.0, 0.5, 0.5000001, 1.0]), np.ones(4), least=1)
    assert got.labels.tolist() == [2, 1, 0, 0, 0, 0, 0, 1]
    assert len(EDGES) == 9


def test_without_labels_nothing_is_known() -> None:
    got = judged(np.zeros(0), np.zeros(0))
    assert not got.known.any()
    assert math.isnan(got.gap)


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_it_refuses_what_is_no_chance(p: float) -> None:
    with pytest.raises(ValueError, match=r"outside 0 \.\.\. 1"):
        judged(np.array([p]), np.ones(1))
