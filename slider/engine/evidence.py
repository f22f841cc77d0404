"""Signals: what a model's raw output says about how far its answer can be trusted, as log-odds."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from slider.engine.arrays import Floats

SIGNALS: tuple[str, ...] = ("token_logodds", "weakest_token", "agreement", "stated", "familiar")
"""The columns of `matrix`, in order. A new signal is appended: a stored calibration names its own."""

MOST_LOGODDS = 40.0
"""No probability is known closer to 1 than this: servers round log-probabilities, often to exactly 0."""

_ROUNDING = 1e-6
_LEAST_STATED = 1e-3


def token_logodds(logprobs: Sequence[float | None] | None) -> float | None:
    """Turn the log-probabilities of an answer's tokens into the log-odds of the whole answer.

    With L the sum of the log-probabilities this is L - log(1 - e**L), by expm1, so that an answer at 1 -
    1e-12 still ranks above one at 1 - 1e-9: the probability itself is never formed, hence never rounded to 1.
    It says how sure the model is of these very words, not how likely they are to be true.

    Args:
        logprobs: natural logarithms, one per token of the answer, each at most 0 (up to 1e-6 is taken as
            rounding).

    Returns:
        Log-odds, at most 40 (`MOST_LOGODDS`); None when there is no such evidence: no tokens, or a value that
        is missing, NaN, infinite or above 1e-6. A made-up number would rank an answer on nothing.
    """
    usable = _usable(logprobs)
    return None if usable is None else _logodds(math.fsum(usable))


def weakest_token(logprobs: Sequence[float | None] | None) -> float | None:
    """Return the log-odds of the least likely token: one doubtful digit shows here and drowns in the sum.

    Arguments, range and the reasons for None are those of `token_logodds`.
    """
    usable = _usable(logprobs)
    return None if usable is None else _logodds(min(usable))


def agreement(answers: Sequence[str | None]) -> float | None:
    """Return the smoothed log-odds that another sample gives the same answer as the first.

    With a of the k - 1 other samples equal to the first: log((a + 1/2) / (k - 1 - a + 1/2)), the empirical
    logit of Haldane and Anscombe, finite also when all agree. Answers are compared as given: bring them to
    one form before.

    Args:
        answers: the k answers in one canonical text form, the one to be used first; None for a sample that
            failed or could not be parsed, which counts as a disagreement.

    Returns:
        Log-odds; None when there are fewer than two samples, or the first is None (then there is no answer to
        trust).
    """
    if len(answers) < 2 or answers[0] is None:
        return None
    others = len(answers) - 1
    same = sum(answer == answers[0] for answer in answers[1:])
    return math.log((same + 0.5) / (others - same + 0.5))


def stated(confidence: float | None) -> float | None:
    """Return the log-odds of the confidence that the model states, clipped to 0.001 ... 0.999.

    Args:
        confidence: a probability in [0, 1].

    Returns:
        Log-odds within +-6.91; None when the confidence is missing, NaN or outside [0, 1] (85 is not read as
        85 %).
    """
    if confidence is None or isinstance(confidence, bool) or not 0.0 <= confidence <= 1.0:
        return None
    p = min(max(float(confidence), _LEAST_STATED), 1.0 - _LEAST_STATED)
    return math.log(p) - math.log1p(-p)


def matrix(rows: Sequence[Mapping[str, float | None]], *, signals: Sequence[str] = SIGNALS) -> Floats:
    """Lay signals out as the calibration reads them.

    Args:
        rows: one mapping per attempt from names in `SIGNALS` to log-odds; absent, None and NaN all mean
            "missing".
        signals: the columns, as a stored calibration names its own (`Calibration.signals`); others are left out.

    Returns:
        Shape (n, len(signals)), NaN where a signal is missing.

    Raises:
        ValueError: a name that is not in `SIGNALS`, or an infinite value.
    """
    table = np.full((len(rows), len(signals)), np.nan)
    columns = {name: column for column, name in enumerate(signals)}
    for number, row in enumerate(rows):
        for name, value in row.items():
            if name not in columns and name not in SIGNALS:
                raise ValueError(f"Row {number} has the signal {name!r}: known are {', '.join(SIGNALS)}.")
            if value is None:
                continue
            if math.isinf(value):
                raise ValueError(f"Row {number}, signal {name!r} is {value}: give None when it is not known.")
            if name in columns:
                table[number, columns[name]] = value
    return table


def _usable(logprobs: Sequence[float | None] | None) -> list[float] | None:
    """Return the log-probabilities with rounding above 0 taken off, or None when one is no evidence."""
    if not logprobs:
        return None
    known = [value for value in logprobs if value is not None]
    if len(known) == len(logprobs) and max(known) <= 0.0 and math.isfinite(sum(known)):
        return known
    usable = []
    for value in logprobs:
        if value is None or not math.isfinite(value) or value > _ROUNDING:
            return None
        usable.append(min(value, 0.0))
    return usable


def _logodds(log_p: float) -> float:
    """Return log(p / (1 - p)) from log p <= 0, at most `MOST_LOGODDS`."""
    if log_p >= -math.exp(-MOST_LOGODDS):
        return MOST_LOGODDS
    return log_p - math.log(-math.expm1(log_p))
