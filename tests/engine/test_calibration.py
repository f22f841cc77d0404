"""Calibration: it ranks from the first item, learns what a signal is worth, and weighs labels by how they came."""

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from slider.engine import calibration, evidence
from slider.engine.arrays import Bools, Floats
from tests.engine import exact

SIZE = len(evidence.SIGNALS)
SIGNALS = some.floats(-1e6, 1e6) | some.just(math.nan)
RUNS = 40


@dataclass(frozen=True, slots=True)
class Work:
    """Items with their signals, whether they are correct, and the chance with which people looked at each."""

    x: Floats
    correct: Bools
    propensity: Floats
    labelled: Bools


def work(seed: int, *, items: int = 4_000) -> Work:
    """Return items of which a rule, which no signal shows, sends the worse ones to people; others are audited."""
    rng = np.random.default_rng(seed)
    ease, ruled = rng.standard_normal(items), rng.random(items) < 0.2
    correct = rng.random(items) < 1.0 / (1.0 + np.exp(-(2.5 + 1.2 * ease - 2.5 * ruled)))
    signals = [2.0 * ease + rng.standard_normal(items), ease + 3.0, rng.standard_normal(items)]
    stated = np.where(rng.random(items) < 0.2, np.nan, 2.0 + 0.5 * ease)
    propensity = np.where(ruled, 1.0, 1 / 8)
    return Work(known([*signals, stated]), correct, propensity, rng.random(items) < propensity)


def known(columns: list[Floats]) -> Floats:
    """Return rows in which the first signals are known and those that came later are missing."""
    missing = np.full((len(columns[0]), SIZE - len(columns)), np.nan)
    return np.column_stack([*columns, missing])


def fitted(seen: Work, *, weighted: bool = True) -> calibration.Calibration:
    """Fit on what people looked at."""
    chance = seen.propensity[seen.labelled] if weighted else np.ones(int(seen.labelled.sum()))
    return calibration.fit(seen.x[seen.labelled], correct=seen.correct[seen.labelled], propensity=chance)


def auroc(score: Floats, correct: Bools) -> float:
    """Return the chance that a correct item scores above a wrong one."""
    place = np.empty(len(score))
    place[np.argsort(score)] = np.arange(1, len(score) + 1)
    right, wrong = int(correct.sum()), int((~correct).sum())
    return float(place[correct].sum() - right * (right + 1) / 2) / (right * wrong)


def test_weights_take_the_selection_out_of_p_correct() -> None:
    # The mean of p_correct over all items against what is true of them, within 3 points, in 9 runs of 10 or more.
    off = {True: 0, False: 0}
    for seed in range(RUNS):
        seen = work(seed)
        for weighted in off:
            mean = fitted(seen, weighted=weighted).p_correct(seen.x).mean()
            off[weighted] += abs(mean - seen.correct.mean()) > 0.03
    assert exact.keeps(off[True], n=RUNS, p=0.1)
    # The control: the same labels without their chances, which are mostly those of the ruled items.
    assert off[False] == RUNS


def test_p_correct_is_the_rate_among_items_that_score_alike() -> None:
    off = stated_off = 0
    for seed in range(RUNS):
        fit, fresh = fitted(work(seed)), work(seed + 1_000)
        p = fit.p_correct(fresh.x)
        off += distance(p, fresh.correct) > 0.05
        raw = 1.0 / (1.0 + np.exp(-np.nan_to_num(fresh.x[:, 1])))
        stated_off += distance(raw, fresh.correct) > 0.05
    assert exact.keeps(off, n=RUNS, p=0.1)
    # The control: a raw confidence is not a rate.
    assert stated_off == RUNS


def distance(p: Floats, correct: Bools) -> float:
    """Return the mean distance between p and the rate of correct items over the ten tenths of p."""
    tenths = np.array_split(np.argsort(p, kind="stable"), 10)
    return float(np.mean([abs(p[tenth].mean() - correct[tenth].mean()) for tenth in tenths]))


def test_it_ranks_before_the_first_label_and_better_after() -> None:
    fresh = work(1)
    before = auroc(calibration.prior().logit(fresh.x), fresh.correct)
    after = auroc(fitted(work(2)).logit(fresh.x), fresh.correct)
    assert 0.6 < before < after
    assert 0.45 < auroc(fresh.x[:, 2], fresh.correct) < 0.55


def test_before_the_first_label_it_says_unknown() -> None:
    assert calibration.prior().p_correct(work(1).x).tolist() == [0.5] * 4_000


def test_without_rows_the_previous_one_stays() -> None:
    earlier = fitted(work(3))
    nobody = np.empty(0, dtype=np.bool_)
    for previous, expected in ((None, calibration.prior()), (earlier, earlier)):
        got = calibration.fit(np.empty((0, SIZE)), correct=nobody, propensity=np.empty(0), previous=previous)
        assert got == expected


def test_few_labels_move_it_a_little_and_many_a_lot() -> None:
    seen = work(4)
    few, many = (calibration.fit(seen.x[:n], correct=~(seen.x[:n, 0] > 0.0), propensity=np.ones(n)) for n in (5, 2_000))
    # Here the first signal points the wrong way, and only many labels may say so.
    assert few.coef[0] > 0.0 > many.coef[0]


def test_a_previous_fit_is_where_the_next_one_starts() -> None:
    taught, seen = fitted(work(5)), work(6, items=200)
    next_one, alone = (
        calibration.fit(seen.x[:10], correct=seen.correct[:10], propensity=np.ones(10), previous=previous)
        for previous in (taught, None)
    )
    to_taught = [float(np.abs(np.subtract(fit.coef, taught.coef)).sum()) for fit in (next_one, alone)]
    assert to_taught[0] < to_taught[1]


def test_a_signal_that_is_always_missing_changes_no_rank_and_no_rate() -> None:
    seen = work(7)
    blind = seen.x.copy()
    blind[:, 1] = np.nan
    fit = calibration.fit(blind, correct=seen.correct, propensity=np.ones(len(blind)))
    assert fit.p_correct(blind).mean() == pytest.approx(seen.correct.mean(), abs=0.01)
    assert fit.scale.missing_share[1] == 1.0


def test_a_missing_signal_is_distrusted_before_anything_is_known() -> None:
    rows = np.full((2, SIZE), np.nan)
    rows[:, :4] = [[2.0, 3.0, 1.5, 2.0], [2.0, 3.0, 1.5, np.nan]]
    sure, unsure = calibration.prior().logit(rows)
    assert unsure < sure


def test_what_knows_only_the_item_weighs_little_and_may_be_missing_before_anything_is_known() -> None:
    rows = np.full((3, SIZE), np.nan)
    rows[:, :4] = [2.0, 3.0, 1.5, 2.0]
    rows[1:, evidence.SIGNALS.index("familiar")] = [6.0, -6.0]
    missing, usual, strange = calibration.prior().logit(rows)
    assert strange < missing < usual
    assert usual - strange < 0.7


def test_a_row_without_an_answer_ranks_last() -> None:
    seen = work(8)
    answered = np.arange(len(seen.x)) % 7 != 0
    scores = calibration.prior().scores(seen.x, answered=answered)
    assert np.all(scores[~answered] == -np.inf)
    assert np.array_equal(scores[answered], calibration.prior().logit(seen.x)[answered])


@settings(max_examples=40, deadline=None)
@given(
    x=arrays.arrays(np.float64, (30, SIZE), elements=SIGNALS),
    correct=arrays.arrays(np.bool_, 30),
    propensity=arrays.arrays(np.float64, 30, elements=some.floats(1 / 64, 1.0)),
)
def test_whatever_the_labels_all_it_says_is_finite(x: Floats, correct: Bools, propensity: Floats) -> None:
    fit = calibration.fit(x, correct=correct, propensity=propensity)
    assert np.all(np.isfinite(fit.logit(x)))
    p = fit.p_correct(x)
    assert np.all((p > 0.0) & (p < 1.0))
    assert calibration.Calibration.from_json(json.loads(json.dumps(fit.to_json(), allow_nan=False))) == fit


@pytest.mark.parametrize("labels", [0, 60, 3_000])
def test_it_survives_strict_json_to_the_last_bit(labels: int) -> None:
    seen = work(9)
    fit = calibration.fit(seen.x[:labels], correct=seen.correct[:labels], propensity=seen.propensity[:labels])
    again = calibration.Calibration.from_json(json.loads(json.dumps(fit.to_json(), allow_nan=False)))
    assert again == fit
    assert again.key == fit.key
    assert again.p_correct(seen.x).tolist() == fit.p_correct(seen.x).tolist()


def test_the_key_names_the_numbers() -> None:
    assert fitted(work(10)).key == fitted(work(10)).key
    assert fitted(work(10)).key != fitted(work(11)).key
    assert len(calibration.prior().key) == 16


def test_the_curve_waits_for_labels_of_both_kinds() -> None:
    x = work(12).x[:1_000]
    rare = np.arange(1_000) >= 9
    assert calibration.fit(x, correct=rare, propensity=np.ones(1_000)).knots == ()
    assert calibration.fit(x[:199], correct=rare[:199], propensity=np.ones(199)).knots == ()
    assert len(calibration.fit(x, correct=np.arange(1_000) >= 10, propensity=np.ones(1_000)).knots) > 1


def test_it_counts_labels_and_the_items_they_stand_for() -> None:
    seen = work(13)
    fit = fitted(seen)
    assert fit.labels == seen.labelled.sum()
    assert fit.weight == pytest.approx(len(seen.x), rel=0.1)


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.1, math.nan])
def test_it_refuses_a_chance_that_is_none(propensity: float) -> None:
    with pytest.raises(ValueError, match="propensity"):
        calibration.fit(np.zeros((1, SIZE)), correct=np.array([True]), propensity=np.array([propensity]))


def test_it_refuses_an_infinite_signal_and_says_where() -> None:
    x = np.zeros((3, SIZE))
    x[2, 1] = np.inf
    with pytest.raises(ValueError, match=r"x\[2, 1\] is inf"):
        calibration.prior().logit(x)


def test_it_refuses_another_number_of_signals() -> None:
    with pytest.raises(ValueError, match="shape"):
        calibration.prior().logit(np.zeros((3, SIZE + 1)))


@pytest.mark.parametrize(
    "change", [{"coef": [1.0]}, {"sd": [1.0, 1.0, 0.0, 1.0]}, {"rates": []}, {"intercept": [1.0, 2.0]}]
)
def test_it_refuses_a_stored_one_that_does_not_fit(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        calibration.Calibration.from_json(calibration.prior().to_json() | change)


def test_it_refuses_a_stored_one_without_a_field() -> None:
    stored = calibration.prior().to_json()
    del stored["mean"]
    with pytest.raises(ValueError, match="needs 'mean'"):
        calibration.Calibration.from_json(stored)
