"""Habits: what a task's answers usually copy and speak, and what stands out from it."""

import json

import pytest

from slider.engine.sanity.habits import LEARNED, LEAST_SEEN, Habits


def spoken(habits: Habits, item: str | None, answer: str, times: int) -> Habits:
    for _ in range(times):
        habits = habits.with_pair(item, answer, is_odd=False)
    return habits


def test_copying_is_learned_from_the_first_answers_and_never_again() -> None:
    habits = Habits()
    for number in range(LEARNED):
        assert (habits.copies("item") is None) == (number < LEAST_SEEN)
        habits = habits.with_copy("item", did=number % 2 == 0)
    assert habits.copies("item") == 0.5
    for _ in range(500):
        habits = habits.with_copy("item", did=True)
    assert habits.copies("item") == 0.5


def test_before_it_knows_the_task_only_a_third_language_is_odd() -> None:
    assert Habits().odd_language("English", "Han", prompt="English") == 0.0
    assert Habits().odd_language("German", "English", prompt="English") is None
    assert Habits().odd_language("German", "German", prompt="English") is None
    assert Habits().odd_language(None, "Han", prompt="English") is None


def test_where_answers_follow_their_item_a_new_item_language_is_nothing_odd() -> None:
    habits = spoken(spoken(Habits(), "English", "English", 60), "German", "German", 40)
    assert habits.odd_language("Spanish", "Spanish", prompt="English") is None
    assert habits.odd_language("English", "Han", prompt="English") == 0.0
    assert habits.odd_language("English", "German", prompt="English") == 0.0


def test_where_all_is_translated_into_one_language_an_answer_left_as_it_was_is_odd() -> None:
    habits = spoken(spoken(Habits(), "German", "English", 60), "French", "English", 40)
    assert habits.odd_language("German", "English", prompt="English") is None
    assert habits.odd_language("Polish", "English", prompt="English") is None
    assert habits.odd_language("German", "German", prompt="English") == 0.0


def test_a_burst_of_odd_answers_stays_odd_for_long() -> None:
    habits = spoken(Habits(), "English", "English", 1_000)
    for _ in range(100):
        assert habits.odd_language("English", "Han", prompt="English") is not None
        habits = habits.with_pair("English", "Han", is_odd=True)


def test_it_stays_small_and_survives_json() -> None:
    habits = Habits()
    for number in range(3_000):
        habits = habits.with_pair(f"a{number % 90}", f"b{number}", is_odd=False).with_copy("item", did=True)
    assert len(json.dumps(habits.to_json())) < 4_000
    assert Habits.from_json(json.loads(json.dumps(habits.to_json()))) == habits


@pytest.mark.parametrize(
    "stored", [None, {}, {"copied": {"item": 3}, "pairs": {}}, {"copied": {}, "pairs": {"a": "x"}}]
)
def test_what_is_no_habit_is_refused(stored: object) -> None:
    with pytest.raises(ValueError, match="habits"):
        Habits.from_json(stored)
