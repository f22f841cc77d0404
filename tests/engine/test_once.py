"""One look: how often it is wrong, what breaks it, and that no label ranks itself."""

import math
from itertools import pairwise

import numpy as np
import pytest

from slider.engine import calibration, certificate, kept, once
from slider.engine.arrays import Bools, Floats, Ints
from tests.engine import exact

LIMIT, DELTA = 0.05, 0.1
RUNS, LABELS = 400, 900


def look(ranks: Floats, wrong: Bools, *, error_limit: float, delta: float) -> certificate.Certificate:
    counters = certificate.count(ranks, classes=np.zeros(len(ranks), dtype=np.int64), wrong=wrong)
    return once.certify(counters, error_limit=error_limit, delta=delta)


def opens(ranks: Floats, wrong: Bools) -> bool:
    return look(ranks, wrong, error_limit=LIMIT, delta=DELTA).cap > 0.0


KNOWN: dict[tuple[int, int], float] = {}


def passes(outcomes: Ints, level: float) -> int:
    """Return after how many labels (1 wrong, 0 right, -1 not in the cut) they first pass the test of one look, or 0."""
    bad = n = 0
    for outcome in outcomes[outcomes >= 0].tolist():
        bad, n = bad + outcome, n + 1
        # Only a right label lowers the p-value.
        if not outcome and n >= math.log(level) / math.log1p(-LIMIT):
            if (bad, n) not in KNOWN:
                KNOWN[bad, n] = once.binomial(bad, n, LIMIT)
            if KNOWN[bad, n] <= level:
                return n
    return 0


def test_one_look_opens_a_bad_cut_as_seldom_as_promised() -> None:
    # Every cut stands at the limit: the hardest case.
    rng = np.random.default_rng(1)
    wrongs = rng.random((RUNS, LABELS)) < LIMIT
    ranks = rng.random((RUNS, LABELS))
    assert exact.keeps(sum(map(opens, ranks, wrongs)), n=RUNS, p=DELTA)
    # The control: looked at whenever another label is in. The chain opens at its first or at its second start.
    inside = [np.where(ranks <= cut, wrongs, -1) for cut in (0.3, 0.6)]
    again = [passes(first, 0.6 * DELTA) + passes(second, 0.4 * DELTA) for first, second in zip(*inside, strict=True)]
    assert not exact.keeps(int(np.count_nonzero(again)), n=RUNS, p=DELTA)


@pytest.mark.parametrize("error", [(0.0, 0.11), (0.05, 0.05, 0.0, 0.2)])
def test_one_look_opens_no_bad_cut_beside_good_ones(error: tuple[float, ...]) -> None:
    rng = np.random.default_rng(2)
    grid = np.linspace(0.0, 1.0, 2_001)
    each = np.interp(grid, np.linspace(0.0, 1.0, len(error)), error)
    bad = np.array([each[grid <= cut].mean() for cut in certificate.CUTS]) >= LIMIT - 1e-12
    assert bad.any()
    broken = 0
    for _ in range(RUNS):
        ranks = rng.random(LABELS)
        wrong = rng.random(LABELS) < np.interp(ranks, grid, each)
        broken += bool((look(ranks, wrong, error_limit=LIMIT, delta=DELTA).certified & bad).any())
    assert exact.keeps(broken, n=RUNS, p=DELTA)


def test_a_cut_that_takes_labels_only_while_it_is_unlucky_breaks_it() -> None:
    # The control for "the number of labels does not follow from the outcomes", though no label ranks itself.
    rng, broken = np.random.default_rng(3), 0
    for wrong in rng.random((RUNS, LABELS)) < LIMIT:
        taken = passes(wrong.astype(np.int64), 0.6 * DELTA) or LABELS
        broken += opens(np.where(np.arange(LABELS) < taken, 0.1, 1.0), wrong)
    assert not exact.keeps(broken, n=RUNS, p=DELTA)


SIGNALS = tuple(f"noise{number}" for number in range(30))


def noise(runs: int, labels: int, seed: int) -> tuple[Floats, Bools, Floats]:
    """Signals that say nothing, answers that are wrong at the limit, and coins."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(runs, labels, len(SIGNALS))), rng.random((runs, labels)) < LIMIT, rng.random((runs, labels))


def ranked(x: Floats, wrong: Bools, ties: Floats) -> Floats:
    everything = np.ones(len(x), dtype=np.bool_)
    return once.ranks(
        x,
        correct=~wrong,
        answered=everything,
        propensity=np.ones(len(x)),
        ties=ties,
        start=calibration.prior(SIGNALS),
    )


def test_a_ranking_that_learns_as_it_goes_keeps_the_promise() -> None:
    runs, labels = 100, 140
    x, wrongs, ties = noise(runs, labels, 4)
    learned = sum(opens(ranked(one, wrong, tie), wrong) for one, wrong, tie in zip(x, wrongs, ties, strict=True))
    assert exact.keeps(learned, n=runs, p=DELTA)
    # The control: a ranking that has been taught the labels that it is tested on.
    taught = 0
    for one, wrong in zip(x, wrongs, strict=True):
        fitted = calibration.fit(
            one, correct=~wrong, propensity=np.ones(labels), previous=calibration.prior(SIGNALS), curve=False
        )
        order = np.argsort(np.argsort(-fitted.logit(one)))
        taught += opens((order + 0.5) / labels, wrong)
    assert not exact.keeps(taught, n=runs, p=DELTA)


def test_no_label_ranks_itself_nor_one_before_it() -> None:
    x, wrongs, ties = noise(1, 120, 5)
    before = ranked(x[0], wrongs[0], ties[0])
    ends = [0, *once.fits(120), 120]
    for place in (0, 39, 40, 70, 119):
        turned = wrongs[0].copy()
        turned[place] = ~turned[place]
        block_end = next(end for end in ends if end > place)
        after = ranked(x[0], turned, ties[0])
        assert np.array_equal(before[:block_end], after[:block_end])
        assert block_end == 120 or not np.array_equal(before[block_end:], after[block_end:])


def test_ranks_are_spread_evenly_and_no_answer_is_hardest() -> None:
    rng = np.random.default_rng(6)
    x = np.round(rng.normal(size=(400, 1)), 0)
    answered = rng.random(400) < 0.9
    found = once.ranks(
        x,
        correct=rng.random(400) < 0.8,
        answered=answered,
        propensity=np.ones(400),
        ties=rng.random(400),
        start=calibration.prior(("token_logodds",)),
    )
    assert np.all((found >= 0.0) & (found <= 1.0))
    assert found[~answered].min() >= found[answered].max()
    counts = np.histogram(found, bins=10, range=(0.0, 1.0))[0]
    assert counts.min() >= 20
    assert counts.max() <= 60


def test_an_audit_stands_for_as_many_items_as_its_chance_says() -> None:
    found = once.ranks(
        np.array([[9.0], [1.0], [1.0]]),
        correct=np.ones(3, dtype=np.bool_),
        answered=np.ones(3, dtype=np.bool_),
        propensity=np.array([0.5, 1.0, 1.0]),
        ties=np.full(3, 0.5),
        start=calibration.prior(("token_logodds",)),
    )
    assert found.tolist() == pytest.approx([0.25, 0.75, 0.75])


def test_fits_come_whenever_a_quarter_more_labels_are_in() -> None:
    assert once.fits(40) == []
    assert once.fits(41) == [40]
    found = once.fits(500)
    assert found[:4] == [40, 50, 63, 79]
    assert all(1.25 <= later / earlier < 1.28 for earlier, later in pairwise(found))


@pytest.mark.parametrize(
    ("hits", "n", "p"), [(0, 1, 0.5), (0, 700, 0.001), (3, 60, 0.05), (199, 200, 0.9), (40, 90, 0.4)]
)
def test_the_binomial_is_exact(hits: int, n: int, p: float) -> None:
    assert once.binomial(hits, n, p) == pytest.approx(exact.at_most(hits, n=n, p=p), rel=1e-9)


def test_the_binomial_at_its_ends() -> None:
    assert once.binomial(0, 0, 0.3) == 1.0
    assert once.binomial(7, 7, 0.3) == 1.0
    assert math.isclose(once.binomial(0, 100_000, 0.001), 0.999**100_000, rel_tol=1e-9)
    assert once.binomial(100, 100_000, 0.01) < 1e-200


def test_one_look_opens_with_fewer_labels_than_a_test_for_ever() -> None:
    rng, once_caps, ever_caps = np.random.default_rng(7), [], []
    for _ in range(60):
        ranks = rng.random(LABELS)
        wrong = rng.random(LABELS) < 0.6 * LIMIT * 2.0 * ranks
        once_caps.append(look(ranks, wrong, error_limit=LIMIT, delta=DELTA).cap)
        counters = certificate.count(ranks, classes=np.zeros(LABELS, dtype=np.int64), wrong=wrong)
        ever_caps.append(certificate.certify(counters, error_limit=LIMIT, delta=DELTA).cap)
    assert np.mean(once_caps) > np.mean(ever_caps) + 0.05


def test_without_labels_nothing_is_certified() -> None:
    found = look(np.empty(0), np.empty(0, dtype=np.bool_), error_limit=LIMIT, delta=DELTA)
    assert found.cap == 0.0
    assert not found.certified.any()


def test_labels_that_were_asked_for_with_different_chances_have_no_exact_test() -> None:
    # 60 right labels pass the exact test and not the one for ever; with one label of another weight it is that one.
    right, classes = np.zeros(60, dtype=np.bool_), np.zeros(60, dtype=np.int64)
    alike = certificate.count(np.full(60, 0.1), classes=classes, wrong=right)
    assert once.certify(alike, error_limit=LIMIT, delta=DELTA).cap > 0.0
    classes[0] = 2
    mixed = certificate.count(np.full(60, 0.1), classes=classes, wrong=right)
    assert once.certify(mixed, error_limit=LIMIT, delta=DELTA).cap == 0.0


def test_what_it_opens_stays_open_in_the_epoch_that_begins_with_it_and_nothing_else_does() -> None:
    counters = certificate.count(
        np.full(60, 0.1), classes=np.zeros(60, dtype=np.int64), wrong=np.zeros(60, dtype=np.bool_)
    )
    found = once.certify(counters, error_limit=LIMIT, delta=DELTA)
    begun = kept.begun(counters, best=found.best, tested=LIMIT, delta=DELTA)
    begun.judge()
    assert begun.proof.certified.tolist() == [found.certified.tolist()]
    # What was not opened is remembered at the wealth that it has in the epoch, in all its accounts.
    cold = kept.begun(counters, best=found.wealth, tested=LIMIT, delta=DELTA)
    assert cold.judge().share.tolist() == [0.0]
    assert np.allclose(cold.proof.wealth[0], found.wealth)


@pytest.mark.parametrize(("error_limit", "delta"), [(0.0, 0.1), (1.0, 0.1), (0.05, 0.0), (0.05, math.nan)])
def test_it_refuses_what_is_out_of_range(error_limit: float, delta: float) -> None:
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        look(np.array([0.5]), np.array([True]), error_limit=error_limit, delta=delta)
