"""Meters: false alarms within the budget, real collapses found soon, and a control that has no budget."""

import json

import numpy as np
import pytest

from slider.engine.sanity import meter
from slider.engine.sanity.meter import Meter
from tests.engine import exact

ZIPF = 1.0 / np.arange(1, 300)
STREAMS = {
    "ten alike": np.ones(10) / 10,
    "one in most": np.array([0.95, 0.03, 0.02]),
    "many rare": ZIPF / ZIPF.sum(),
}
ITEMS, RUNS = 4_000, 20


def drawn(seed: int, chances: np.ndarray, count: int = ITEMS) -> list[str]:
    return [str(key) for key in np.random.default_rng(seed).choice(len(chances), size=count, p=chances)]


def watched(keys: list[str], start: Meter | None = None, *, at: float = 5.0, only: str = "") -> Meter:
    return meter.observe(start or Meter(), keys, labels={}, at=at, only=only)


@pytest.mark.parametrize("name", STREAMS)
def test_false_alarms_on_a_steady_stream_keep_to_the_budget(name: str) -> None:
    # Per run at most ITEMS / BUDGET are expected; the chance of one or more is at most that.
    alarms = sum(watched(drawn(seed, STREAMS[name])).raised > 0 for seed in range(RUNS))
    assert exact.keeps(alarms, n=RUNS, p=ITEMS / meter.BUDGET)


def test_an_alarm_at_every_run_of_equal_answers_would_not() -> None:
    # The control: "five times in a row the same" raises again and again where one answer is usual.
    alarms = 0
    for seed in range(RUNS):
        keys = drawn(seed, STREAMS["one in most"])
        alarms += any(len(set(keys[place : place + 5])) == 1 for place in range(len(keys) - 5))
    assert not exact.keeps(alarms, n=RUNS, p=ITEMS / meter.BUDGET)


@pytest.mark.parametrize(("name", "most"), [("ten alike", 15), ("many rare", 15), ("one in most", 15)])
def test_a_collapse_onto_one_rare_answer_is_found_within_a_few(name: str, most: int) -> None:
    before = watched(drawn(1, STREAMS[name], 1_000))
    after = watched(["2"] * most, before, at=77.0)
    assert after.alarm is not None
    assert (after.alarm.key, after.alarm.at) == ("2", 77.0)
    assert after.alarm.usual < 0.25


def test_an_answer_that_was_never_there_is_found_as_well() -> None:
    assert watched(["new"] * 20, watched(drawn(1, STREAMS["ten alike"], 1_000))).alarm is not None


def test_it_only_learns_at_first() -> None:
    assert watched(["same"] * meter.FIRST).alarm is None
    assert watched(["same"] * 5_000).raised == 0  # what always was so is no collapse


def test_the_alarm_goes_when_the_collapse_is_over_and_what_it_saw_was_not_learned() -> None:
    before = watched(drawn(1, STREAMS["ten alike"], 1_000))
    raised = watched(["3"] * 150, before)
    assert raised.alarm is not None
    quiet = watched(drawn(2, STREAMS["ten alike"], 400), raised)
    assert (quiet.alarm, quiet.raised) == (None, 1)
    assert quiet.counts["3"] / quiet.total < 0.15


def test_a_collapse_that_lasts_becomes_the_new_usual() -> None:
    before = watched(drawn(1, STREAMS["ten alike"], 1_000))
    lasting = watched(["3"] * 3_000, before)
    assert lasting.alarm is None
    assert lasting.raised == 1


def test_with_one_key_to_watch_others_raise_nothing() -> None:
    before = watched((["0"] * 99 + ["1"]) * 10, only="1")
    assert watched(["0"] * 2_000, before, only="1").raised == 0
    assert watched(["1"] * 30, before, only="1").alarm is not None


def test_entropy_says_how_many_answers_there_are() -> None:
    assert watched(["a"] * 300).bits == 0.0
    assert watched(["a", "b", "c", "d"] * 60).bits == pytest.approx(2.0)
    assert Meter().bits == 0.0


def test_one_at_a_time_gives_the_same() -> None:
    keys = drawn(4, STREAMS["ten alike"], 500) + ["3"] * 40
    one = Meter()
    for key in keys:
        one = watched([key], one)
    # Counts round to the last bits only.
    assert one.alarm is not None
    assert json.dumps(one.to_json()) == json.dumps(watched(keys).to_json())


def test_it_survives_json_and_stays_small() -> None:
    keys = [f"{number:012x}" for number in range(6_000)]
    full = watched(keys)
    stored = json.dumps(full.to_json(), allow_nan=False)
    assert len(stored) < 8_000
    raised = watched(["a"] * 40, watched(["a", "b", "c"] * 100 + ["d"]))
    for one in (full, watched(["x"] * 60, full), raised):
        again = Meter.from_json(json.loads(json.dumps(one.to_json())))
        assert again.to_json() == one.to_json()


@pytest.mark.parametrize("stored", [None, {}, {"counts": 3}, {**Meter().to_json(), "alarm": [1]}])
def test_what_is_no_meter_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match="meter"):
        Meter.from_json(stored)
