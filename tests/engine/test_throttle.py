"""The throttle finds what an endpoint bears, gives way to refusals and to queues, and comes back when it may."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from slider.engine.throttle import FORGET_S, Throttle


class Limit(Protocol):
    """What the simulation asks of a throttle."""

    @property
    def limit(self) -> int: ...
    def refused(self, *, began: float, now: float) -> None: ...
    def answered(self, *, began: float, now: float, in_air: int) -> None: ...


class Fixed:
    """The control: it never gives way."""

    def __init__(self, most: int) -> None:
        self.limit = most

    def refused(self, *, began: float, now: float) -> None: ...
    def answered(self, *, began: float, now: float, in_air: int) -> None: ...


def constant(calls: int) -> Callable[[float], int]:
    """An endpoint that bears so many calls at all times."""
    return lambda _: calls


def steady(latency_s: float) -> Callable[[int], float]:
    """An endpoint that takes so long however much it has to do."""
    return lambda _: latency_s


@dataclass
class Simulated:
    """A caller with endless work and an endpoint that turns away whatever is beyond what it bears."""

    throttle: Limit
    bears: Callable[[float], int]
    latency_s: Callable[[int], float] = field(default_factory=lambda: steady(0.5))
    seed: int = 1
    now: float = 0.0
    refused: int = 0
    answered: int = 0
    peak: int = 0
    _air: list[tuple[float, float, bool]] = field(default_factory=list)

    def run(self, until_s: float) -> "Simulated":
        rng = random.Random(self.seed)
        while self.now < until_s:
            while len(self._air) < self.throttle.limit:
                busy = sum(1 for _, _, ok in self._air if ok)
                ok = busy < self.bears(self.now)
                took = self.latency_s(len(self._air)) * rng.uniform(0.8, 1.2) if ok else rng.uniform(0.02, 0.06)
                heapq.heappush(self._air, (self.now + took, self.now, ok))
                self.peak = max(self.peak, len(self._air))
            ended, began, ok = heapq.heappop(self._air)
            self.now = max(self.now, ended)
            if ok:
                self.answered += 1
                self.throttle.answered(began=began, now=self.now, in_air=len(self._air) + 1)
            else:
                self.refused += 1
                self.throttle.refused(began=began, now=self.now)
        return self


def test_a_new_throttle_takes_the_person_at_their_word() -> None:
    assert Throttle(100).limit == 100


def test_it_refuses_a_limit_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one call"):
        Throttle(0)


@pytest.mark.parametrize("seed", range(5))
def test_it_settles_below_what_the_endpoint_bears_and_few_calls_are_turned_away(seed: int) -> None:
    found = Simulated(Throttle(100), constant(20), seed=seed).run(60)
    best = 60 * 20 / 0.5
    assert found.answered > 0.7 * best
    assert found.refused < 0.1 * found.answered
    assert found.peak <= 100


def test_a_limit_that_never_gives_way_is_turned_away_most_of_the_time() -> None:
    """The control: the same endpoint, and nobody who listens."""
    found = Simulated(Fixed(100), constant(20)).run(20)
    assert found.refused > 10 * found.answered


@pytest.mark.parametrize("seed", range(5))
def test_ten_seconds_after_the_endpoint_has_come_back_it_is_used_as_before(seed: int) -> None:
    throttle = Throttle(64)
    Simulated(throttle, lambda now: 64 if now > 60 else 0, seed=seed).run(69.9)
    assert throttle.limit >= 58


def test_one_burst_of_refusals_is_one_cut() -> None:
    throttle = Throttle(64)
    for _ in range(30):
        throttle.refused(began=1.0, now=2.0)
    assert throttle.limit == 32
    throttle.refused(began=2.5, now=3.0)
    assert throttle.limit == 16


def test_one_call_at_a_time_always_remains() -> None:
    throttle = Throttle(8)
    for n in range(1, 50):
        throttle.refused(began=float(n), now=n + 0.5)
    assert throttle.limit == 1


def test_it_grows_by_doubling_only_when_the_last_cut_is_some_time_ago() -> None:
    def rounds(start: float) -> int:
        throttle = Throttle(64)
        throttle.refused(began=0.0, now=1.0)
        for n in range(32):
            throttle.answered(began=start, now=start + n / 100, in_air=32)
        return throttle.limit

    assert rounds(1.1) == 32  # one round, and not even one more: 32 answers at 1/32 a piece, rounded down
    assert rounds(1.1 + FORGET_S) >= 63


def test_a_limit_that_is_not_used_does_not_grow() -> None:
    throttle = Throttle(64)
    throttle.refused(began=0.0, now=1.0)
    for n in range(500):
        throttle.answered(began=20.0 + n, now=20.5 + n, in_air=2)
    assert throttle.limit == 32


@pytest.mark.parametrize("seed", range(3))
def test_a_queue_at_the_endpoint_is_seen_by_its_latency(seed: int) -> None:
    """From 30 s on the endpoint serves 20 at a time and queues the rest: each further call waits as much longer."""
    throttle = Throttle(100)
    world = Simulated(throttle, constant(1000), seed=seed)
    world.latency_s = lambda in_air: 0.2 * max(1.0, in_air / 20) if world.now > 30 else 0.2
    world.run(30)
    assert throttle.limit == 100
    world.run(40)
    assert throttle.limit < 60


def test_what_a_busy_caller_adds_to_quick_answers_is_no_queue_at_the_endpoint() -> None:
    """A process that reads and writes a hundred answers at once takes each of them up a tenth of a second later."""
    throttle = Throttle(100)
    world = Simulated(throttle, constant(1000), seed=3)
    world.latency_s = lambda _: 0.15 if world.now % 20 > 10 else 0.005
    world.run(60)
    assert throttle.limit == 100


def test_an_endpoint_that_has_become_slower_for_good_is_used_as_before_after_a_while() -> None:
    throttle = Throttle(20)
    world = Simulated(throttle, constant(1000))
    world.latency_s = lambda _: 1.0 if world.now > 10 else 0.2
    world.run(15)
    assert throttle.limit < 20
    world.run(90)
    assert throttle.limit == 20


def test_latency_alone_never_takes_more_than_three_quarters() -> None:
    throttle = Throttle(40)
    world = Simulated(throttle, constant(1000))
    world.latency_s = lambda _: 0.1 * (1 + world.now)
    world.run(60)
    assert throttle.limit >= 10


def test_a_bound_from_outside_holds_at_once_and_what_was_learnt_outlives_it() -> None:
    throttle = Throttle(32)
    throttle.bound(6)
    assert throttle.limit == 6
    throttle.bound(32)
    assert throttle.limit == 32, "nothing was learnt of an endpoint that was never too busy"
    throttle.refused(began=1.0, now=1.1)
    throttle.refused(began=2.0, now=2.1)
    assert throttle.limit == 8
    throttle.bound(0)
    assert throttle.limit == 1
    throttle.bound(32)
    assert throttle.limit == 8


def test_a_refusal_halves_what_was_in_the_air_and_not_what_might_have_been() -> None:
    throttle = Throttle(32)
    throttle.bound(6)
    throttle.refused(began=1.0, now=1.1)
    assert throttle.limit == 3
