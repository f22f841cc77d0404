"""The bench of an endpoint's whims measures what it says: a short one goes all the way."""

import math

import pytest

from bench import whims
from tests.house.test_bench_scale import ran


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_of_a_short_death_every_item_is_ended_and_paid_once() -> None:
    (found,) = ran("bench.whims", "--whims", "is dead", "--length", "0.03", "--items", "550")
    assert (found["items"], found["given_up"], found["unattended_while_ill"]) == (550, 0, 0)
    assert found["calls"] == 550 + found["failed"]
    assert found["failed"] > 0  # calls that were in the air when it died
    assert 0 <= found["used_after_s"] <= found["pace_after_s"] <= found["ended_after_s"]
    assert found["paid_usd"] == pytest.approx(found["answers_usd"])


@pytest.mark.parametrize(
    ("after", "back"),
    [
        ([0.5 + n / 10 for n in range(40)], 0.5),  # at once
        ([1.0, 3.0, 5.0, *(6 + n / 10 for n in range(40))], 6.0),  # probes come first
        ([1.0, 2.0], math.inf),
    ],
)
def test_it_is_used_as_before_when_two_seconds_bring_as_many_answers(after: list[float], back: float) -> None:
    assert whims.back(after, 10.0) == pytest.approx(back, abs=0.5)
