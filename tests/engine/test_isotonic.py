"""The rising curve: it rises, keeps the mass, is the closest one, and never says never."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from slider.engine import isotonic
from slider.engine.arrays import Floats

PAIRS = some.lists(some.tuples(some.floats(0.0, 1.0), some.floats(0.1, 20.0)), min_size=1, max_size=30)


def closest_rising(rates: Floats, weights: Floats) -> Floats:
    """Return the same projection by its min-max formula: slow, and written down differently."""

    def mean(a: int, b: int) -> float:
        return float(np.average(rates[a:b], weights=weights[a:b]))

    n = len(rates)
    return np.array([max(min(mean(a, b) for b in range(i + 1, n + 1)) for a in range(i + 1)) for i in range(n)])


@given(PAIRS)
def test_pooling_is_the_closest_rising_sequence(pairs: list[tuple[float, float]]) -> None:
    rates, weights = np.array(pairs).T
    pooled = isotonic.pool(rates, weights=weights)
    assert np.allclose(pooled, closest_rising(rates, weights))


def test_it_leaves_a_rising_sequence_alone() -> None:
    rates = np.array([0.1, 0.2, 0.2, 0.9])
    assert isotonic.pool(rates, weights=np.ones(4)).tolist() == rates.tolist()


def test_the_curve_rises_and_stays_inside() -> None:
    rng = np.random.default_rng(7)
    scores = np.round(rng.standard_normal(1_000), 1)
    correct = (rng.random(1_000) < 0.95).astype(np.float64)
    knots, rates = isotonic.curve(scores, correct=correct, weights=np.ones(1_000), model=np.full(1_000, 0.9))
    assert np.all(np.diff(knots) > 0.0)
    assert np.all(np.diff(rates) >= 0.0)
    assert 0.0 < rates[0] <= rates[-1] < 1.0


def test_a_bin_without_an_error_does_not_say_never() -> None:
    scores, ones = np.linspace(0.0, 1.0, 50), np.ones(50)
    _, rates = isotonic.curve(scores, correct=ones, weights=ones, model=np.full(50, 0.8))
    assert np.allclose(rates, (25 + 2 * 0.8) / 27)


def test_tied_scores_share_one_rate() -> None:
    correct = np.array([1.0] * 60 + [0.0] * 40)
    knots, rates = isotonic.curve(np.zeros(100), correct=correct, weights=np.ones(100), model=np.full(100, 0.6))
    assert knots.tolist() == [0.0]
    assert np.allclose(rates, 0.6)
