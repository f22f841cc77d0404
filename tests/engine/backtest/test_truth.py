"""The judge: what is broken, what only came later, and what a new ranking does to memories."""

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.rules import Inside
from slider.engine.backtest.truth import Truth

LIMIT = 0.05
BINS = len(certificate.CUTS)


class Scripted:
    """A stream of one replay whose true error is set from outside, the same for every bin."""

    replays, changes = 1, True

    def __init__(self) -> None:
        self.error = 0.0

    def errors(self) -> Floats:
        return np.full((1, BINS), self.error)

    def error_above(self, thresholds: Floats) -> Floats:
        return np.full(1, self.error)


class Open:
    """A rule that has everything open."""

    def __init__(self, *, by_score: bool) -> None:
        self._by_score = by_score

    def inside(self) -> Inside:
        if self._by_score:
            return Inside(thresholds=np.zeros(1))
        return Inside(open_bins=np.ones((1, BINS), dtype=np.bool_))


def judged(
    errors: list[float], *, epochs: list[int] | None = None, anew: int = -1, by_score: bool = False
) -> tuple[list[bool], list[bool]]:
    """Return block by block whether it was above the limit, and whether the promise was broken."""
    stream = Scripted()
    truth = Truth(stream, LIMIT)  # type: ignore[arg-type]
    above, broken = [], []
    for block, error in enumerate(errors):
        stream.error = error
        epoch: Ints = np.array([epochs[block] if epochs else 0])
        _, now, always = truth.judge(Open(by_score=by_score), epoch=epoch)  # type: ignore[arg-type]
        new: Bools = np.array([block == anew])
        truth.learnt(new)
        above.append(bool(now[0]))
        broken.append(bool(always[0]))
    return above, broken


def test_an_error_that_came_later_breaks_no_promise() -> None:
    assert judged([0.01, 0.09, 0.09]) == ([False, True, True], [False, False, False])
    assert judged([0.01, 0.09, 0.09], by_score=True) == ([False, True, True], [False, False, False])


def test_an_error_that_was_there_from_the_start_does() -> None:
    assert judged([0.09, 0.08, 0.01]) == ([True, True, False], [True, True, False])


def test_a_new_epoch_forgets_the_good_days() -> None:
    assert judged([0.01, 0.09, 0.09], epochs=[0, 0, 1])[1] == [False, False, True]


def test_so_does_a_new_ranking() -> None:
    assert judged([0.01, 0.09, 0.09], anew=1)[1] == [False, False, True]
