"""Faults come at their rates, are described as they are set, and refuse what they don't know."""

import random

import pytest

from slider.llm.standin import faults
from slider.llm.standin.errors import ApiError
from slider.llm.standin.faults import Fault


def test_what_is_described_can_be_set_again() -> None:
    wanted = {"latency_ms": 5, "rate_limit": {"rate": 0.5, "retry_after_s": 7}, "drip": 0.1, "regress": {"rate": 0.3}}
    held = faults.from_json(wanted)
    assert faults.from_json(held.described).described == held.described
    assert (held.latency_ms, held.retry_after_s, held.rates[Fault.DRIP], held.regress) == (5, 7, 0.1, 0.3)


def test_faults_come_at_their_rates() -> None:
    held, rng = faults.from_json({"error": 0.2, "refuse": 0.1}), random.Random(4)
    drawn = [held.drawn(rng) for _ in range(4000)]
    assert drawn.count(Fault.ERROR) / 4000 == pytest.approx(0.2, abs=0.025)
    assert drawn.count(Fault.REFUSE) / 4000 == pytest.approx(0.08, abs=0.02)


def test_a_share_of_the_questions_regresses_and_always_the_same() -> None:
    held = faults.from_json({"regress": {"rate": 0.3, "quiet": False}})
    wrong = [question for question in map(str, range(4000)) if held.regresses(question)]
    assert len(wrong) / 4000 == pytest.approx(0.3, abs=0.03)
    assert all(held.regresses(question) for question in wrong)
    assert not held.quiet


def test_waits_lie_between_latency_and_latency_and_jitter() -> None:
    held = faults.from_json({"latency_ms": 100, "jitter_ms": 50})
    waits = [held.wait_s(random.Random(seed)) for seed in range(100)]
    assert 0.1 <= min(waits) < max(waits) <= 0.15


def test_a_header_replaces_the_rates_for_one_call() -> None:
    base = faults.from_json({"error": 1, "latency_ms": 3})
    held = faults.from_header("rate_limit=9, regress=loud", base=base)
    assert held.drawn(random.Random(0)) is Fault.RATE_LIMIT
    assert (held.retry_after_s, held.latency_ms, held.regress, held.quiet) == (9, 3, 1, False)


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        {"eror": 1},
        {"error": 2},
        {"error": "x"},
        {"error": True},
        {"error": {}},
        {"error": {"rate": 1, "x": 2}},
        {"latency_ms": -1},
        {"latency_ms": float("nan")},
        {"regress": {"rate": 0.1, "quiet": "yes"}},
    ],
)
def test_nonsense_is_refused(wanted: object) -> None:
    with pytest.raises(ApiError):
        faults.from_json(wanted)


def test_an_unknown_fault_in_a_header_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ApiError, match="break_schema"):
        faults.from_header("explode", base=faults.NONE)
