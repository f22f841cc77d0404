"""The benches of very many items and of very many calls in the air measure what they say: small runs go all the way."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench import tenths
from bench.tenths import Found, Mark

ROOT = Path(__file__).parents[2]


def ran(*command: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", *command, "--json"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_item_of_a_small_run_is_counted_and_every_table_is_weighed() -> None:
    found = ran("bench.million", "--items", "1500", "--pumps", "1", "--ahead", "1000")
    assert found["tenths"][-1]["upto"] == 1500
    assert [one["upto"] for one in found["tenths"]] == sorted({one["upto"] for one in found["tenths"]})
    assert all(one["rate"] > 0 and one["pumps_ms"] > 0 and one["wal"] > 0 for one in found["tenths"])
    tables = {one["name"]: one for one in found["tables"]}
    assert tables["slider_item"]["rows"] == tables["slider_payload"]["rows"] == 1500 + 300
    assert tables["slider_move"]["rows"] >= 3 * 1800
    assert 0 < found["bytes_an_item"] * 1500 < found["tenths"][-1]["database"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_few_pumps_hold_the_calls_that_they_are_dealt() -> None:
    given = ("--workers", "2", "--hosts", "1", "--in-flight", "40", "--latency", "0.5", "--warm", "2", "--seconds", "4")
    (found,) = ran("bench.wide", *given)
    assert (found["pumps"], found["ideal"]) == (2, 80)
    assert 20 < found["air"] <= 40
    assert 20 < found["items"] <= 88
    assert found["claims"] > 0
    assert found["statements"] > found["claims"]
    assert 0 < found["endpoint_cpu"] < found["pumps_cpu"]


def mark(items: int, at_s: float, *, cpu_s: float, database: int = 1000) -> Mark:
    return Mark(items, at_s, cpu_s, 0.0, 0.0, 0.0, 0.0, database, 10 * items, 0, 0, 0)


def test_a_tenth_is_what_lies_between_two_marks() -> None:
    marks = (mark(0, 5.0, cpu_s=1.0), mark(100, 6.0, cpu_s=2.0), mark(200, 8.0, cpu_s=4.0, database=3000))
    found = Found(200, 1, marks, (), ())
    assert [one.rate for one in found.tenths] == [100.0, 50.0]
    assert [one.pumps_ms for one in found.tenths] == [10.0, 20.0]
    told = tenths.document(found)
    assert told["last_to_first"] == {"rate": 0.5, "cpu_ms": 2.0}
    assert (told["bytes_an_item"], told["wal_an_item"]) == (10.0, 10.0)
    assert any("items/s: last tenth to first 0.50" in line for line in tenths.table(found))


def test_the_slope_is_of_the_whole_run_and_none_where_nothing_changes() -> None:
    assert tenths.slope([1, 2, 3, 4], [5.0, 5.0, 5.0, 5.0]) == 0.0
    assert tenths.slope([1, 2, 3], [1.0, 2.0, 3.0]) == pytest.approx(1.0)
    assert tenths.slope([1], [5.0]) == 0.0
