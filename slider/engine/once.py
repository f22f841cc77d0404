"""Labels looked at once: every one is first a test and then training, and an exact test certifies at the end."""

import math
from itertools import pairwise

import numpy as np

from slider.engine import calibration, certificate
from slider.engine.arrays import Bools, Floats, check_inside
from slider.engine.calibration import Calibration
from slider.engine.certificate import Certificate, Counters

FIRST_FIT = 40
GROWTH = 1.25
_DIGITS = 6


SHARE = 0.5
"""Part of delta that a look at history may use; the rest is for the epoch that it begins."""

_SURE = 600.0
_HALVINGS = 40


def certify(counters: Counters, *, error_limit: float, delta: float) -> Certificate:
    """Certify cuts by one exact look: more power than a test that may be looked at for ever.

    P(Binomial(labels, error_limit) <= wrong) for each cut, tested along the fallback chain of
    `certificate.LEVELS`. Labels that were asked for with different chances have no exact test: for them this is
    `certificate.certify`.

    The promise: when each label of a cut is wrong with probability `error_limit` or more given those before it,
    the chance that any such cut is certified is at most delta: at this one look, and at no other. Who looks again
    with more labels needs another delta (`SHARE`), or `certificate.certify` from the start.

    It needs ranks that were made without knowledge of their own label, and a number of labels in each cut that does
    not follow from the outcomes. Ranks that put items into a cut only until the outcomes look good would be many
    looks. `ranks` spreads them evenly over all items at every fit, so what a fit can add to a cut here it has to
    take away elsewhere; that is close to the condition and not quite it.

    Args:
        counters: of one stream, from `certificate.count` of `ranks`.
        error_limit: strictly between 0 and 1.
        delta: strictly between 0 and 1.

    Returns:
        A certificate. Its `best` keeps what is certified here certified in the epoch that begins with these counters.

    Raises:
        ValueError: a shape, a count or a number is out of range.
    """
    check_inside(error_limit, "error_limit")
    # Kept in the accounts of the epoch that begins here: what is remembered must be its wealth there.
    found = certificate.certify(counters, error_limit=error_limit, delta=delta, fresh=(None, None))
    if (counters.wrong + counters.right)[-1, 1:].any():
        return found
    wrong, labels = counters.wrong[:, 0], counters.wrong[:, 0] + counters.right[:, 0]
    p_values = [binomial(int(f), int(n), error_limit) for f, n in zip(wrong, labels, strict=True)]
    certified = np.zeros(len(certificate.CUTS), dtype=np.bool_)
    carried = 0.0
    for k, own in enumerate(certificate.LEVELS.tolist()):
        level = carried + own
        certified[k] = level > 0.0 and p_values[k] <= delta * level
        carried = level if certified[k] else 0.0
    best = np.where(certified, _SURE, found.wealth)
    return Certificate(certified=certified, wealth=found.wealth, best=best, running=found.running)


def upper(counters: Counters, *, delta: float) -> Floats:
    """Return an upper bound on each cut's error, shape (cuts,), from one look: Clopper and Pearson's.

    The largest error at which so few wrong labels, or fewer, come up with chance `delta`; 1 without labels. For one cut
    alone, at one look. It lies below the limit wherever `certify` at the same delta certifies. Where labels were asked
    for with different chances it is `certificate.upper`.

    Raises:
        ValueError: a count or a number is out of range.
    """
    found = certificate.upper(counters, delta=delta, fresh=(None, None))
    if (counters.wrong + counters.right)[-1, 1:].any():
        return found
    wrong, labels = counters.wrong[:, 0], counters.wrong[:, 0] + counters.right[:, 0]
    exact = [_clopper_pearson(int(f), int(n), delta) for f, n in zip(wrong, labels, strict=True)]
    return np.array(exact, dtype=np.float64)


def _clopper_pearson(hits: int, n: int, delta: float) -> float:
    if hits >= n:
        return 1.0
    low, high = hits / n, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if binomial(hits, n, middle) > delta else (low, middle)
    return high


def ranks(
    x: Floats, *, correct: Bools, answered: Bools, propensity: Floats, ties: Floats, start: Calibration
) -> Floats:
    """Rank every labelled item by a calibration that was fitted on the labels before it.

    The first 40 are ranked by `start`; then it is fitted anew whenever a quarter more labels are in. An item is
    ranked among all items at once, whose signals are known before any label: each stands for 1 / propensity items.

    Args:
        x: shape (n, signals), in an order that knows nothing of the outcomes.
        correct: shape (n,).
        answered: shape (n,), False for rows without a usable answer: the hardest.
        propensity: shape (n,), in (0, 1], the chance with which the row was looked at.
        ties: shape (n,), coins in [0, 1].
        start: what the ranking begins with.

    Returns:
        Shape (n,), in [0, 1], 0 easiest.
    """
    found = np.empty(len(x))
    for begin, end in pairwise([0, *fits(len(x)), len(x)]):
        fitted = start if begin == 0 else _fit(x, correct, answered, propensity, until=begin, start=start)
        scores = np.round(fitted.scores(x, answered=answered), _DIGITS)
        found[begin:end] = _among(scores, 1.0 / propensity, ties)[begin:end]
    return found


def fits(count: int) -> list[int]:
    """Return the numbers of labels after which the calibration is fitted anew."""
    found, at = [], FIRST_FIT
    while at < count:
        found.append(at)
        at = math.ceil(at * GROWTH)
    return found


def binomial(hits: int, n: int, p: float) -> float:
    """Return P(Binomial(n, p) <= hits), 0 < p < 1; 1 for n = 0."""
    if hits >= n:
        return 1.0
    k = np.arange(hits + 1, dtype=np.float64)
    steps = np.log(n - k[:-1]) - np.log(k[1:]) + math.log(p) - math.log1p(-p)
    logs = n * math.log1p(-p) + np.concatenate([[0.0], np.cumsum(steps)])
    top = float(logs.max())
    return min(1.0, math.exp(top) * float(np.exp(logs - top).sum()))


def _fit(
    x: Floats, correct: Bools, answered: Bools, propensity: Floats, *, until: int, start: Calibration
) -> Calibration:
    usable = np.flatnonzero(answered[:until])
    return calibration.fit(
        x[usable], correct=correct[usable], propensity=propensity[usable], previous=start, curve=False
    )


def _among(scores: Floats, mass: Floats, ties: Floats) -> Floats:
    """Rank each score among all, every one counting by its mass; ties are broken by the coins."""
    _, spot = np.unique(-scores, return_inverse=True)
    at = np.bincount(spot, weights=mass)
    before = np.cumsum(at) - at
    result: Floats = np.clip((before[spot] + ties * at[spot]) / mass.sum(), 0.0, 1.0)
    return result
