"""What each detector says of itself: a row the pages can read, whatever the watch has seen."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from slider.engine.orders import Tuning
from slider.engine.watch import Watch
from slider.flow.watching import detectors

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def fresh(**tuning: Any) -> Watch:
    return Watch(np.array([0.03]), 0.05, replace(Tuning(), **tuning))


def rows(watch: Watch, *, fired: str = "", before: Any = (), at: datetime = NOW) -> dict[str, dict[str, Any]]:
    found = detectors.rows(watch, share=0.0, fired=fired, before=before, now=at)
    return {row["name"]: row for row in found}


def test_a_watch_that_has_seen_nothing_is_quiet_in_every_row() -> None:
    found = rows(fresh())
    assert {row["state"] for row in found.values()} == {"quiet"}
    assert all(set(row) == {"name", "state", "level", "alarm", "words", "since"} for row in found.values())
    assert all(0 <= row["level"] < row["alarm"] and row["words"].endswith(".") for row in found.values())
    json.dumps(list(found.values()), allow_nan=False)


@pytest.mark.parametrize(
    ("name", "part", "value"),
    [
        ("Alarm", "alarm", 1500.0),
        ("Shift", "shift", 9.0),
        ("Drift of the scores", "drift", 6.0),
        ("Quarantine", "regions", 1500.0),
    ],
)
def test_half_way_to_its_threshold_a_detector_stands_out(name: str, part: str, value: float) -> None:
    watch = fresh()
    getattr(watch, part)[:] = value
    found = rows(watch)
    assert found[name]["state"] == "raised"
    assert {other["state"] for other in found.values() if other is not found[name]} == {"quiet"}


def test_what_is_wrong_at_the_edge_of_the_lane_is_no_matter_of_quarantine() -> None:
    watch = fresh()
    watch.regions[:, -1] = 1e9
    assert rows(watch)["Quarantine"]["state"] == "quiet"
    watch.proof.certified[:] = True  # the lane goes up to the end: the region is well inside
    assert rows(watch)["Quarantine"]["state"] == "raised"


def test_what_fired_stays_so_with_its_time_until_it_is_over() -> None:
    first = rows(fresh(), fired="Alarm")
    later = rows(fresh(), fired="Alarm", before=list(first.values()), at=NOW + timedelta(hours=1))
    assert (later["Alarm"]["state"], later["Alarm"]["since"]) == ("fired", NOW.isoformat())
    over = rows(fresh(), before=list(later.values()), at=NOW + timedelta(hours=2))
    assert (over["Alarm"]["state"], over["Alarm"]["since"]) == ("quiet", (NOW + timedelta(hours=2)).isoformat())


def test_rows_that_were_stored_broken_are_written_anew() -> None:
    found = rows(fresh(), before=[None, 7, {"name": "Alarm"}, {"state": "quiet"}, "x"])
    assert found["Alarm"]["since"] == NOW.isoformat()


def test_levels_without_bound_are_written_as_numbers() -> None:
    watch = fresh()
    watch.alarm[:], watch.regions[:], watch.shift[:] = 1e100, 1e100, 500.0
    json.dumps(list(rows(watch).values()), allow_nan=False)
