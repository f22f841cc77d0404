"""Order: whether a file's rows stand in an order that chance would not give them."""

from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Bools, Floats, check_inside, check_length


@dataclass(frozen=True, slots=True)
class Runs:
    """What `runs` found: how many runs there are, how many chance gives, and how seldom it gives so few.

    Attributes:
        runs: unbroken stretches of equal marks.
        expected: their mean when every order is equally likely.
        p: P(so few runs or fewer), exact; 1 when there is only one kind of mark.
    """

    runs: int
    expected: float
    p: float


def runs(marks: Bools) -> Runs:
    """Test whether equal marks stand together more than chance would put them (Wald and Wolfowitz's runs).

    The promise: when every order of the marks is equally likely, P(p <= level) <= level for every level: the
    distribution is the exact one, given how many marks of each kind there are.

    Args:
        marks: shape (n,), in the order of the file.

    Source: Wald, Wolfowitz, "On a test whether two samples are from the same population", Annals of
    Mathematical Statistics, 1940.
    """
    check_length(marks, marks.size, "marks")
    n, high = int(marks.size), int(marks.sum())
    low = n - high
    found = int(np.count_nonzero(marks[1:] != marks[:-1])) + 1 if n else 0
    if high == 0 or low == 0:
        return Runs(found, float(min(n, 1)), 1.0)
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    # Half the runs, rounded down: 2k runs are k stretches of each kind, 2k + 1 one more of one of them.
    k = np.arange(1, found // 2 + 1)
    even = np.log(2.0) + _ways(logs, high - 1, k - 1) + _ways(logs, low - 1, k - 1)
    j = np.arange(1, (found - 1) // 2 + 1)
    odd = np.logaddexp(
        _ways(logs, high - 1, j) + _ways(logs, low - 1, j - 1), _ways(logs, high - 1, j - 1) + _ways(logs, low - 1, j)
    )
    every = float(_ways(logs, n, np.array([high]))[0])
    p = float(np.exp(np.logaddexp.reduce(np.concatenate([even, odd])) - every))
    return Runs(found, 1.0 + 2.0 * high * low / n, min(1.0, p))


def above_the_middle(values: Floats) -> Bools:
    """Return which of the values that are there (not NaN) lie above their median: marks for `runs`."""
    here = values[~np.isnan(values)]
    result: Bools = here > np.median(here) if here.size else np.zeros(0, dtype=np.bool_)
    return result


def is_sorted(found: list[Runs], *, level: float) -> bool:
    """Say whether any of several tests of one file finds an order.

    The promise: for a file in random order, P(True) <= level, however the tests depend on each other: each is
    held to level / len(found).
    """
    return bool(found) and min(one.p for one in found) * len(found) <= check_inside(level, "level")


def _ways(logs: Floats, n: int, k: "np.typing.NDArray[np.int64]") -> Floats:
    """Return log C(n, k), -inf where k is out of range; `logs` holds the logs of factorials."""
    inside = (k >= 0) & (k <= n)
    held = np.where(inside, k, 0)
    return np.where(inside, logs[n] - logs[held] - logs[n - held], -np.inf)
