"""Fresh starts: what an account may bet on, made by somebody who has already seen some of the verdicts."""

import math
from dataclasses import replace

import numpy as np
import pytest

from slider.engine import bounds, certificate, fresh, watermark
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.certificate import Counters
from tests.engine import exact
from tests.engine.verdicts import verdicts

LIMIT, DELTA = 0.3, 0.05
RUNS, SPANS, SPAN = 300, 60, 90
CUTS = len(certificate.CUTS)


def wins(*, knowing: bool) -> int:
    """Count the runs in which the wealth of one fresh start ever reaches 1 / delta, though every item is at the limit.

    The first verdict of each span comes last and holds up the mark. The start is made when all the others of a span are
    known and look good enough. `knowing`: it bets from the mark on, those verdicts among it.
    """
    rng, starts, counters = np.random.default_rng(7), fresh.FreshStarts.none(RUNS), Counters.zero(RUNS)
    best = np.zeros(RUNS)
    for span in range(SPANS):
        wrong, mark = rng.random((RUNS, SPAN)) < LIMIT, span * SPAN
        bad = wrong[:, 1:].sum(axis=1)
        looks_good = wealth(bad, SPAN - 1 - bad) >= -math.log(DELTA)
        place = np.full(RUNS, mark if knowing else mark + SPAN)
        starts.make(looks_good & ~starts.made[:, 0], counters=counters, place=place)
        old = np.full((RUNS, CUTS), mark)
        labels = replace(verdicts(wrong), places=np.broadcast_to(mark + np.arange(SPAN), wrong.shape))
        counters = counters.plus(watermark.between(old, old + SPAN, labels=labels))
        starts.lay_aside(labels, old=old, new=old + SPAN)
        since = starts.laid_aside[0]
        bad, good = (counters.wrong - since.wrong)[:, -1, 0], (counters.right - since.right)[:, -1, 0]
        best = np.where(starts.made[:, 0], np.maximum(best, wealth(bad, good)), best)
    return int((best >= -math.log(DELTA)).sum())


def wealth(bad: Ints, good: Ints) -> Floats:
    return bounds.log_wealth(bad[:, None], good[:, None], error_limit=LIMIT)


def test_a_start_made_by_somebody_who_has_seen_verdicts_keeps_the_promise() -> None:
    assert exact.keeps(wins(knowing=False), n=RUNS, p=DELTA)
    # The control: a start that bets on the verdicts that it was made upon.
    assert not exact.keeps(wins(knowing=True), n=RUNS, p=DELTA)


def one(which: list[bool]) -> Bools:
    return np.array(which, dtype=np.bool_)


def counted(wrong: int) -> Counters:
    counters = Counters.zero(2)
    counters.wrong[...] += wrong
    return counters


def test_a_stream_makes_each_of_its_starts_once() -> None:
    starts, place = fresh.FreshStarts.none(2), np.array([10, 20])
    assert starts.make(one([True, False]), counters=counted(1), place=place).tolist() == [True, False]
    assert starts.make(one([True, True]), counters=counted(2), place=place + 5).tolist() == [True, True]
    assert starts.make(one([True, False]), counters=counted(3), place=place + 9).tolist() == [False, False]
    assert starts.made.tolist() == [[True, True], [True, False]]
    assert starts.places.tolist() == [[10, 15], [25, 0]]
    assert [start.wrong[0, 0, 0] for start in starts.laid_aside] == [1, 2]


def test_what_was_routed_before_a_start_is_laid_aside_and_what_comes_after_is_not() -> None:
    starts = fresh.FreshStarts.none(2)
    starts.make(one([True, False]), counters=Counters.zero(2), place=np.array([3, 0]))
    labels = verdicts(np.ones((2, 5), dtype=np.bool_), bins=CUTS - 1)
    marks = np.zeros((2, CUTS), dtype=np.int64)
    starts.lay_aside(labels, old=marks, new=marks + 2)
    starts.lay_aside(labels, old=marks + 2, new=marks + 5)
    assert starts.laid_aside[0].wrong[0, -1, 0] == 3  # the places 0, 1 and 2
    assert starts.laid_aside[0].wrong[1, -1, 0] == -1  # never made


def test_starts_are_kept_for_one_stream() -> None:
    starts = fresh.FreshStarts.none(2)
    starts.make(one([False, True]), counters=counted(4), place=np.array([0, 7]))
    read = fresh.FreshStarts.from_json([dict(each) for each in starts.to_json(1)])  # type: ignore[call-overload]
    assert (read.made.tolist(), read.places.tolist()) == ([[True, False]], [[7, 0]])
    assert np.array_equal(read.laid_aside[0].wrong[0], starts.laid_aside[0].wrong[1])
    assert starts.to_json(0) == []
    with pytest.raises(ValueError, match="3 fresh starts"):
        fresh.FreshStarts.from_json([{}, {}, {}])
