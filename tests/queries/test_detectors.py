"""Detectors are said as the guard left them, loudest first, and what can't be read never looks like quiet."""

from datetime import UTC, datetime
from typing import Any

import pytest

from slider.queries import detectors

QUIET = {"name": "Errors", "state": "quiet", "level": 3.0, "alarm": 100.0, "words": "As promised.", "since": None}
FIRED = {
    "name": "Score drift",
    "state": "fired",
    "level": 140,
    "alarm": 100.0,
    "words": "Scores have moved.",
    "since": "2026-03-01T12:00:00+00:00",
}


@pytest.mark.parametrize("nothing", [None, [], {}, ""])
def test_nothing_stored_is_nothing_said(nothing: Any) -> None:
    assert detectors.said(nothing) == []


@pytest.mark.django_db
def test_a_guard_that_has_not_looked_says_nothing() -> None:
    assert detectors.read(1) == []


def test_the_loudest_comes_first() -> None:
    raised = QUIET | {"name": "Odds", "state": "raised"}
    assert [one.state for one in detectors.said([QUIET, raised, FIRED])] == ["fired", "raised", "quiet"]


def test_it_says_what_was_written() -> None:
    (found,) = detectors.said([FIRED])
    assert found == detectors.Detector(
        "Score drift", "fired", "Scores have moved.", 140.0, 100.0, datetime(2026, 3, 1, 12, tzinfo=UTC)
    )
    assert found.part == 1.0
    assert detectors.said([QUIET])[0].part == pytest.approx(0.03)


@pytest.mark.parametrize(
    "row", [7, "quiet", None, {}, {"name": "Errors"}, QUIET | {"state": "asleep"}, QUIET | {"state": None}]
)
def test_what_cant_be_read_is_said_so(row: Any) -> None:
    (found,) = detectors.said([row])
    assert (found.state, found.words) == ("unreadable", "What it wrote down can't be read.")


@pytest.mark.parametrize("level", [None, "3", True, float("nan"), float("inf"), [1]])
def test_a_level_that_is_no_number_is_left_out(level: Any) -> None:
    (found,) = detectors.said([QUIET | {"level": level}])
    assert (found.level, found.part) == (None, None)


@pytest.mark.parametrize("since", ["yesterday", 5, "2026-13-01", None])
def test_a_moment_that_is_none_is_left_out(since: Any) -> None:
    assert detectors.said([FIRED | {"since": since}])[0].since is None


def test_a_moment_without_a_zone_is_utc() -> None:
    assert detectors.said([FIRED | {"since": "2026-03-01T12:00:00"}])[0].since == datetime(2026, 3, 1, 12, tzinfo=UTC)
