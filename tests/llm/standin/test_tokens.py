"""Tokens join to the text, and their log probabilities to that of the value."""

import math

from hypothesis import given
from hypothesis import strategies as st

from slider.llm.standin import tokens

LABELS = ['"return"', '"return_refund"', '"refund"', '"other"']
CHANCES = [0.4, 0.3, 0.2, 0.1]


@given(st.text())
def test_tokens_join_to_the_text(text: str) -> None:
    assert "".join(tokens.split(text)) == text


def test_the_log_probabilities_of_an_option_sum_to_its_own() -> None:
    for pick, chance in enumerate(CHANCES):
        said = tokens.chosen(LABELS, chances=CHANCES, pick=pick)
        assert "".join(token.text for token in said) == LABELS[pick]
        assert math.isclose(sum(token.logprob for token in said), math.log(chance), abs_tol=1e-3)


def test_a_shared_beginning_carries_the_chance_of_all_that_share_it() -> None:
    said = tokens.chosen(LABELS, chances=CHANCES, pick=1)
    decisive = next(token for token in said if len(token.alternatives) > 1)
    assert decisive.text == "retur"
    assert math.isclose(math.exp(decisive.logprob), 0.7)


def test_alternatives_come_likeliest_first_and_at_most_twenty() -> None:
    many = [f"{chr(97 + at % 26)}{at}" for at in range(60)]
    said = tokens.chosen(many, chances=[1 / 60] * 60, pick=3)
    alternatives = said[0].alternatives
    assert 1 < len(alternatives) <= 20
    assert [value for _, value in alternatives] == sorted((value for _, value in alternatives), reverse=True)


def test_structure_is_nearly_certain() -> None:
    assert all(-0.001 < token.logprob <= 0 for token in tokens.structural('{"topic":'))


def test_an_impossible_option_has_a_finite_log_probability() -> None:
    said = tokens.chosen(["yes", "no"], chances=[1.0, 0.0], pick=1)
    assert all(math.isfinite(token.logprob) for token in said)
