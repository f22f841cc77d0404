"""The ledger: a count of wrong results that holds whatever the data do, and how easily another one breaks."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from slider.engine import audit, ledger, once
from slider.engine.arrays import Floats, Ints
from tests.engine import exact

RUNS, ITEMS, DELTA = 300, 2_500, 0.05
FLOOR = 2.0**-3
RUNGS = {1.0: 0, 0.5: 2, 0.25: 4, FLOOR: 6}

Adversary = Callable[["Past"], Floats]


class Past:
    """What an adversary sees before the next item: everything but the coins to come."""

    def __init__(self) -> None:
        self.items = 0
        self.errors, self.caught, self.since = (np.zeros(RUNS, dtype=np.int64) for _ in range(3))


def still(past: Past) -> Floats:
    return np.full(RUNS, 0.02)


def rare(past: Past) -> Floats:
    return np.full(RUNS, 0.002)


def bursts(past: Past) -> Floats:
    return np.full(RUNS, 0.5 if past.items % 500 < 25 else 0.0)


def errs_until_caught(past: Past) -> Floats:
    return np.where(past.since < 60, 0.0, 1.0) if past.items > 60 else np.ones(RUNS) * (past.caught == 0)


def errs_while_lucky(past: Past) -> Floats:
    return np.where(past.caught <= FLOOR * past.errors, 0.3, 0.01)


def waits_for_a_long_quiet_time(past: Past) -> Floats:
    return np.where(past.since > 400, 0.6, 0.0)


def stops_when_ahead(past: Past) -> Floats:
    return np.where(past.caught < 0.7 * FLOOR * past.errors - 2.0, 0.0, 0.05)


ADVERSARIES = [
    still,
    rare,
    bursts,
    errs_until_caught,
    errs_while_lucky,
    waits_for_a_long_quiet_time,
    stops_when_ahead,
]


def dense_then_thin(past: Past) -> float:
    """Audits as a task makes them: dense at first, then at the floor, and dense again when something is suspected."""
    return 0.5 if past.items < 200 or past.items % 1_000 < 60 else 0.25 if past.items < 400 else FLOOR


def broken(
    adversary: Adversary,
    bound: Callable[[Ints], float],
    *,
    seed: int,
    chance: Callable[[Past], float] = dense_then_thin,
    seen: float = 1.0,
) -> int:
    """Count the runs in which there were ever more wrong results than the bound said."""
    rng, past, known = np.random.default_rng(seed), Past(), dict[bytes, float]()
    found, ever = np.zeros((RUNS, audit.STEPS), dtype=np.int64), np.zeros(RUNS, dtype=np.bool_)
    most = np.full(RUNS, bound(found[0]))
    for item in range(ITEMS):
        past.items = item
        wrong = rng.random(RUNS) < adversary(past)
        now = chance(past)
        caught = wrong & (rng.random(RUNS) < now * seen)
        found[caught, RUNGS[now]] += 1
        past.errors += wrong
        past.caught += caught
        past.since = np.where(caught, 0, past.since + 1)
        for run in np.flatnonzero(caught).tolist():
            key = found[run].tobytes()
            if key not in known:
                known[key] = bound(found[run])
            most[run] = known[key]
        ever |= past.errors > most + 1e-6
    return int(ever.sum())


def floor_bound(found: Ints) -> float:
    return ledger.at_most(found, least_chance=FLOOR, delta=DELTA)


@pytest.mark.parametrize("adversary", ADVERSARIES, ids=lambda one: one.__name__)
def test_it_holds_at_every_look_whatever_the_data_do(adversary: Adversary) -> None:
    assert exact.keeps(broken(adversary, floor_bound, seed=1), n=RUNS, p=DELTA)


def extrapolated(adversary: Adversary, *, seed: int) -> int:
    """The control: Clopper and Pearson's bound on the share of errors among audits, times the items, looked at."""
    rng, past, ever = np.random.default_rng(seed), Past(), np.zeros(RUNS, dtype=np.bool_)
    looked = np.zeros(RUNS, dtype=np.int64)
    for item in range(ITEMS):
        past.items = item
        wrong, coin = rng.random(RUNS) < adversary(past), rng.random(RUNS) < FLOOR
        past.errors += wrong
        past.caught += wrong & coin
        past.since = np.where(wrong & coin, 0, past.since + 1)
        looked += coin
        for run in np.flatnonzero(wrong & ~ever & (looked > 0)).tolist():
            share = min(past.errors[run] / (item + 1.0), 1.0 - 1e-9)
            ever[run] = once.binomial(int(past.caught[run]), int(looked[run]), share) < DELTA
    return int(ever.sum())


@pytest.mark.parametrize("adversary", [errs_until_caught, errs_while_lucky], ids=lambda one: one.__name__)
def test_a_share_of_errors_times_the_items_does_not(adversary: Adversary) -> None:
    assert not exact.keeps(extrapolated(adversary, seed=1), n=RUNS, p=DELTA)


def test_reviewers_who_miss_errors_are_counted_in() -> None:
    def knowing(found: Ints) -> float:
        return ledger.at_most(found, least_chance=FLOOR, delta=DELTA, miss=0.5)

    assert exact.keeps(broken(still, knowing, seed=2, seen=0.5), n=RUNS, p=DELTA)
    # The control: the same reviewers, taken to see everything.
    assert not exact.keeps(broken(still, floor_bound, seed=2, seen=0.5), n=RUNS, p=DELTA)


def test_the_bound_on_misses_may_move_as_long_as_it_is_none_too_small() -> None:
    def least_of_many(found: Ints) -> float:
        """Whoever picks at each look the bound that says least, of all that aren't below the true share."""
        return min(ledger.at_most(found, least_chance=FLOOR, delta=DELTA, miss=miss) for miss in (0.5, 0.6, 0.8, 0.95))

    assert exact.keeps(broken(still, least_of_many, seed=2, seen=0.5), n=RUNS, p=DELTA)


def test_the_least_chance_so_far_will_not_do_while_it_falls() -> None:
    # The control for "the same at every look": at each stage of thinner audits somebody errs until caught.
    runs = 800
    ever = np.zeros(runs, dtype=np.bool_)
    fixed, known = ever.copy(), dict[tuple[bytes, float], float]()
    rng = np.random.default_rng(3)
    for run in range(runs):
        found, errors = np.zeros(audit.STEPS, dtype=np.int64), 0
        for rung in (2, 4, 6, 8, 10, 12):
            for _ in range(int(8.0 / audit.LADDER[rung])):
                errors += 1
                caught = bool(rng.random() < audit.LADDER[rung])
                found[rung] += caught
                for least, failures in ((float(audit.LADDER[rung]), ever), (float(audit.LADDER[12]), fixed)):
                    key = (found.tobytes(), least)
                    if key not in known:
                        known[key] = ledger.at_most(found, least_chance=least, delta=DELTA)
                    failures[run] |= errors > known[key]
                if caught:
                    break
    assert exact.keeps(int(fixed.sum()), n=runs, p=DELTA)
    assert not exact.keeps(int(ever.sum()), n=runs, p=DELTA)


def test_an_open_audit_counts_as_a_found_error_until_it_is_judged() -> None:
    found = np.zeros(audit.STEPS, dtype=np.int64)
    bounds = []
    for errors in range(6):
        found[6] = errors
        bounds.append(floor_bound(found))
    assert bounds == sorted(bounds)
    assert np.diff(bounds).min() > 1.0


@pytest.mark.parametrize(("chance", "most"), [(1 / 16, 59.4), (1 / 64, 243.1)])
def test_its_blind_spot_is_about_four_over_the_chance(chance: float, most: float) -> None:
    assert ledger.blind(least_chance=chance, delta=DELTA) == pytest.approx(most, rel=0.01)
    # Nobody can do much better: two and a half over the chance stay unseen more often than in 5 %.
    assert (1.0 - chance) ** (2.5 / chance) > DELTA


@pytest.mark.parametrize(("found", "true"), [(25, 400.0), (75, 1_200.0)])
def test_with_many_errors_found_it_comes_close(found: int, true: float) -> None:
    counts = np.zeros(audit.STEPS, dtype=np.int64)
    counts[audit.rung(1 / 16)] = found
    said = ledger.at_most(counts, least_chance=1 / 16, delta=DELTA)
    assert true < said < 1.9 * true


def test_it_is_where_the_wealth_reaches_its_target() -> None:
    counts = np.zeros(audit.STEPS, dtype=np.int64)
    counts[[2, 6, 8]] = (3, 2, 5)
    said = ledger.at_most(counts, least_chance=1 / 16, delta=DELTA, miss=0.1)
    stakes = ledger.MISS_KAPPA / 16.0
    wealth = 0.0
    # A stake of nine tenths is no bet where a tenth may be missed.
    for share, stake in zip(ledger.MISS_SHARES.tolist()[1:], stakes.tolist()[1:], strict=True):
        one = share * (1.0 - stake) ** -said
        for rung, errors in ((2, 3), (6, 2), (8, 5)):
            one *= (1.0 - stake / (0.9 * float(audit.LADDER[rung]))) ** errors
        wealth += one
    assert wealth == pytest.approx(1.0 / DELTA, rel=1e-6)
    assert ledger.SHARES.sum() == ledger.MISS_SHARES.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("said", "found"),
    [("shape", np.zeros(3)), ("negative", np.full(audit.STEPS, -1)), ("whole", np.full(audit.STEPS, 0.5))],
)
def test_it_refuses_what_are_no_counts(said: str, found: Floats) -> None:
    with pytest.raises(ValueError, match=said):
        ledger.at_most(found, least_chance=1 / 16, delta=DELTA)


@pytest.mark.parametrize(
    ("said", "least", "delta", "miss"),
    [
        ("miss", 0.5, DELTA, 0.995),
        ("miss", 0.5, DELTA, math.nan),
        ("least_chance", 0.0, DELTA, 0.0),
        ("delta", 0.5, 1.0, 0.0),
    ],
)
def test_it_refuses_what_is_out_of_range(said: str, least: float, delta: float, miss: float) -> None:
    with pytest.raises(ValueError, match=said):
        ledger.at_most(np.zeros(audit.STEPS), least_chance=least, delta=delta, miss=miss)


def test_it_refuses_errors_that_were_found_at_smaller_chances_than_the_least() -> None:
    found = np.zeros(audit.STEPS, dtype=np.int64)
    found[8] = 1
    assert ledger.at_most(found, least_chance=1 / 16, delta=DELTA) > 0.0
    with pytest.raises(ValueError, match="smaller chances"):
        ledger.at_most(found, least_chance=0.5, delta=DELTA)
