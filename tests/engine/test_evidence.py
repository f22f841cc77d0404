"""Signals: exact where a probability would round, None where there is no evidence."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from slider.engine import evidence

LOGPROBS = some.lists(some.floats(min_value=-50.0, max_value=0.0), min_size=1, max_size=30)
NO_EVIDENCE = [None, [], [math.nan], [-0.1, math.nan], [math.inf], [-math.inf], [2e-6], [-0.1, None]]


def test_it_is_the_log_odds_of_the_whole_answer() -> None:
    assert evidence.token_logodds([math.log(0.9), math.log(0.8)]) == pytest.approx(math.log(0.72 / 0.28))


def test_it_tells_answers_apart_whose_probability_rounds_to_one() -> None:
    surer, sure = evidence.token_logodds([-1e-17]), evidence.token_logodds([-5e-17])
    assert math.exp(-1e-17) == math.exp(-5e-17) == 1.0
    assert surer is not None
    assert sure is not None
    assert surer - sure == pytest.approx(math.log(5.0))


def test_a_certain_token_says_as_much_as_can_be_known() -> None:
    assert evidence.token_logodds([0.0, 0.0]) == evidence.MOST_LOGODDS
    assert evidence.token_logodds([5e-7]) == evidence.MOST_LOGODDS


def test_it_joins_the_limit_without_a_step() -> None:
    assert evidence.token_logodds([-math.exp(-39.999)]) == pytest.approx(39.999)


@pytest.mark.parametrize("logprobs", NO_EVIDENCE)
def test_it_makes_no_number_up(logprobs: list[float | None] | None) -> None:
    assert evidence.token_logodds(logprobs) is None
    assert evidence.weakest_token(logprobs) is None


@given(LOGPROBS)
def test_it_is_finite_and_no_answer_is_surer_than_its_weakest_token(logprobs: list[float]) -> None:
    whole, weakest = evidence.token_logodds(logprobs), evidence.weakest_token(logprobs)
    assert whole is not None
    assert weakest is not None
    assert math.isfinite(whole)
    assert whole <= weakest + 1e-9


def test_the_weakest_token_shows_one_doubtful_digit() -> None:
    assert evidence.weakest_token([-0.001] * 50 + [math.log(0.5)]) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("answers", "odds"),
    [(["a", "a", "a"], 5.0), (["a", "b", "c"], 1 / 5), (["a", "a", "b"], 1.0), (["a", "a", None], 1.0)],
)
def test_agreement_is_the_first_against_the_rest(answers: list[str | None], odds: float) -> None:
    assert evidence.agreement(answers) == pytest.approx(math.log(odds))


@pytest.mark.parametrize("answers", [[], ["a"], [None, "a", "a"], [None, None]])
def test_agreement_needs_an_answer_and_another_sample(answers: list[str | None]) -> None:
    assert evidence.agreement(answers) is None


@pytest.mark.parametrize(("confidence", "odds"), [(0.5, 1.0), (0.9, 9.0), (1.0, 999.0), (0.0, 1 / 999), (1, 999.0)])
def test_stated_confidence_is_clipped(confidence: float, odds: float) -> None:
    assert evidence.stated(confidence) == pytest.approx(math.log(odds))


@pytest.mark.parametrize("confidence", [None, math.nan, math.inf, -0.01, 1.01, 85, True])
def test_stated_confidence_outside_its_range_is_no_evidence(confidence: float | None) -> None:
    assert evidence.stated(confidence) is None


def test_the_matrix_keeps_the_order_and_marks_what_is_missing() -> None:
    table = evidence.matrix([{"stated": 1.0, "agreement": None}, {"token_logodds": 2.0, "stated": math.nan}])
    assert table.shape == (2, len(evidence.SIGNALS))
    assert table[0, evidence.SIGNALS.index("stated")] == 1.0
    assert table[1, evidence.SIGNALS.index("token_logodds")] == 2.0
    assert np.isnan(table).sum() == table.size - 2


def test_no_rows_make_an_empty_matrix() -> None:
    assert evidence.matrix([]).shape == (0, len(evidence.SIGNALS))


def test_the_matrix_refuses_an_unknown_signal() -> None:
    with pytest.raises(ValueError, match="Row 1 has the signal 'mood'"):
        evidence.matrix([{}, {"mood": 1.0}])


def test_the_matrix_refuses_infinity() -> None:
    with pytest.raises(ValueError, match="Row 0, signal 'stated' is inf"):
        evidence.matrix([{"stated": math.inf}])


def test_a_calibration_that_knows_fewer_signals_gets_its_own_columns() -> None:
    rows = [{"stated": 1.0, "familiar": 2.0, "agreement": -1.0}]
    assert evidence.matrix(rows, signals=("agreement", "stated")).tolist() == [[-1.0, 1.0]]


@given(some.lists(some.none() | some.floats() | some.floats(-9.0, 2e-6) | some.just(-0.0), min_size=1, max_size=6))
def test_each_token_counts_as_it_is_and_one_that_is_no_evidence_spoils_all(logprobs: list[float | None]) -> None:
    good = [value for value in logprobs if value is not None and math.isfinite(value) and value <= 1e-6]
    kept = [min(value, 0.0) for value in good] if len(good) == len(logprobs) else None
    assert evidence._usable(logprobs) == kept
