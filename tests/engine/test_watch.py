"""The watch: what it orders, what ends an epoch, and what each label reaches."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from slider.engine import audit, certificate, regions
from slider.engine.arrays import Ints
from slider.engine.labels import Labels
from slider.engine.orders import Orders, Tuning
from slider.engine.watch import Watch
from tests.engine.verdicts import count, verdicts

LIMIT, DELTA = 0.05, 0.05
CUTS, BINS = certificate.CUTS, len(certificate.CUTS)
EASY, MIDDLE = 0, int(certificate.bins(np.array([0.5]))[0])


def watch_of(streams: int, tuning: Tuning | None = None) -> Watch:
    return Watch(np.full(streams, LIMIT), DELTA, tuning or Tuning())


def evenly(labels: int, *, streams: int = 1, wrong: bool = False, lane: bool = False) -> Labels:
    """Labels spread evenly over all ranks."""
    bins = certificate.bins((np.arange(labels) + 0.5) / labels)
    return verdicts(np.full((streams, labels), wrong), bins=bins, lane=lane)


def opened(streams: int = 1, *, tuning: Tuning | None = None) -> Watch:
    """A watch whose lane is open to the last cut, on evidence without an error."""
    watch = watch_of(streams, tuning)
    count(watch, evenly(600, streams=streams))
    watch.hear(evenly(400, streams=streams))
    assert watch.judge().share.tolist() == [1.0] * streams
    return watch


@given(
    floor=some.floats(min_value=1e-4, max_value=1.0),
    limit=some.floats(min_value=1e-4, max_value=0.9),
    lane_items=some.integers(min_value=0, max_value=10**9),
    boosted=some.booleans(),
)
def test_audits_are_never_rarer_than_the_floor(*, floor: float, limit: float, lane_items: int, boosted: bool) -> None:
    tuning = Tuning(floor=floor, ramp=5.0, ramp_most=np.inf)
    watch = Watch(np.array([limit]), DELTA, tuning)
    watch.lane_items[:] = lane_items
    watch.boost_until[:] = 10 if boosted else -1
    got = float(audit.LADDER[watch.judge().rung[0]])
    assert got >= max(floor, 1 / 64) * (1.0 - 1e-8)
    usual = audit.chance(floor=floor, error_limit=limit, lane_items=lane_items)
    if boosted:
        assert got >= min(usual, 0.5)
    else:
        assert got == usual


def test_nothing_is_open_without_evidence_and_everything_on_enough_of_it() -> None:
    watch = watch_of(2)
    assert watch.judge().share.tolist() == [0.0, 0.0]
    assert opened(2).judge().share.tolist() == [1.0, 1.0]


def test_an_alarm_ends_the_epoch_and_what_is_known_of_it() -> None:
    watch = opened(2)
    watch.hear(verdicts(np.array([[True] * 12, [False] * 12]), bins=BINS - 1))
    orders = watch.judge()
    assert orders.alarmed.tolist() == orders.ended.tolist() == [True, False]
    assert orders.share.tolist() == [0.0, 1.0]
    assert watch.counters.labels.tolist() == [0, 600]
    assert watch.proof.best[0].max() == 0.0
    assert watch.alarm[0].max() == watch.heard[0].max() == watch.items[0] == 0
    again = watch.judge()
    assert not again.ended.any()
    assert again.share.tolist() == [0.0, 1.0]


def test_a_closed_lane_raises_no_alarm() -> None:
    watch = watch_of(1)
    watch.hear(evenly(60, wrong=True, lane=True).only(CUTS[evenly(60).bins] > 0.6))
    orders = watch.judge()
    assert not orders.alarmed.any()
    assert not orders.ended.any()


def test_a_region_closed_before_the_lane_opens_ends_the_epoch_and_one_closed_after_does_not() -> None:
    bad = verdicts(np.ones((1, 8), dtype=np.bool_), bins=EASY, lane=False)
    early = watch_of(1)
    count(early, bad)
    early.hear(bad)
    orders = early.judge()
    assert orders.closed[0].tolist() == [True] + [False] * (regions.COUNT - 1)
    assert orders.ended.tolist() == [True]
    assert early.counters.labels.tolist() == [0]
    assert early.quarantined[0, 0]
    late = opened()
    late.hear(bad)
    orders = late.judge()
    assert orders.closed[0, 0]
    assert not orders.ended.any()
    assert orders.share[0] > 0.0
    assert late.counters.labels.tolist() == [600]


def test_a_region_opened_again_before_the_lane_opens_ends_the_epoch_too() -> None:
    watch = watch_of(1)
    watch.quarantined[:, 1] = True
    count(watch, evenly(20))
    watch.hear_quarantined(
        np.zeros(90, dtype=np.int64), np.ones(90, dtype=np.int64), wrong=np.zeros(90, dtype=np.bool_)
    )
    orders = watch.judge()
    assert orders.reopened[0, 1]
    assert orders.ended[0]
    assert not watch.quarantined.any()
    assert watch.counters.labels.tolist() == [0]


def test_what_a_closed_region_showed_before_an_alarm_does_not_open_it_after() -> None:
    watch = opened()
    watch.quarantined[:, 1] = True
    watch.hear_quarantined(
        np.zeros(60, dtype=np.int64), np.ones(60, dtype=np.int64), wrong=np.zeros(60, dtype=np.bool_)
    )
    watch.hear(verdicts(np.ones((1, 12), dtype=np.bool_), bins=BINS - 1))
    assert watch.judge().alarmed[0]
    assert watch.quarantined[0, 1]
    watch.hear_quarantined(
        np.zeros(10, dtype=np.int64), np.ones(10, dtype=np.int64), wrong=np.zeros(10, dtype=np.bool_)
    )
    assert not watch.judge().reopened.any()


def test_aimed_looks_reach_no_alarm_and_looks_back_no_expectation_and_neither_the_certificate() -> None:
    found = verdicts(np.ones((1, 9), dtype=np.bool_), bins=MIDDLE)
    for aimed in (False, True):
        watch = opened()
        watch.expected[:] = 0.02
        watch.hear(found, looked_back=True, aimed=aimed)
        moved = [bool(np.any(level)) for level in (watch.alarm, watch.nudge, watch.shift)]
        assert moved == [not aimed] * 3
        assert watch.regions.any()
        assert watch.recent[0, MIDDLE, 1] == 9.0
        assert watch.heard.sum() == 400
        assert watch.counters.labels.tolist() == [600]


def raised(watch: Watch, *, errors: int = 3) -> Orders:
    watch.hear(verdicts(np.ones((1, errors), dtype=np.bool_), bins=BINS - 1, rungs=watch.rung))
    return watch.judge()


def test_suspicion_asks_for_looks_and_audits_closes_nothing_and_backs_off() -> None:
    watch = opened(tuning=Tuning(alarm=1e9))
    watch.lane_items[:] = 10**6
    assert audit.LADDER[watch.judge().rung[0]] == 1 / 16
    orders = raised(watch)
    assert orders.suspected[0]
    assert (orders.look_back[0], orders.look_back_easy[0]) == (60, 40)
    assert audit.LADDER[orders.rung[0]] == 0.5
    assert not orders.ended[0]
    assert orders.share[0] > 0.0
    # While it lasts it is not raised again; then it takes three times as much.
    assert not raised(watch).suspected[0]
    watch.audits += watch.tuning.boost_audits
    watch.nudge[:] = np.log(2.0 * watch.tuning.nudge)
    assert not watch.judge().suspected[0]
    watch.nudge[:] = np.log(4.0 * watch.tuning.nudge)
    assert watch.judge().suspected[0]


def test_patience_comes_back_with_quiet_items() -> None:
    watch = opened()
    watch.patience[:] = 9.0
    quiet = np.zeros((1, 50))
    for _ in range(160):
        watch.routed(
            items=50, unattended=np.array([40]), audited=np.array([2]), scores=quiet, window=np.zeros((1, 500))
        )
    assert watch.patience[0] == pytest.approx(9.0 / 4.0)
    assert (watch.items[0], watch.lane_items[0], watch.audits[0]) == (8_000, 6_400, 320)


def test_scores_that_move_raise_suspicion_and_a_new_calibration_does_not() -> None:
    rng = np.random.default_rng(4)
    watch = opened()
    none = np.zeros(1, dtype=np.int64)

    def route(blocks: int, moved: float) -> None:
        for _ in range(blocks):
            scores, window = rng.normal(moved, 1.0, (1, 50)), rng.normal(moved, 1.0, (1, 500))
            watch.routed(items=50, unattended=none, audited=none, scores=scores, window=window)

    route(40, 0.0)
    assert not watch.judge().suspected[0]
    watch.ranked_anew(np.array([True]), watch.heard)
    route(20, -1.0)
    assert not watch.judge().suspected[0]
    route(20, 1.0)
    assert watch.judge().suspected[0]


def test_what_is_expected_is_known_after_six_hundred_labels_and_again_under_a_new_ranking() -> None:
    watch = watch_of(1)
    watch.hear(evenly(599))
    watch.judge()
    assert np.isnan(watch.expected).all()
    watch.hear(evenly(1))
    watch.judge()
    assert not np.isnan(watch.expected).any()
    heard: Ints = watch.heard[:, ::-1].copy()
    watch.ranked_anew(np.array([True]), heard)
    assert np.isnan(watch.expected).all()
    watch.judge()
    assert not np.isnan(watch.expected).any()
    assert np.array_equal(watch.heard, heard)


def test_both_lanes_that_turn_bad_end_the_epoch_by_a_shift() -> None:
    watch = opened()
    watch.hear(evenly(700))
    watch.judge()
    watch.hear(verdicts(np.ones((1, 6), dtype=np.bool_), bins=np.full((1, 6), BINS - 1), lane=False))
    orders = watch.judge()
    assert orders.shifted.tolist() == orders.ended.tolist() == [True]
    assert not orders.alarmed[0]
    assert orders.share[0] == 0.0


def test_without_a_brake_the_cap_itself_is_used() -> None:
    bad = evenly(40, wrong=True)
    for tuning, braked in ((Tuning(), True), (Tuning(brake=0.0), False)):
        watch = opened(tuning=replace(tuning, region=1e12))
        watch.hear(bad)
        assert (watch.judge().share[0] < 1.0) == braked
