"""The penalised logistic regression under the calibration."""

import numpy as np

from slider.engine.arrays import Floats

LEVEL_RIDGE = 0.5
"""Precision of the prior on the intercept."""

SIGNAL_RIDGE = 4.0
"""Precision of the prior on every other coefficient, per sd: about as strong as 16 labels."""

STEPS = 50


def maximise(design: Floats, *, y: Floats, weights: Floats, centre: Floats) -> Floats:
    """Return the coefficients of the penalised logistic regression.

    Maximises sum_i w_i log P(y_i) - 1/2 sum_j ridge_j (beta_j - centre_j)**2 by Newton's method, halving a
    step that does not improve it: strictly concave, so there is one maximum, also when one kind of label is
    absent.

    Args:
        design: shape (n, d), the first column all ones.
        y: shape (n,), 0 or 1.
        weights: shape (n,), 0 or more.
        centre: shape (d,), what the coefficients are pulled towards.
    """
    ridge = np.full(design.shape[1], SIGNAL_RIDGE)
    ridge[0] = LEVEL_RIDGE

    def loss(beta: Floats) -> float:
        score = design @ beta
        fit: Floats = weights * (np.logaddexp(0.0, score) - y * score)
        return float(fit.sum() + 0.5 * (ridge * (beta - centre) ** 2).sum())

    beta, now = centre.copy(), loss(centre)
    for _ in range(STEPS):
        p = logistic(design @ beta)
        slope = design.T @ (weights * (p - y)) + ridge * (beta - centre)
        bend = (design * (weights * p * (1.0 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(bend, slope)
        while (after := loss(beta - step)) > now and np.abs(step).max() > 1e-9:
            step = step / 2.0
        if after > now or np.abs(step).max() <= 1e-9:
            break
        beta, now = beta - step, after
    return beta


def logistic(score: Floats) -> Floats:
    """Return 1 / (1 + e**-score) without overflow, kept strictly inside (0, 1)."""
    p: Floats = 0.5 * (1.0 + np.tanh(0.5 * score))
    return np.clip(p, 1e-12, 1.0 - 1e-12)
