"""Past outputs as evidence from one look: what it promises, at every order of the file, and what it must not use."""

import numpy as np
import pytest

from slider.engine import calibration, certificate, evidence, once
from slider.engine.arrays import Floats
from slider.flow import history
from tests.engine import exact

RUNS = 200
LIMIT, DELTA = 0.05, 0.05


def made(
    rng: np.random.Generator, count: int, *, wrong: Floats | float, chance: Floats | None = None
) -> history.Labels:
    """Labels of two signals that rank the items; `wrong` is each item's chance of being wrong."""
    z = rng.normal(size=count)
    x = np.full((count, len(evidence.SIGNALS)), np.nan)
    x[:, 0], x[:, 3] = 2 + 2 * z, np.round(z)
    looked = np.ones(count) if chance is None else chance
    seen = rng.random(count) < looked
    return history.labels(
        [str(n) for n in np.flatnonzero(seen)],
        x=x[seen],
        correct=(rng.random(count) >= wrong)[seen],
        propensity=looked[seen],
        secret=rng.bytes(16),
    )


def cap(known: history.Labels) -> float:
    counters = history.once(known, start=calibration.prior())
    return once.certify(counters, error_limit=LIMIT, delta=DELTA).cap


def test_a_null_history_opens_in_at_most_delta_of_the_runs() -> None:
    opened = sum(cap(made(np.random.default_rng(seed), 400, wrong=LIMIT * 1.02)) > 0 for seed in range(RUNS))
    assert exact.keeps(opened, n=RUNS, p=DELTA)


def test_a_null_history_of_looks_by_chance_opens_in_at_most_delta_of_the_runs() -> None:
    def null(seed: int) -> history.Labels:
        rng = np.random.default_rng(seed)
        return made(rng, 1200, wrong=LIMIT * 1.02, chance=np.where(rng.random(1200) < 0.5, 1.0, 0.2))

    opened = sum(cap(null(seed)) > 0 for seed in range(RUNS))
    assert exact.keeps(opened, n=RUNS, p=DELTA)


def test_ranks_that_know_their_own_labels_break_the_promise() -> None:
    opened = 0
    for seed in range(RUNS):
        known = made(np.random.default_rng(seed), 400, wrong=LIMIT * 1.02)
        # The control: whoever sorts by the outcome itself certifies what nobody could.
        ranks = (np.argsort(np.argsort(~known.correct, kind="stable"), kind="stable") + 0.5) / len(known.correct)
        counters = certificate.count(ranks, classes=np.zeros(len(ranks), dtype=np.int64), wrong=~known.correct)
        opened += once.certify(counters, error_limit=LIMIT, delta=DELTA).cap > 0
    assert not exact.keeps(opened, n=RUNS, p=DELTA)


def test_a_good_history_opens_most_of_what_is_good() -> None:
    rng = np.random.default_rng(5)
    z = rng.normal(size=1200)
    x = np.full((1200, len(evidence.SIGNALS)), np.nan)
    x[:, 0] = 2 + 2 * z
    correct = rng.random(1200) >= 1 / (1 + np.exp(2.5 * z + 4.5))
    known = history.labels(
        [str(n) for n in range(1200)], x=x, correct=correct, propensity=np.ones(1200), secret=b"secret"
    )
    assert cap(known) >= 0.6


def test_a_chance_between_two_rungs_is_brought_down_exactly() -> None:
    rng = np.random.default_rng(8)
    known = made(rng, 40_000, wrong=0.1, chance=np.full(40_000, 0.3))
    kept = int(known.counted.sum())
    assert np.unique(known.chances).tolist() == [0.25]
    assert exact.is_fair(kept, n=len(known.counted), p=0.25 / 0.3)


@pytest.mark.parametrize("chance", [1.0, 0.5, 1 / 64, 0.0625])
def test_a_chance_of_the_ladder_stays_as_it_is(chance: float) -> None:
    known = made(np.random.default_rng(9), 3000, wrong=0.1, chance=np.full(3000, chance))
    assert known.chances == pytest.approx(chance)
    assert known.counted.all()


def test_the_order_of_use_is_the_rows_own_and_takes_the_secret() -> None:
    ids = [f"row {n}" for n in range(200)]
    places = history.ordered(ids, b"secret", seed="")
    turned = history.ordered(ids[::-1], b"secret", seed="")
    assert [ids[place] for place in places] == [ids[::-1][place] for place in turned]
    assert places.tolist() != history.ordered(ids, b"another", seed="").tolist()
    assert places.tolist() != history.ordered(ids, b"secret", seed="2").tolist()
    assert sorted(places.tolist()) == list(range(200))


def test_a_signal_that_no_row_has_gets_no_say() -> None:
    fitted = history.fit(made(np.random.default_rng(10), 300, wrong=0.2), start=calibration.prior())
    assert [coef == 0.0 for coef in fitted.coef] == [False, True, True, False, True]
    assert fitted.missing[1] == fitted.missing[2] == 0.0


def test_a_row_without_any_signal_ranks_last() -> None:
    known = made(np.random.default_rng(11), 300, wrong=0.1)
    known.x[::3] = np.nan
    counters = history.once(known, start=calibration.prior())
    inside = (counters.wrong + counters.right).sum(axis=1)
    assert inside[-1] - inside[certificate.CUTS <= 0.7][-1] >= 85
    assert known.answered.sum() == 200


def test_a_window_stands_for_items_and_not_for_looks() -> None:
    scores = (np.random.default_rng(12).random(5000) < 0.5).astype(np.float64)
    chosen = history.sample(scores, propensity=np.where(scores == 0.0, 1.0, 0.1), most=500)
    assert len(chosen) == 500
    assert np.mean(chosen) == pytest.approx(10 / 11, abs=0.05)


def test_what_one_look_certifies_is_bounded_below_the_limit_and_the_bound_is_the_binomial_tail() -> None:
    rng = np.random.default_rng(13)
    z = rng.normal(size=1200)
    x = np.full((1200, len(evidence.SIGNALS)), np.nan)
    x[:, 0] = 2 + 2 * z
    correct = rng.random(1200) >= 1 / (1 + np.exp(2.5 * z + 4.5))
    names = [str(n) for n in range(1200)]
    known = history.labels(names, x=x, correct=correct, propensity=np.ones(1200), secret=b"secret")
    counters = history.once(known, start=calibration.prior())
    found = once.certify(counters, error_limit=LIMIT, delta=DELTA)
    upper = once.upper(counters, delta=DELTA)
    assert found.certified.sum() > 10
    assert (upper[found.certified] <= LIMIT + 1e-9).all()
    assert (upper <= certificate.upper(counters, delta=DELTA) + 1e-9).all()
    for wrong, right, bound in zip(counters.wrong[:, 0], counters.right[:, 0], upper, strict=True):
        assert once.binomial(int(wrong), int(wrong + right), float(bound)) == pytest.approx(DELTA, rel=1e-6)


def test_the_bound_of_one_look_holds_as_often_as_it_says() -> None:
    rng = np.random.default_rng(14)
    missed = 0
    for _ in range(RUNS):
        wrong = rng.random(300) < LIMIT
        counters = certificate.count(rng.random(300), classes=np.zeros(300, dtype=np.int64), wrong=wrong)
        missed += once.upper(counters, delta=0.1)[-1] < LIMIT
    assert exact.keeps(missed, n=RUNS, p=0.1)
    assert once.upper(history.nothing(), delta=0.1).tolist() == [1.0] * len(certificate.CUTS)


def test_nothing_counted_is_nothing_proven() -> None:
    assert certificate.certify(history.nothing(), error_limit=LIMIT, delta=DELTA).cap == 0.0
