"""The forecast of a queue: what it says of queues whose truth is known, and when it says nothing."""

import numpy as np
import pytest

from slider.engine import forecast
from slider.engine.arrays import Floats
from slider.engine.forecast import Seen


def served(chance: np.random.Generator, *, waiting: int, rate: float, mean_s: float, people: int) -> float:
    """Hours until a real queue is empty: single looks, exponential times and arrivals, people who each take one."""
    hands = np.zeros(people)
    arrival, waits, now = chance.exponential(1 / rate), waiting, 0.0
    while True:
        n = int(hands.argmin())
        now = max(now, float(hands[n]))
        while arrival <= now:
            waits, arrival = waits + 1, arrival + chance.exponential(1 / rate)
        if waits == 0:
            return now
        waits -= 1
        hands[n] = now + chance.exponential(mean_s) / 3600


def measured(chance: np.random.Generator, *, rate: float, mean_s: float) -> tuple[Floats, Floats]:
    return chance.exponential(mean_s, size=200), chance.poisson(rate, size=48).astype(float)


def test_the_interval_holds_the_time_at_which_simulated_queues_were_empty_at_its_rate() -> None:
    rate, mean_s, waiting, people = 40.0, 60.0, 400, 2
    inside, runs, off = 0, 120, []
    for seed in range(runs):
        chance = np.random.default_rng(seed)
        seconds, arrivals = measured(chance, rate=rate, mean_s=mean_s)
        found = forecast.forecast(Seen(waiting, seconds, arrivals, 24.0 * people), seed=seed, runs=200)
        assert found is not None
        truth = served(chance, waiting=waiting, rate=rate, mean_s=mean_s, people=people)
        inside += found.empty_h.low <= truth <= found.empty_h.high
        off.append(found.empty_h.middle - truth)
    # 80 % is promised; 120 runs have a standard error of 3.7 points.
    assert 0.69 <= inside / runs <= 0.91
    assert abs(np.mean(off)) < 0.3


def test_an_interval_that_knows_no_chance_would_fail_that_test() -> None:
    hits = 0
    for seed in range(60):
        chance = np.random.default_rng(seed)
        truth = served(chance, waiting=400, rate=40.0, mean_s=60.0, people=2)
        hits += abs(truth - 5.0) < 0.05  # the fluid's own answer: 400 / (120 - 40)
    assert hits < 20


def test_hours_of_work_are_looks_times_seconds() -> None:
    found = forecast.forecast(Seen(360, np.full(50, 20.0), np.full(24, 9.0), 8.0), seed=1)
    assert found is not None
    assert found.work_h.middle == pytest.approx(2.0, rel=0.01)
    assert found.daily_h.middle == pytest.approx(24 * 9 * 20 / 3600)


def test_more_coming_in_than_is_worked_never_ends() -> None:
    found = forecast.forecast(Seen(100, np.full(50, 60.0), np.full(24, 60.0), 1.0), seed=1)
    assert found is not None
    assert (found.chance_never, found.empty_h.low) == (1.0, np.inf)


def test_nobody_who_works_and_nothing_that_waits() -> None:
    idle = forecast.forecast(Seen(5, np.full(50, 60.0), np.zeros(24), 0.0), seed=1)
    done = forecast.forecast(Seen(0, np.full(50, 60.0), np.full(24, 3.0), 8.0), seed=1)
    assert idle is not None
    assert done is not None
    assert (idle.empty_h.middle, done.empty_h.high, done.work_h.high) == (np.inf, 0.0, 0.0)


@pytest.mark.parametrize(("looks", "hours"), [(19, 24), (20, 5), (0, 0)])
def test_too_little_to_say_is_not_known_yet(looks: int, hours: int) -> None:
    assert forecast.forecast(Seen(9, np.full(looks, 30.0), np.full(hours, 2.0), 8.0), seed=1) is None


def test_the_same_seed_says_the_same() -> None:
    chance = np.random.default_rng(4)
    seconds, arrivals = measured(chance, rate=10.0, mean_s=40.0)
    seen = Seen(100, seconds, arrivals, 24.0)
    assert forecast.forecast(seen, seed=3) == forecast.forecast(seen, seed=3)
    assert forecast.forecast(seen, seed=3) != forecast.forecast(seen, seed=4)


@pytest.mark.parametrize(
    "bad",
    [
        {"waiting": -1},
        {"seconds": np.array([1.0, 0.0])},
        {"seconds": np.array([np.nan])},
        {"arrivals": np.array([-1.0])},
        {"staffed_a_day": np.inf},
    ],
)
def test_it_refuses_what_no_queue_has(bad: dict[str, object]) -> None:
    good: dict[str, object] = {"waiting": 1, "seconds": np.ones(3), "arrivals": np.ones(3), "staffed_a_day": 1.0}
    with pytest.raises(ValueError, match=next(iter(bad))):
        Seen(**(good | bad))  # type: ignore[arg-type]  # what is wrong is the test
