"""The certificate: how often it is broken where it must not open, and how soon it opens where it may."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest

from slider.engine import audit, bounds, certificate
from slider.engine.arrays import Bools, Floats, Ints
from tests.engine import exact
from tests.engine.test_bounds import clopper_pearson_breaks

LIMIT, DELTA = 0.05, 0.05
REPLAYS, LABELS = 400, 700
CUTS = certificate.CUTS
NOTHING = certificate.count(np.empty(0), classes=np.empty(0, dtype=np.int64), wrong=np.empty(0, dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of one replay in the order of routing."""

    ranks: Floats
    classes: Ints
    wrong: Bools

    def counted(self, first: int, end: int) -> certificate.Counters:
        part = slice(first, end)
        return certificate.count(self.ranks[part], classes=self.classes[part], wrong=self.wrong[part])


def labels(rng: np.random.Generator, *, error: Floats, lane: float = 0.0) -> Labels:
    """Return labels of items whose error is error(rank); up to rank `lane` they are audits at 1/4."""
    ranks = rng.random(4 * LABELS)
    seen = rng.random(4 * LABELS) < np.where(ranks <= lane, 0.25, 1.0)
    ranks = ranks[seen][:LABELS]
    wrong = rng.random(len(ranks)) < np.interp(ranks, np.linspace(0.0, 1.0, len(error)), error)
    least = audit.weight_class(1.0, least=0.25) if lane else 0
    return Labels(ranks, np.where(ranks <= lane, 0, least), wrong)


def looked_at_every_label(replay: Labels) -> certificate.Certificate:
    """Return the certificate after a look at every label.

    The chain only certifies more when some best wealth is larger, so whatever any look certified is what the last
    look certifies with the maxima: the test below this one holds the shortcut against the calls themselves.
    """
    shape = (len(replay.ranks), len(CUTS), int(replay.classes.max()) + 1)
    tables = {True: np.zeros(shape, dtype=np.int64), False: np.zeros(shape, dtype=np.int64)}
    inside = replay.ranks[:, None] <= CUTS
    for kind, table in tables.items():
        at = np.flatnonzero(replay.wrong == kind)
        table[at, :, replay.classes[at]] = inside[at]
        np.cumsum(table, axis=0, out=table)
    best = bounds.log_wealth(tables[True], tables[False], error_limit=LIMIT).max(axis=0)
    everything = replay.counted(0, len(replay.ranks))
    return certificate.certify(everything, error_limit=LIMIT, delta=DELTA, best=best)


def broken(errors: list[float], *, lane: float, seed: int) -> int:
    """Count the replays in which a cut with a true error of the limit or more was ever certified."""
    grid = np.linspace(0.0, 1.0, 2_001)
    each = np.interp(grid, np.linspace(0.0, 1.0, len(errors)), errors)
    inside = np.array([each[grid <= cut].mean() for cut in CUTS])
    bad = inside >= LIMIT - 1e-12
    assert bad.any()
    rng = np.random.default_rng(seed)
    found = [looked_at_every_label(labels(rng, error=np.array(errors), lane=lane)) for _ in range(REPLAYS)]
    return sum(bool((one.certified & bad).any()) for one in found)


@pytest.mark.parametrize("lane", [0.0, 0.6])
def test_it_opens_wrongly_no_more_often_than_promised(lane: float) -> None:
    # Every cut is exactly at the limit, the hardest case, and opening anything is wrong.
    assert exact.keeps(broken([LIMIT, LIMIT], lane=lane, seed=11), n=REPLAYS, p=DELTA)


@pytest.mark.parametrize("errors", [[0.0, 0.13], [0.05, 0.05, 0.0, 0.2]])
def test_it_opens_no_bad_cut_beside_good_ones(errors: list[float]) -> None:
    assert exact.keeps(broken(errors, lane=0.6, seed=12), n=REPLAYS, p=DELTA)


def test_an_interval_for_one_look_opens_wrongly_far_more_often() -> None:
    # The control, on the stream of the first test: one cut alone, looked at after every label.
    wrong = np.random.default_rng(11).random((REPLAYS, LABELS)) < LIMIT
    assert not exact.keeps(int(clopper_pearson_breaks(wrong, error=LIMIT).sum()), n=REPLAYS, p=DELTA)


def test_looking_at_every_label_is_one_look_at_the_maxima() -> None:
    rng = np.random.default_rng(13)
    drawn = labels(rng, error=np.array([0.0, 0.02]))
    replay = Labels(drawn.ranks, rng.integers(0, 3, LABELS), drawn.wrong)
    counters, best, caps = NOTHING, np.full(len(CUTS), -np.inf), list[float]()
    for n in range(LABELS):
        counters = counters.plus(replay.counted(n, n + 1))
        answer = certificate.certify(counters, error_limit=LIMIT, delta=DELTA, best=best)
        best = answer.best
        caps.append(answer.cap)
    assert np.allclose(looked_at_every_label(replay).best, best)
    assert looked_at_every_label(replay).cap == caps[-1] > 0.0
    assert caps == sorted(caps)


def test_a_good_task_opens_and_as_soon_as_its_price_says() -> None:
    # 4.3 / limit labels inside the cut when there is no error at all, plus what 60 % of delta costs.
    ranks, right = np.full(200, 0.29), np.zeros(200, dtype=np.bool_)
    opened = [
        n
        for n in range(1, 200)
        if certificate.certify(
            certificate.count(ranks[:n], classes=np.zeros(n, dtype=np.int64), wrong=right[:n]),
            error_limit=LIMIT,
            delta=DELTA,
        ).cap
    ]
    assert 80 <= opened[0] <= 100
    assert opened == list(range(opened[0], 200))


def test_a_task_at_half_its_limit_opens_nearly_everything() -> None:
    rng = np.random.default_rng(14)
    caps = [looked_at_every_label(labels(rng, error=np.array([0.0, LIMIT]))).cap for _ in range(50)]
    assert np.median(caps) >= 0.9


def test_a_bad_cut_stops_the_chain_at_its_foot() -> None:
    # Clean up to 0.5, then very bad: nothing above is certified, though the 60 % cut has a level of its own.
    ranks = np.linspace(0.001, 1.0, 3_000)
    found = certificate.certify(
        certificate.count(ranks, classes=np.zeros(3_000, dtype=np.int64), wrong=ranks > 0.5),
        error_limit=LIMIT,
        delta=DELTA,
    )
    assert found.cap == 0.5
    assert found.allow(1.0) == 0.5
    assert found.allow(0.49) == 0.45
    assert found.allow(0.2) == 0.0


def test_the_second_start_opens_where_the_easiest_are_confidently_wrong() -> None:
    ranks = np.linspace(0.0, 1.0, 6_000)
    found = certificate.certify(
        certificate.count(ranks, classes=np.zeros(6_000, dtype=np.int64), wrong=(ranks < 0.02) & (ranks > 0.0)),
        error_limit=LIMIT,
        delta=DELTA,
    )
    assert not found.certified[CUTS == 0.3].any()
    assert found.certified[CUTS >= 0.6].all()
    assert found.allow(0.5) == 0.0


def test_a_wealth_once_high_enough_counts_for_the_epoch() -> None:
    good = certificate.count(np.full(150, 0.1), classes=np.zeros(150, dtype=np.int64), wrong=np.zeros(150, bool))
    bad = certificate.count(np.full(20, 0.1), classes=np.zeros(20, dtype=np.int64), wrong=np.ones(20, bool))
    first = certificate.certify(good, error_limit=LIMIT, delta=DELTA)
    later = certificate.certify(good.plus(bad), error_limit=LIMIT, delta=DELTA, best=first.best)
    assert first.cap == later.cap > 0.0
    assert later.wealth[-1] < first.wealth[-1] == later.best[-1]
    assert certificate.certify(good.plus(bad), error_limit=LIMIT, delta=DELTA).cap == 0.0


def spoilt(rng: np.random.Generator) -> tuple[certificate.Certificate, Floats]:
    """A stream that is good, then bad, then good again with a fresh start: what is certified, and the bounds."""
    sizes = rng.integers(50, 400, 3)
    parts = [
        certificate.count(rng.random(n), classes=np.zeros(n, dtype=np.int64), wrong=rng.random(n) < error)
        for n, error in zip(sizes.tolist(), (0.0, 0.6, 0.0), strict=True)
    ]
    first, second, third = parts[0], parts[0].plus(parts[1]), parts[0].plus(parts[1]).plus(parts[2])
    best = None
    for counters in (first, second):
        best = certificate.certify(counters, error_limit=LIMIT, delta=DELTA, best=best, fresh=(None, None)).best
    fresh = (second, None)
    found = certificate.certify(third, error_limit=LIMIT, delta=DELTA, best=best, fresh=fresh)
    return found, certificate.upper(third, delta=DELTA, fresh=fresh, error_limit=LIMIT, best=found.best)


def test_what_is_certified_is_bounded_by_its_limit_even_after_a_bad_spell() -> None:
    rng, crossed = np.random.default_rng(16), 0
    for _ in range(20):
        found, upper = spoilt(rng)
        assert (upper[found.certified] <= LIMIT).all()
        crossed += int((found.wealth[found.certified] < -math.log(DELTA)).any())
    assert crossed > 5  # where the wealth of now would not do


def test_the_bound_is_where_the_wealth_that_certifies_reaches_its_target() -> None:
    rng = np.random.default_rng(17)
    counters = certificate.count(rng.random(600), classes=rng.integers(0, 5, 600), wrong=rng.random(600) < 0.04)
    upper = certificate.upper(counters, delta=DELTA, fresh=(None, None))
    for place in (5, 20, 51):
        found = certificate.certify(counters, error_limit=float(upper[place]), delta=DELTA, fresh=(None, None))
        assert found.wealth[place] == pytest.approx(-math.log(DELTA), abs=1e-6)


def test_a_bound_that_remembers_its_best_holds_at_every_look() -> None:
    # At an error of the limit itself. What is remembered is the limit only where its wealth was once high enough.
    rng, runs, looks = np.random.default_rng(18), 200, range(60, 301, 60)
    wrong = rng.random((runs, max(looks))) < LIMIT
    best, below = None, np.zeros(runs, dtype=np.bool_)
    for n in looks:
        bad = wrong[:, :n].sum(axis=1)
        counters = certificate.Counters.zero(runs)
        counters.wrong[:, -1, 0], counters.right[:, -1, 0] = bad, n - bad
        best = certificate.certify(counters, error_limit=LIMIT, delta=DELTA, best=best, fresh=(None, None)).best
        found = certificate.upper(counters, delta=DELTA, fresh=(None, None), error_limit=LIMIT, best=best)
        below |= found[:, -1] <= LIMIT
    assert exact.keeps(int(below.sum()), n=runs, p=DELTA)
    # The control: an interval made for one look, looked at all the time and remembered at its best.
    assert not exact.keeps(int(clopper_pearson_breaks(wrong, error=LIMIT).sum()), n=runs, p=DELTA)


def needed(counters: certificate.Counters, limit: float = LIMIT) -> Floats:
    proof = certificate.certify(counters, error_limit=limit, delta=DELTA)
    return certificate.labels_needed(counters, proof, error_limit=limit, delta=DELTA)


@pytest.mark.parametrize("wrong", [4, 6])
def test_most_open_within_the_labels_needed_and_not_by_a_wide_margin(wrong: int) -> None:
    rng, seen = np.random.default_rng(15), 200
    start = certificate.count(np.full(seen, 0.1), classes=np.zeros(seen, dtype=np.int64), wrong=np.arange(seen) < wrong)
    said = needed(start)[-1]
    bad = np.cumsum(rng.random((REPLAYS, 4_000)) < wrong / seen, axis=1) + wrong
    good = np.arange(seen + 1, seen + 4_001) - bad
    opened = bounds.log_wealth(bad[..., None], good[..., None], error_limit=LIMIT) >= -math.log(DELTA)
    within = [float(opened[:, : int(labels)].any(axis=1).mean()) for labels in (said / 3.0, said)]
    assert within[0] < 0.5 < within[1] < 0.95


def test_without_labels_nothing_is_certified_and_the_price_is_named() -> None:
    found = certificate.certify(NOTHING, error_limit=0.03, delta=DELTA)
    assert found.cap == 0.0
    assert not found.certified.any()
    assert certificate.upper(NOTHING, delta=DELTA).tolist() == [1.0] * len(CUTS)
    price = needed(NOTHING, 0.03)
    assert np.all(np.isinf(price[CUTS < 0.3]))
    assert np.all((price[CUTS >= 0.3] > 200) & (price[CUTS >= 0.3] < 2_000))


def test_it_needs_no_more_labels_for_what_is_certified_and_never_enough_above_the_limit() -> None:
    ranks = np.linspace(0.001, 1.0, 3_000)
    counters = certificate.count(ranks, classes=np.zeros(3_000, dtype=np.int64), wrong=ranks > 0.5)
    found = certificate.certify(counters, error_limit=LIMIT, delta=DELTA)
    assert np.all(needed(counters)[found.certified] == 0.0)
    assert np.isinf(needed(counters)[-1])


def test_a_limit_of_zero_never_opens() -> None:
    good = certificate.count(np.full(9_000, 0.1), classes=np.zeros(9_000, dtype=np.int64), wrong=np.zeros(9_000, bool))
    found = certificate.certify(good, error_limit=0.0, delta=DELTA)
    assert found.cap == 0.0
    assert np.all(np.isinf(needed(good, 0.0)))


def test_a_rank_falls_into_the_smallest_cut_that_holds_it() -> None:
    ranks = np.array([0.0, 0.05, 0.0501, 0.3, 0.9991, 1.0])
    assert CUTS[certificate.bins(ranks)].tolist() == [0.05, 0.05, 0.1, 0.3, 1.0, 1.0]


def test_levels_add_up_to_one() -> None:
    # The chain spends no more than delta because the levels do.
    assert certificate.LEVELS.sum() == pytest.approx(1.0)


def test_counters_survive_json_and_add_up() -> None:
    replay = labels(np.random.default_rng(16), error=np.array([0.1, 0.1]), lane=0.6)
    halves = replay.counted(0, 300).plus(replay.counted(300, LABELS))
    again = certificate.Counters.from_json(json.loads(json.dumps(halves.to_json(), allow_nan=False)))
    whole = replay.counted(0, LABELS)
    assert np.array_equal(again.wrong, whole.wrong)
    assert np.array_equal(again.right, whole.right)


def test_it_refuses_counters_of_another_grid() -> None:
    with pytest.raises(ValueError, match=r"Counters\.wrong has shape"):
        certificate.Counters.from_json({"wrong": [[1]], "right": [[1]]})


def test_it_refuses_a_best_of_another_grid() -> None:
    with pytest.raises(ValueError, match="best has shape"):
        certificate.certify(NOTHING, error_limit=LIMIT, delta=DELTA, best=np.zeros(3))


@pytest.mark.parametrize(("error_limit", "delta"), [(1.0, 0.05), (-0.1, 0.05), (0.05, 0.0), (0.05, 1.0)])
def test_it_refuses_what_is_out_of_range(error_limit: float, delta: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        certificate.certify(NOTHING, error_limit=error_limit, delta=delta)


@pytest.mark.parametrize(("rank", "kind"), [(1.5, 0), (math.nan, 0), (0.5, 13), (0.5, -1)])
def test_it_refuses_a_label_that_fits_nowhere(rank: float, kind: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        certificate.count(np.array([rank]), classes=np.array([kind]), wrong=np.array([True]))
