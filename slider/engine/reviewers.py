"""Reviewers who miss errors: how many at the most, from wrong answers that were planted among their work."""

import numpy as np
import numpy.typing as npt

from slider.engine import bounds
from slider.engine.arrays import Floats, check_counts

PART = 0.2
"""The part of delta that the bound on misses takes; what is left is the certificate's, so that both hold together."""

LEAST_JUDGED = 30
"""Known wrong answers after which the bound replaces the assumption that nothing is missed: below that it says little
more than that nothing is known, and a task that begins to measure would be shut for it."""
LEAST_MISSED = 3
"""Missed ones after which it does so at once: they speak against the assumption."""
MOST = 0.99
"""The largest bound that is tested with: beyond it nothing could be shown anyway."""


def is_measured(missed: int, judged: int) -> bool:
    """Whether enough known wrong answers were judged to test with the bound from here on."""
    return judged >= LEAST_JUDGED or missed >= LEAST_MISSED


def miss_upper(missed: npt.ArrayLike, planted: npt.ArrayLike, *, delta: float) -> Floats:
    """Return an upper bound on the share of errors that reviewers let pass.

    Known wrong answers are put among the work; a missed one is one that a reviewer called right. The bound is
    `bounds.upper_error` of them, so it may be looked at after every known answer.

    The promise: when each known wrong answer, given all that came before, is missed with probability at least m,
    P(the bound is ever below m) <= delta. It speaks of the errors of a task as far as those are as hard to notice as
    the planted ones and reviewers can't tell which are planted.

    What it is for: a certificate that tests at limit * (1 - bound) with the rest of delta (`PART`) keeps its promise
    about the true error, since labels then show at least that share of the errors.

    Args:
        missed: how many known wrong answers were called right, 0 or more; a number or an array.
        planted: how many were judged, at least `missed`, same shape.
        delta: probability with which the bound may fail, strictly between 0 and 1.

    Returns:
        The bound, in (0, 1], in the shape of the counts; 1 when none was planted: nothing is known of the reviewers.

    Raises:
        ValueError: a count is negative or not whole, more were missed than planted, or delta is out of range.

    Source: `bounds.upper_error` (Waudby-Smith and Ramdas, JRSS-B 2024).
    """
    wrong, all_of_them = check_counts(missed, "missed"), check_counts(planted, "planted")
    wrong, all_of_them = np.broadcast_arrays(wrong, all_of_them)
    if np.any(wrong > all_of_them):
        raise ValueError(f"missed is {missed!r} and planted {planted!r}: no more can be missed than were planted.")
    return bounds.upper_error(wrong[..., None], (all_of_them - wrong)[..., None], delta=delta)
