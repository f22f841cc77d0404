"""Standardised signals: what the calibration's regression sees of a row."""

from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Floats

_WIDEST = 5.0


@dataclass(frozen=True, slots=True)
class Scale:
    """What signals are standardised with, one value per signal.

    Attributes:
        mean, sd: of the rows that have the signal; sd above 0.
        missing_share: the share of rows without it: a signal that is always missing then shifts nothing.
    """

    mean: tuple[float, ...]
    sd: tuple[float, ...]
    missing_share: tuple[float, ...]


def measure(x: Floats, *, weights: Floats, start: Scale) -> Scale:
    """Measure a scale on rows.

    Args:
        x: shape (n, d), NaN for a missing signal, n >= 1.
        weights: shape (n,), above 0.
        start: kept for signals that fewer than two rows have, and for the sd of one that never varies.

    Raises:
        ValueError: the shape differs, or a value is infinite.
    """
    _check_matrix(x, len(start.mean))
    mean, sd, absent = list(start.mean), list(start.sd), []
    for column in range(x.shape[1]):
        here = ~np.isnan(x[:, column])
        absent.append(float(np.average(~here, weights=weights)))
        if here.sum() < 2:
            continue
        values, share = x[here, column], weights[here]
        mean[column] = float(np.average(values, weights=share))
        spread = float(np.sqrt(np.average((values - mean[column]) ** 2, weights=share)))
        # A constant signal tells nothing about its own scale.
        if spread > 1e-6 * max(1.0, abs(mean[column])):
            sd[column] = spread
    return Scale(mean=tuple(mean), sd=tuple(sd), missing_share=tuple(absent))


def design(x: Floats, scale: Scale) -> Floats:
    """Return the regression's rows: 1, the standardised signals, the centred indicators of missing ones.

    Args:
        x: shape (n, d), NaN for a missing signal.

    Returns:
        Shape (n, 1 + 2 d), finite. A missing signal is 0; any other counts for 5 sd at most.

    Raises:
        ValueError: the shape differs, or a value is infinite.
    """
    _check_matrix(x, len(scale.mean))
    absent = np.isnan(x)
    # One wild value must not outvote all other signals, hence the limit.
    z = np.clip((x - np.array(scale.mean)) / np.array(scale.sd), -_WIDEST, _WIDEST)
    return np.hstack([np.ones((len(x), 1)), np.where(absent, 0.0, z), absent - np.array(scale.missing_share)])


def _check_matrix(x: Floats, columns: int) -> None:
    """Raise ValueError unless x is (n, columns) without infinities."""
    if x.ndim != 2 or x.shape[1] != columns:
        raise ValueError(f"x has shape {x.shape}: give one row per item and {columns} signals (evidence.matrix).")
    if np.any(np.isinf(x)):
        row, column = np.argwhere(np.isinf(x))[0]
        raise ValueError(f"x[{row}, {column}] is {x[row, column]}: give NaN when the signal is not known.")
