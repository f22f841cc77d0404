"""Known wrong answers in a replay: reviewers judge them first, and the product learns how much they miss."""

from dataclasses import replace

import numpy as np

from slider.engine import reviewers
from slider.engine.backtest.baselines import Setting

PLANTED = 300


def with_known_answers(given: Setting, *, planted: int = PLANTED, seed: int) -> Setting:
    """Let the reviewers judge known wrong answers first, and test at what they are shown to catch.

    The miss rate itself is told to nobody: only how many of the known answers were missed.
    """
    rng = np.random.default_rng([seed, 4])
    missed = rng.binomial(planted, given.people.miss, given.replays)
    delta = given.delta * reviewers.PART
    upper = reviewers.miss_upper(missed, np.full(given.replays, planted), delta=delta)
    return replace(given, tested=given.limit * (1.0 - upper), certifying=1.0 - reviewers.PART)
