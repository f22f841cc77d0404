"""The regression: it stands on its maximum, and what is pulled stays where nothing is known."""

import numpy as np
import pytest

from slider.engine import regression
from slider.engine.arrays import Floats


def rows(n: int) -> tuple[Floats, Floats, Floats]:
    """Return a design, labels and weights."""
    rng = np.random.default_rng(8)
    design = np.column_stack([np.ones(n), rng.standard_normal((n, 2))])
    y = (rng.random(n) < regression.logistic(design @ np.array([1.0, 2.0, -1.0]))).astype(np.float64)
    return design, y, rng.uniform(0.3, 2.0, n)


@pytest.mark.parametrize("far", [0.6, 30.0, -30.0])
def test_the_slope_is_zero_where_it_ends_however_far_it_starts(far: float) -> None:
    design, y, weights = rows(400)
    centre = np.array([0.0, far, far])
    beta = regression.maximise(design, y=y, weights=weights, centre=centre)
    ridge = np.array([regression.LEVEL_RIDGE, regression.SIGNAL_RIDGE, regression.SIGNAL_RIDGE])
    slope = design.T @ (weights * (regression.logistic(design @ beta) - y)) + ridge * (beta - centre)
    assert np.abs(slope).max() < 1e-6


def test_it_finds_the_coefficients_of_many_rows() -> None:
    design, y, weights = rows(50_000)
    beta = regression.maximise(design, y=y, weights=weights, centre=np.zeros(3))
    assert beta == pytest.approx([1.0, 2.0, -1.0], abs=0.08)


def test_labels_of_one_kind_stay_finite() -> None:
    design, _, weights = rows(100)
    beta = regression.maximise(design, y=np.ones(100), weights=weights, centre=np.zeros(3))
    assert np.all(np.isfinite(beta))
    assert 1.0 < beta[0] < 10.0


def test_a_column_that_says_nothing_keeps_its_centre() -> None:
    design, y, weights = rows(400)
    design[:, 2] = 0.0
    beta = regression.maximise(design, y=y, weights=weights, centre=np.array([0.0, 0.6, 0.6]))
    assert beta[2] == pytest.approx(0.6)


def test_the_logistic_never_reaches_its_ends() -> None:
    p = regression.logistic(np.array([-1e9, -1.0, 0.0, 1.0, 1e9]))
    assert np.all((p > 0.0) & (p < 1.0))
    assert p[1] + p[3] == pytest.approx(1.0)
