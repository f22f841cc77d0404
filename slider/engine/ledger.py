"""The ledger: how many wrong results have left at most, whatever the data did."""

import math

import numpy as np
import numpy.typing as npt

from slider.engine import audit
from slider.engine.arrays import Floats, check_counts, check_inside

KAPPA: Floats = np.array([0.97, 0.7, 0.45, 0.25, 0.1])
"""Stakes, as parts of the least chance of being found."""
SHARES: Floats = np.array([0.4, 0.15, 0.15, 0.15, 0.15])
"""Share of the starting wealth behind each stake: most where little is found."""

MISS_KAPPA: Floats = np.array([0.9, 0.7, 0.5, 0.35, 0.2, 0.1, 0.05, 0.005])
"""The stakes where reviewers may miss errors: fixed as well, so that the bound on misses may move from look to look."""
MISS_SHARES: Floats = np.array([0.2, 0.15, 0.15, 0.15, 0.1, 0.1, 0.1, 0.05])

_HALVINGS = 60
_SAME = 1e-9


def at_most(found: npt.ArrayLike, *, least_chance: float, delta: float, miss: float = 0.0) -> float:
    """Return an upper bound on the number of wrong results that ran unattended.

    With kappa below the least chance of finding an error, M = product over found errors of (1 - kappa / pi') times
    (1 - kappa) to the power of -E is a supermartingale, E being the number of wrong results so far, found or not,
    and pi' the chance that this one is audited and seen: each new error multiplies it by a factor with mean at most
    1, since only the coin is random. A mixture over five kappas is solved for E at M = 1 / delta.

    The promise: P(the bound is ever below the number of wrong results) <= delta, looked at whenever one likes, for
    any sequence of errors: drifting, in bursts, or chosen by somebody who sees all past audits. It needs coins that
    nobody can foretell, chances recorded before the look, and every audit answered: an open or overdue audit is
    not a found error, so pass it as found until it is judged right. And it needs the same `least_chance` at every
    look, fixed before the first: the stakes hang on it. The smallest chance *so far* will not do while it falls:
    each new one is another bet, with another delta to lose.

    `miss` may be another one at every look, as long as it is never below the true share: the stakes do not hang on it.
    With p' = (1 - miss) pi below the true chance of finding, each found error takes more wealth than it should, so the
    wealth is never above that of the true share. Stakes that are no bet at this `miss` are left out, their wealth lost.

    Args:
        found: shape (13,), errors found by audits of unattended items, by the rung of their audit chance. Errors
            found by other looks are not among them.
        least_chance: the smallest audit chance that an unattended item may get: the floor, in (0, 1].
        delta: strictly between 0 and 1.
        miss: an upper bound on the share of errors that reviewers don't see, in [0, .99].

    Returns:
        A number of results, 0 or more. With nothing found it is about 4 / least_chance at delta 5 %: `blind`.

    Raises:
        ValueError: a count or number is out of range, or an error was found at a chance below `least_chance`.
    """
    counts = check_counts(found, "found")
    if counts.shape != (audit.STEPS,):
        raise ValueError(f"found has shape {counts.shape}: give one count a rung, shape ({audit.STEPS},).")
    if not 0.0 <= miss <= 0.99:
        raise ValueError(
            f"miss is {miss!r}: give the share of errors that reviewers don't see, 0 or more, .99 at most."
        )
    if not 0.0 < least_chance <= 1.0:
        raise ValueError(f"least_chance is {least_chance!r}: give the smallest audit chance, above 0 and at most 1.")
    if np.any(counts[least_chance * (1.0 - _SAME) > audit.LADDER]):
        raise ValueError(f"least_chance is {least_chance}, but errors were found at smaller chances: give the floor.")
    target = -math.log(check_inside(delta, "delta"))
    chances, least = audit.LADDER * (1.0 - miss), min(least_chance, 1.0 - 1e-9)
    kappa, shares = (MISS_KAPPA, MISS_SHARES) if miss else (KAPPA, SHARES)
    bets = kappa < 1.0 - miss if miss else np.ones(kappa.shape, dtype=np.bool_)
    stakes, shares = kappa[bets] * least, shares[bets]
    gains = -np.log1p(-stakes)
    costs = -np.log1p(-np.minimum(stakes[None, :] / chances[:, None], 1.0 - 1e-12))
    spent = counts @ costs - np.log(shares)
    low, high = 0.0, float(((target + spent) / gains).min())
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        enough = float(np.logaddexp.reduce(middle * gains - spent)) >= target
        low, high = (low, middle) if enough else (middle, high)
    return high


def blind(*, least_chance: float, delta: float, miss: float = 0.0) -> float:
    """Return how many wrong results could have left although no audit has found any: the ledger's blind spot."""
    return at_most(np.zeros(audit.STEPS, dtype=np.int64), least_chance=least_chance, delta=delta, miss=miss)
