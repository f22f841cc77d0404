"""Ranking: how well a score tells right answers from wrong ones, and whether the labels may be the wrong way round."""

from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Bools, Floats, Ints, check_length

SURE_Z = 3.2905
"""The interval of `auroc` is one of 99.9 %: a question put to a person should have a reason."""

LEAST_OF_A_KIND = 10
"""With fewer right or wrong answers than this, `looks_flipped` says nothing."""


@dataclass(frozen=True, slots=True)
class Auroc:
    """P(a right answer scores above a wrong one), ties half: 1 perfect, 0.5 blind, 0 exactly backwards."""

    value: float
    low: float
    high: float
    right: int
    wrong: int

    @property
    def looks_flipped(self) -> bool:
        """Whether the score is so far below blind that "right" and "wrong" have probably changed places."""
        return min(self.right, self.wrong) >= LEAST_OF_A_KIND and self.high < 0.5


def auroc(scores: Floats, correct: Bools) -> Auroc:
    """Measure a ranking.

    The interval is DeLong's at 99.9 %, never narrower than half a label: approximate, for a question and not
    for a promise.

    Args:
        scores: shape (n,), larger should be right; -inf is allowed, NaN is not.
        correct: shape (n,).

    Returns:
        0.5 with the interval 0 ... 1 when one kind of label is absent.

    Raises:
        ValueError: shapes differ or a score is NaN.

    Source: DeLong, DeLong, Clarke-Pearson, "Comparing the areas under two or more correlated receiver
    operating characteristic curves", Biometrics, 1988.
    """
    check_length(scores, scores.size, "scores")
    check_length(correct, scores.size, "correct")
    if np.any(np.isnan(scores)):
        raise ValueError("scores holds NaN: leave out the rows without a score.")
    right, wrong = int(correct.sum()), int((~correct).sum())
    if right == 0 or wrong == 0:
        return Auroc(0.5, 0.0, 1.0, right, wrong)
    whole = _midranks(scores)
    of_right: Floats = (whole[correct] - _midranks(scores[correct])) / wrong
    of_wrong: Floats = 1.0 - (whole[~correct] - _midranks(scores[~correct])) / right
    value = float(of_right.mean())
    spread = _variance(of_right) / right + _variance(of_wrong) / wrong
    half = SURE_Z * max(float(np.sqrt(spread)), 0.5 / min(right, wrong))
    return Auroc(value, max(0.0, value - half), min(1.0, value + half), right, wrong)


def _midranks(values: Floats) -> Floats:
    """Return ranks from 1, the mean of their places for equal values."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends: Ints = np.cumsum(counts)
    middles: Floats = ends - (counts - 1) / 2.0
    return middles[place]


def _variance(values: Floats) -> float:
    return float(values.var(ddof=1)) if values.size > 1 else 0.25
