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
        self.stage = 0
        self.then = dict[int, float]()  # what an earlier stage has under the ranking in force

    def errors(self) -> Floats:
        return np.full((1, BINS), self.error)

    def errors_in(self, stage: int, *, replays: Ints) -> Floats:
        return np.full((len(replays), BINS), self.then[stage])

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
    errors: list[float],
    *,
    epochs: list[int] | None = None,
    anew: int = -1,
    then: float | None = None,
    by_score: bool = False,
) -> tuple[list[bool], list[bool]]:
    """Return block by block whether it was above the limit, and whether the promise was broken.

    `anew`: the block after which the ranking is new; under it all that is past had the error `then`.
    """
    stream = Scripted()
    truth = Truth(stream, LIMIT)  # type: ignore[arg-type]
    above, broken = [], []
    for block, error in enumerate(errors):
        if error != stream.error or not block:
            stream.stage, stream.error = stream.stage + 1, error
        stream.then.setdefault(stream.stage, error)
        epoch: Ints = np.array([epochs[block] if epochs else 0])
        _, now, always = truth.judge(Open(by_score=by_score), epoch=epoch)  # type: ignore[arg-type]
        new: Bools = np.array([block == anew])
        if new[0] and then is not None:
            stream.then = dict.fromkeys(stream.then, then)
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


def test_a_new_ranking_forgets_nothing_and_is_asked_about_what_is_past() -> None:
    # A cut that was good under both rankings before the change is not broken by a refit in the middle of it.
    assert judged([0.01, 0.09, 0.09], anew=1, then=0.01)[1] == [False, False, False]
    # One that under the new ranking was bad all along is.
    assert judged([0.01, 0.09, 0.09], anew=1, then=0.08)[1] == [False, False, True]
    # The ranking of a score is the score's own: what stands above another one was never promised before.
    assert judged([0.01, 0.09, 0.09], anew=1, then=0.01, by_score=True)[1] == [False, False, True]


def test_what_was_possible_is_told_stage_by_stage() -> None:
    stream = Scripted()
    truth = Truth(stream, LIMIT)  # type: ignore[arg-type]
    for error, stage in ((0.01, 1), (0.01, 1), (0.09, 2), (0.02, 3)):
        stream.error, stream.stage, stream.then[stage] = error, stage, error
        truth.judge(Open(by_score=True), epoch=np.zeros(1, dtype=np.int64))  # type: ignore[arg-type]
    assert {end: float(found[0]) for end, found in truth.oracles().items()} == {2: 1.0, 3: 0.0, 4: 1.0}
