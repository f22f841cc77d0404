"""The shift: labels of both lanes, and scores, that no longer look as they did; and how seldom that is nothing."""

import numpy as np
import pytest

from slider.engine import certificate, reference, shift
from slider.engine.arrays import Floats, Ints
from slider.engine.labels import Labels
from tests.engine import exact
from tests.engine.verdicts import until, verdicts

RUNS, LABELS, LINE = 250, 400, 2_000.0
BINS = len(certificate.CUTS)
TRUE: Floats = 0.02 + 0.3 * np.maximum(0.0, certificate.CUTS - 0.8) / 0.2
"""A usual error by bin: low up to 80 %, then rising."""


def drawn(
    seed: int, *, labels: int = LABELS, odds: float = 1.0, lane_to: float = 0.8, audits: float = 1 / 16
) -> Labels:
    """Labels of both lanes: all of the people's, and of the unattended lane those that were audited."""
    rng = np.random.default_rng(seed)
    ranks = rng.random((RUNS, 12 * labels))
    lane = ranks <= lane_to
    order = np.argsort(~(~lane | (rng.random(ranks.shape) < audits)), axis=1, kind="stable")[:, :labels]
    ranks, lane = np.take_along_axis(ranks, order, 1), np.take_along_axis(lane, order, 1)
    bins = certificate.bins(ranks)
    usual = TRUE[bins]
    wrong = rng.random(ranks.shape) < odds * usual / (1.0 - usual + odds * usual)
    return verdicts(wrong, bins=bins, lane=lane)


def shifts(labels: Labels, expected: Floats, *, line: float = LINE) -> Floats:
    """Return after how many labels each run looks changed."""
    return until(
        labels,
        shift.start(RUNS),
        carry=lambda levels, one: shift.observe(levels, one, expected=expected),
        reached=lambda levels: np.asarray(shift.reading(levels) >= np.log(line)),
    )


def fired(found: Floats) -> int:
    return int(np.isfinite(found).sum())


def learned(seed: int, *, cautious: bool) -> Floats:
    """What 600 earlier labels of each run make one expect."""
    earlier = drawn(seed, labels=600)
    seen = np.zeros((RUNS, BINS, 2), dtype=np.int64)
    np.add.at(seen, (np.arange(RUNS)[:, None], earlier.bins, earlier.wrong.astype(np.int64)), 1)
    if cautious:
        return reference.expected(seen[..., 1], seen[..., 0], tested=np.full(RUNS, 0.05))
    rates: Floats = (seen[..., 1] + 0.01) / (seen.sum(axis=-1) + 0.02)
    return rates


def test_where_errors_are_no_more_than_expected_it_speaks_as_seldom_as_budgeted() -> None:
    found = shifts(drawn(1), np.tile(TRUE, (RUNS, 1)))
    assert exact.keeps(fired(found), n=RUNS, p=(LABELS + 1) / LINE)
    # The control: an expectation at two thirds of the truth.
    wolf = shifts(drawn(1), np.tile(TRUE / 1.5, (RUNS, 1)))
    assert not exact.keeps(fired(wolf), n=RUNS, p=(LABELS + 1) / LINE)


def test_an_expectation_that_was_learned_errs_on_the_quiet_side() -> None:
    later = drawn(1, labels=1_500, lane_to=0.7, audits=0.25)
    found = shifts(later, learned(2, cautious=True), line=20_000.0)
    assert exact.keeps(fired(found), n=RUNS, p=1_501 / 20_000)
    # Each bin's own rate, taken as if it were known, cries wolf far more often.
    sharp = shifts(later, learned(2, cautious=False), line=20_000.0)
    assert fired(sharp) > 4 * fired(found)


def test_a_change_shows_in_the_peoples_lane_first() -> None:
    changed = drawn(3, odds=4.0)
    both = shifts(changed, np.tile(TRUE, (RUNS, 1)))
    alone = shifts(changed.only(changed.lane), np.tile(TRUE, (RUNS, 1)))
    assert np.median(both) <= 60
    assert np.median(alone) > 2 * np.median(both)


def test_nothing_is_carried_where_nothing_is_expected_yet() -> None:
    labels = drawn(4, odds=16.0)
    unknown = np.full((RUNS, BINS), np.nan)
    assert not shift.observe(shift.start(RUNS), labels, expected=unknown).any()
    # Nor where nearly everything is wrong as it is.
    hopeless = np.full((RUNS, BINS), 0.85)
    assert not shift.observe(shift.start(RUNS), labels, expected=hopeless).any()


def test_the_people_s_lane_alone_moves_no_statistic_of_the_unattended_lane() -> None:
    labels = drawn(5, odds=4.0)
    levels = shift.observe(shift.start(RUNS), labels.only(~labels.lane), expected=np.tile(TRUE, (RUNS, 1)))
    assert levels[:, :3].any()
    assert not levels[:, 3:].any()


def test_the_reading_is_the_log_of_the_mean_and_stays_finite() -> None:
    levels = np.array([[0.0, np.log(3.0)], [2_000.0, 0.0]])
    assert shift.reading(levels).tolist() == pytest.approx([np.log(2.0), 2_000.0 - np.log(2.0)])


def scores(seed: int, *, shape: tuple[int, int], moved: float = 0.0) -> Floats:
    return np.random.default_rng(seed).normal(moved, 1.0, shape)


def drifts(marks: Floats, new: Floats, *, batch: int = 50) -> Floats:
    levels, found = shift.start_drift(len(new)), np.full(len(new), np.inf)
    for start in range(0, new.shape[1], batch):
        levels = shift.drift(levels, new[:, start : start + batch], marks=marks)
        found = np.where(np.isinf(found) & (shift.reading(levels) >= np.log(1_000.0)), start + batch, found)
    return found


def test_scores_that_lie_as_they_did_are_no_drift_and_moved_ones_are() -> None:
    # Nothing is promised of drift; but of 100,000 still items in all it may not cry more than three times.
    marks = shift.thresholds(scores(6, shape=(20, 4_000)))
    assert fired(drifts(marks, scores(7, shape=(20, 5_000)))) <= 3
    moved = drifts(marks, scores(8, shape=(20, 3_000), moved=-0.7))
    assert np.median(moved) <= 300


def test_marks_count_ties_and_items_without_an_answer() -> None:
    marks = shift.thresholds(np.array([[2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, -np.inf, -np.inf, -np.inf]]))
    assert marks[0].tolist() == [2.0, 1.0, -np.inf, 0.3, 0.7, 0.0]
    levels = shift.drift(shift.start_drift(1), np.full((1, 50), -np.inf), marks=marks)
    assert np.isfinite(levels).all()
    assert shift.reading(levels)[0] > np.log(1_000.0)


def test_without_marks_there_is_no_drift() -> None:
    started = np.full((2, 6), 3.0)
    assert not shift.drift(started, scores(9, shape=(2, 50)), marks=np.full((2, 6), np.nan)).any()


def test_a_batch_moves_only_what_has_marks() -> None:
    marks = np.concatenate([shift.thresholds(scores(10, shape=(1, 500))), np.full((1, 6), np.nan)])
    new: Floats = scores(11, shape=(2, 100), moved=2.0)
    levels = shift.drift(shift.start_drift(2), new, marks=marks)
    assert levels[0].any()
    assert not levels[1].any()


def counts_of(labels: Labels) -> Ints:
    result: Ints = labels.present.sum(axis=1)
    return result


def test_the_draws_of_this_file_are_mostly_the_peoples() -> None:
    # Else the test of who speaks first would say nothing: 20 of 25 labels are of the people's lane.
    labels = drawn(3)
    assert counts_of(labels).tolist() == [LABELS] * RUNS
    assert 0.75 < float((~labels.lane).mean()) < 0.85
