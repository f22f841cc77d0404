"""An error rate said in nines."""

import math

from slider.engine.arrays import check_fraction


def nines(error: float) -> float:
    """Say an error rate in nines of accuracy: 0.1 is 1, 0.01 is 2, 0.003 is 2.52, 0 is infinite.

    The result promises what `error` promises: a bound in, a certified number of nines out; an estimate in, an
    estimate out. The name on the screen must say which.

    Args:
        error: a share of wrong answers, in [0, 1].

    Returns:
        -log10(error), 0 or more.

    Raises:
        ValueError: `error` is not in [0, 1].
    """
    if check_fraction(error, "error") == 0.0:
        return math.inf
    return max(0.0, -math.log10(error))
