"""The array types of the engine and the checks at its doors."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def check_fraction(value: float, name: str) -> float:
    """Return `value` as a float, or raise ValueError unless it lies in [0, 1] (NaN does not)."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} is {value!r}: give a share between 0 and 1 (80 % is 0.8).")
    return float(value)


def check_inside(value: float, name: str) -> float:
    """Return `value` as a float, or raise ValueError unless it lies strictly between 0 and 1."""
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} is {value!r}: give a number strictly between 0 and 1.")
    return float(value)


def check_length(array: npt.NDArray[np.generic], length: int, name: str) -> None:
    """Raise ValueError unless `array` is one-dimensional with `length` entries."""
    if array.shape != (length,):
        raise ValueError(f"{name} has shape {array.shape}: give one value per row, shape ({length},).")


def check_counts(counts: npt.ArrayLike, name: str) -> Ints:
    """Return `counts` as int64, or raise ValueError when one is negative, fractional or not finite."""
    array = np.asarray(counts)
    if array.dtype.kind not in "iu":
        whole = np.asarray(counts, dtype=np.float64)
        if not np.all(np.isfinite(whole)) or np.any(whole != np.floor(whole)):
            raise ValueError(f"{name} holds a value that is not a whole number: give counts of labels.")
    result: Ints = array.astype(np.int64)
    if np.any(result < 0):
        raise ValueError(f"{name} holds {int(result.min())}: a count of labels cannot be negative.")
    return result
