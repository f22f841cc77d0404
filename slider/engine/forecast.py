"""When a queue of looks is empty, and how many hours of people's work it takes: a seeded simulation, with intervals.

Erlang's formulas ask for a steady state, Poisson arrivals and exponential times; a review queue has none of them, and
the question is how long a backlog lasts, not how long one item waits. docs/lead.md says what is assumed and how wrong
that may be.
"""

from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Floats, check_fraction

LEAST_LOOKS = 20  # timed looks, before their spread says anything
LEAST_HOURS = 6  # whole hours of arrivals
RUNS = 400
HORIZON_H = 24 * 60
_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was measured of a queue.

    Attributes:
        waiting: looks that wait, 0 or more.
        seconds: shape (n,), how long each of the newest looks took, above 0.
        arrivals: shape (h,), looks that came in each of the last whole hours, 0 or more.
        staffed_a_day: hours a day that people work on it, 0 or more.
    """

    waiting: int
    seconds: Floats
    arrivals: Floats
    staffed_a_day: float

    def __post_init__(self) -> None:
        if self.waiting < 0:
            raise ValueError(f"waiting is {self.waiting}: give the number of looks that wait, 0 or more.")
        if self.seconds.ndim != 1 or np.any(~(self.seconds > 0.0)) or np.any(~np.isfinite(self.seconds)):
            raise ValueError("seconds holds a time that is not above 0: give how long each look took.")
        if self.arrivals.ndim != 1 or np.any(~(self.arrivals >= 0.0)) or np.any(~np.isfinite(self.arrivals)):
            raise ValueError("arrivals holds a count below 0: give how many looks came in each hour.")
        if not 0.0 <= self.staffed_a_day < np.inf:
            raise ValueError(f"staffed_a_day is {self.staffed_a_day!r}: give hours a day, 0 or more.")


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with the interval that holds it in `level` of cases; infinite where the horizon is not enough."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Attributes:
    work_h: hours of people's work in what waits.
    daily_h: hours of people's work in what comes in on a day.
    empty_h: hours from now until nothing waits; infinite: not within `HORIZON_H`.
    chance_never: the share of runs in which it is not empty within the horizon.
    """

    work_h: Range
    daily_h: Range
    empty_h: Range
    chance_never: float


def forecast(seen: Seen, *, seed: int, level: float = 0.8, runs: int = RUNS) -> Forecast | None:
    """Simulate the queue `runs` times and say when it is empty; None while too little was measured to say.

    Each run first draws what could be the true mean of times and arrivals (a bootstrap of what was measured), then the
    hours to come: arrivals are drawn from the measured hours at that mean, their work is gamma distributed with the
    measured mean and variance, and people do `staffed_a_day / 24` hours of work each hour. So the interval holds both
    what is not known and what is chance.

    Args:
        seen: what was measured.
        seed: of the simulation's chance; the same gives the same.
        level: the share of cases that the interval is to hold, in (0, 1).
        runs: how often the queue is simulated.

    Returns:
        The forecast, or None with fewer than `LEAST_LOOKS` times or `LEAST_HOURS` hours.
    """
    check_fraction(level, "level")
    if seen.seconds.size < LEAST_LOOKS or seen.arrivals.size < LEAST_HOURS:
        return None
    chance = np.random.default_rng(seed)
    picked = chance.choice(seen.seconds, size=(runs, seen.seconds.size)) / _HOUR_S
    mean, variance = picked.mean(axis=1), np.maximum(picked.var(axis=1), 1e-12)
    rates = chance.choice(seen.arrivals, size=(runs, seen.arrivals.size)).mean(axis=1)
    begun = _work(np.full(runs, float(seen.waiting)), mean, variance, chance)
    empty = _empty(seen, begun, (mean, variance), rates, chance)
    sides = ((1.0 - level) / 2.0, 0.5, (1.0 + level) / 2.0)

    def spread(values: Floats) -> Range:
        # «higher» keeps a quantile one of the runs: between a time and never there is nothing to interpolate.
        return Range(*np.quantile(values, sides, method="higher").tolist())

    return Forecast(spread(begun), spread(24.0 * rates * mean), spread(empty), float(np.isinf(empty).mean()))


def _work(looks: Floats, mean: Floats, variance: Floats, chance: np.random.Generator) -> Floats:
    """The hours that so many looks take: a sum of independent times, gamma distributed with their mean and variance."""
    shape = looks * mean**2 / variance
    drawn: Floats = np.where(looks > 0, chance.gamma(np.maximum(shape, 1e-12)) * (variance / mean), 0.0)
    return drawn


def _empty(
    seen: Seen, begun: Floats, times: tuple[Floats, Floats], rates: Floats, chance: np.random.Generator
) -> Floats:
    """Hours until nothing waits, each run; within an hour what comes in is spread evenly."""
    done = seen.staffed_a_day / 24.0
    left, found = begun.copy(), np.where(begun <= 0.0, 0.0, np.inf)
    usual = float(seen.arrivals.mean())
    for hour in range(HORIZON_H):
        running = np.isinf(found)
        if not running.any():
            break
        drawn = chance.choice(seen.arrivals, size=left.size)
        came = np.floor(drawn * (rates / usual) + chance.random(left.size)) if usual > 0 else np.zeros(left.size)
        work = _work(came, *times, chance)
        after = left + work - done
        over = running & (after <= 0.0)
        found[over] = hour + left[over] / np.maximum(done - work[over], 1e-12)
        left = after
    return found
