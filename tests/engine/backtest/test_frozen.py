"""Thresholds that are set once: small cases worked by hand."""

import numpy as np

from slider.engine.arrays import Bools, Floats
from slider.engine.backtest import frozen

LIMIT, DELTA = 0.05, 0.05
LADDER = np.arange(1000, 0, -1)[None].astype(np.float64)
"""A thousand items, easiest first: item i scores 1000 - i."""


def wrong_at(*places: int) -> Bools:
    wrong = np.zeros((1, 1000), dtype=np.bool_)
    wrong[0, list(places)] = True
    return wrong


def share(thresholds: Floats) -> float:
    return float((thresholds[:, None] <= LADDER).mean())


def test_selective_goes_up_to_the_last_part_that_the_exact_bound_passes() -> None:
    # Of 1,000 labels at most 38 may be wrong for the bound to stay at 5 %, of 980 37: all errors sit at the end.
    choose = frozen.selective(LIMIT, delta=DELTA)
    assert share(choose(LADDER, wrong_at(*range(962, 1000)))) == 1.0
    assert share(choose(LADDER, wrong_at(*range(961, 1000)))) == 0.98


def test_a_sequence_stops_at_its_first_failure() -> None:
    # 26 errors in the first half are too many there, and few enough for the whole.
    early = wrong_at(*range(26))
    assert np.isinf(frozen.selective(LIMIT, delta=DELTA)(LADDER, early)[0])
    assert np.isinf(frozen.learn_then_test(LIMIT, delta=DELTA, in_sequence=True)(LADDER, early)[0])
    assert share(frozen.learn_then_test(LIMIT, delta=DELTA, in_sequence=False)(LADDER, early)) == 1.0


def test_holm_pays_for_every_candidate() -> None:
    # 35 of 1,000 pass one test. The first 100, with one error, fail theirs, so Holm asks twice as much of all others.
    wrong = wrong_at(5, *range(966, 1000))
    in_sequence = frozen.learn_then_test(LIMIT, delta=DELTA, in_sequence=True)(LADDER, wrong)
    corrected = frozen.learn_then_test(LIMIT, delta=DELTA, in_sequence=False)(LADDER, wrong)
    assert share(corrected) < share(in_sequence) == 1.0


def test_the_p_value_is_the_smaller_of_hoeffding_and_bentkus() -> None:
    # No error in 100 labels: Hoeffding gives (1 - a)^100, Bentkus e times that.
    p = frozen.hoeffding_bentkus(np.array([0]), np.array([100]), limit=LIMIT)
    assert np.allclose(p, 0.95**100)
    # As many as expected: nothing is shown.
    assert frozen.hoeffding_bentkus(np.array([50]), np.array([1000]), limit=LIMIT)[0] == 1.0


def test_what_is_tied_at_a_threshold_counts_whole() -> None:
    scores = np.concatenate([np.full(600, 2.0), np.full(400, 1.0)])[None]
    wrong = np.zeros((1, 1000), dtype=np.bool_)
    thresholds, bad, seen = frozen.candidates(scores, wrong)
    half = int(np.searchsorted(frozen.PARTS, 0.5))
    assert (thresholds[0, half], seen[0, half], bad[0, half]) == (2.0, 600, 0)


def test_rows_without_an_answer_are_never_above_a_threshold() -> None:
    scores = np.concatenate([np.full(900, 1.0), np.full(100, -np.inf)])[None]
    chosen = frozen.selective(LIMIT, delta=DELTA)(scores, np.zeros((1, 1000), dtype=np.bool_))
    rule = frozen.Threshold("any", replays=1, rung=8, promises=True)
    rule.thresholds[:] = chosen
    lanes = rule.lanes(np.zeros((1, 1000), dtype=np.int64), scores)
    assert lanes[0, :900].all()
    assert not lanes[0, 900:].any()


def test_the_conformal_quantile_passes_its_share_of_correct_answers_whatever_else_passes() -> None:
    # 19 right answers at 1 ... 19, and 10 wrong ones above them all: 90 % pass, and a third of the lane is wrong.
    scores = np.concatenate([np.arange(1.0, 20.0), np.full(10, 50.0)])[None]
    wrong = (scores == 50.0).astype(np.bool_)
    threshold = frozen.conformal(0.1)(scores, wrong)
    assert threshold[0] == 2.0
    assert (scores >= threshold[:, None])[wrong].all()
