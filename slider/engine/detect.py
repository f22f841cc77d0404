"""Sequential change detection: statistics that grow when labels speak of a change, updated many labels at a time."""

import numpy as np

from slider.engine.arrays import Bools, Floats

CHUNK = 128
_MOST = 600.0


def shiryaev_roberts(level: Floats, factors: Floats, *, present: Bools) -> Floats:
    """Carry a Shiryaev-Roberts statistic over a run of labels: R <- (R + 1) * factor, label by label.

    The promise: when each factor, given all before, has a mean of at most 1 (no change), R minus the number of
    labels is a supermartingale, so the mean number of labels from R = 0 until R first reaches A is at least A (the
    average run length); from R = r it is at least A - r. The same holds of a mean of several such statistics over
    the same labels, and when R is read only now and then. It needs no guess of when the change came.

    Args:
        level: shape (..., J), the statistic so far, 0 or more. It is cut off at 1e100.
        factors: shape (..., n, J), the likelihood ratio or bet of each label, above 0.
        present: shape (..., n), False where there is no label.

    Returns:
        Shape (..., J).

    Source: Roberts, Technometrics 8 (1966); Shin, Ramdas, Rinaldo, "E-detectors", NEJSDS 2023.
    """
    for start in range(0, factors.shape[-2], CHUNK):
        here = present[..., start : start + CHUNK, None]
        logs = np.cumsum(np.where(here, np.log(factors[..., start : start + CHUNK, :]), 0.0), axis=-2)
        # R_n = P_n (R_0 + sum of 1 / P_(s-1) over the labels s), with P the running product.
        before = np.concatenate([np.zeros_like(logs[..., :1, :]), logs[..., :-1, :]], axis=-2)
        entered = np.where(here, np.exp(np.clip(-before, -_MOST, _MOST)), 0.0).sum(axis=-2)
        level = np.exp(np.clip(logs[..., -1, :], -_MOST, 100.0)) * (level + entered)
        level = np.minimum(level, 1e100)
    return level


def cusum(level: Floats, steps: Floats, *, present: Bools) -> Floats:
    """Carry a CUSUM in logarithms over a run of labels: g <- max(g, 0) + step.

    The promise: when each exp(step), given all before, has a mean of at most 1, the mean number of labels until
    g first reaches log(A) is at least A (Lorden, Annals of Mathematical Statistics 42, 1971): exp(g) is never above
    the Shiryaev-Roberts statistic of the same steps. For a mean of several exp(g) it is at least A - 1, since each
    begins at 1; for the largest of J of them only A / J.

    Args:
        level: shape (..., J), the statistic so far. Below 0 it counts as 0.
        steps: shape (..., n, J), log-likelihood ratios.
        present: shape (..., n), False where there is no label.

    Returns:
        Shape (..., J).
    """
    for start in range(0, steps.shape[-2], CHUNK):
        here = np.where(present[..., start : start + CHUNK, None], steps[..., start : start + CHUNK, :], 0.0)
        walk = np.cumsum(here, axis=-2)
        before = np.concatenate([np.zeros_like(walk[..., :1, :]), walk[..., :-1, :]], axis=-2)
        # Either the level has never been reset, or it was at the lowest point so far.
        level = walk[..., -1, :] + np.maximum(np.maximum(level, 0.0), -before.min(axis=-2))
    return level
