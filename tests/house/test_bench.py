"""The benchmark measures what it says: a small run goes all the way, and its figures add up."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import endpoint, report

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_small_run_takes_every_item_through_every_way() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.fleet", "--modes", "quick", "--items", "50", "--rounds", "1", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert [row["way"] for row in found["rows"]] == [report.BARE, report.PLAIN, report.pump(1), report.pump(2)]
    assert [run["items"] for run in found["runs"]] == [50] * 4
    assert all(run["seconds"] > 0 and run["cpu_s"] > 0 and run["rss_mb"] > 10 for run in found["runs"])
    assert "RecursionError" not in done.stderr


@pytest.mark.slow
def test_the_what_if_is_asked_of_as_many_scored_items_as_said() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.whatif", "--items", "300", "900", "--times", "3", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [row["items"] for row in found] == [300] * 3 + [900] * 3
    assert found[0]["what"] == "200 positions"
    assert all(0 < row["p50_ms"] <= row["p95_ms"] for row in found)


def test_a_ratio_is_to_the_bare_loop_of_the_same_round() -> None:
    runs = [
        report.Run(report.BARE, 1, 100, 1.0, 0.1, 0.0, 50),
        report.Run(report.pump(1), 1, 100, 0.5, 0.2, 0.1, 150),
        report.Run(report.BARE, 2, 100, 4.0, 0.1, 0.0, 50),
        report.Run(report.pump(1), 2, 100, 1.0, 0.3, 0.1, 160),
    ]
    bare, pump = report.rows(runs)
    assert bare.ratio == report.Spread(1.0, 1.0, 1.0)
    assert pump.ratio == report.Spread(3.0, 2.0, 4.0)
    assert pump.cpu_ms == report.Spread(2.5, 2.0, 3.0)
    assert pump.rss_mb == 160


def test_the_endpoint_answers_with_as_many_tokens_as_asked_for() -> None:
    first, second = endpoint.answers(20, 5)[:2]
    (choice,) = json.loads(first.partition(b"\r\n\r\n")[2])["choices"]
    tokens = choice["logprobs"]["content"]
    assert len(tokens) == 20
    assert all(len(token["top_logprobs"]) == 5 for token in tokens)
    assert "".join(token["token"] for token in tokens) == choice["message"]["content"]
    assert set(json.loads(choice["message"]["content"])) == {"topic", "reply"}
    assert first != second


@pytest.mark.slow
def test_a_small_run_of_the_guard_hears_every_verdict_and_times_the_routing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.guard", "--sizes", "300", "--labels", "200", "--batches", "2", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (row,) = found["rounds"]
    assert (row["items"], row["rounds"]) == (300, 1)
    assert 150 < row["labels"] < 350  # a young task is audited more densely
    assert row["python_s"] > 0
    assert [one["times"] for one in found["routing"]] == [200, 2]
    assert all(0 < one["median_ms"] <= one["p95_ms"] for one in found["routing"])
