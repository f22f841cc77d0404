"""A thought is said as JSON: the likeliest at temperature 0, by its chances at 1."""

import json
import random

import pytest

from slider.llm.standin.thoughts import Choice, Listing, Record, Speech, Stated, Thought, spoilt

CHOICE = Choice(("a", "b", "c"), (0.2, 0.7, 0.1))


def spoken(thought: Thought, *, seed: int = 0, temperature: float = 0.0) -> Speech:
    speech = Speech(rng=random.Random(seed), temperature=temperature)
    speech.say(thought)
    return speech


def test_the_likeliest_is_said_at_temperature_zero() -> None:
    assert {spoken(CHOICE, seed=seed).text for seed in range(20)} == {'"b"'}


def test_draws_follow_the_chances_at_temperature_one() -> None:
    drawn = [spoken(CHOICE, seed=seed, temperature=1.0).text for seed in range(2000)]
    assert drawn.count('"b"') / 2000 == pytest.approx(0.7, abs=0.04)


def test_a_higher_temperature_spreads_the_draws() -> None:
    drawn = [spoken(CHOICE, seed=seed, temperature=2.0).text for seed in range(2000)]
    assert drawn.count('"b"') / 2000 == pytest.approx(0.7**0.5 / (0.2**0.5 + 0.7**0.5 + 0.1**0.5), abs=0.04)


def test_records_and_listings_are_json() -> None:
    thought = Record((("x", Listing((CHOICE, CHOICE))), ("none", Listing(())), ("empty", Record(()))))
    assert json.loads(spoken(thought).text) == {"x": ["b", "b"], "none": [], "empty": {}}


@pytest.mark.parametrize(("chance", "stated"), [(1.0, 1.0), (0.7, 0.85), (0.3, 0.65), (0.01, 0.5)])
def test_a_stated_confidence_flatters(chance: float, stated: float) -> None:
    thought = Record((("answer", Choice(("a",), (chance,))), ("confidence", Stated())))
    assert json.loads(spoken(thought).text)["confidence"] == stated


def test_a_spoilt_choice_swaps_the_favourite_with_another() -> None:
    for turn, better in [(0, "a"), (1, "c"), (2, "a")]:
        changed = spoilt(CHOICE, turn=turn, quiet=True)
        assert isinstance(changed, Choice)
        assert json.loads(spoken(changed).text) == better
        assert sorted(changed.chances) == sorted(CHOICE.chances)


def test_only_the_first_choice_of_a_record_is_spoilt() -> None:
    thought = Record((("sure", Choice((1,), (1.0,))), ("first", CHOICE), ("second", CHOICE)))
    changed = json.loads(spoken(spoilt(thought, turn=0, quiet=True)).text)
    assert changed == {"sure": 1, "first": "a", "second": "b"}
