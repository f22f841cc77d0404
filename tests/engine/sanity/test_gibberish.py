"""Gibberish: letters at random are found in nearly every case, ordinary texts never."""

import json
import random

import pytest

from slider.engine.sanity import gibberish, hollow
from slider.management.demo import brief
from tests.engine import exact
from tests.engine.sanity import normal

RUNS = 400


def is_found(text: str) -> bool:
    bits = gibberish.bits(text)
    return (bits is not None and bits > gibberish.MOST_BITS) or gibberish.broken(text) > gibberish.MOST_BROKEN


def heap(rng: random.Random, letters: str) -> str:
    return " ".join("".join(rng.choices(letters, k=rng.randint(3, 9))) for _ in range(10))


@pytest.mark.parametrize(
    "letters", ["abcdefghijklmnopqrstuvwxyz", "asdfghjkl", "qwertyuiopasdfghjkl", "bcdfgklmnprstvz"]
)
def test_letters_at_random_are_found(letters: str) -> None:
    rng = random.Random(7)
    missed = sum(not is_found(heap(rng, letters)) for _ in range(RUNS))
    assert exact.keeps(missed, n=RUNS, p=0.03)


@pytest.mark.parametrize("text", normal.ALL)
def test_ordinary_texts_are_not(text: str) -> None:
    assert not is_found(text)


def test_not_one_message_of_the_demo_is_found() -> None:
    messages = [json.loads(line) for line in brief.MESSAGES_PATH.read_text().splitlines()]
    assert [m["text"] for m in messages if is_found(m["text"]) or is_found(m["subject"])] == []


@pytest.mark.parametrize("text", ["", "xkcd", "qzx-99 wvk", "ABC-123 XYZ-987 QWERTZ", "哈" * 40, "zxcvb 😂"])
def test_short_texts_codes_and_other_scripts_are_not_judged(text: str) -> None:
    assert gibberish.bits(text) is None


def test_broken_characters_are_found_from_four_on() -> None:
    assert is_found("\ufffd\ufffd\ufffd\ufffd ok")
    assert not is_found("caf\ufffd and na\ufffdve")


@pytest.mark.parametrize("text", [":", " . ", "…", "Thought process:", "Let's solve this problem step by step.", "**"])
def test_an_opening_and_nothing_more_is_hollow(text: str) -> None:
    assert hollow.is_hollow(text)


@pytest.mark.parametrize(
    "text", ["", " ", "-", "–", "n/a", "👍", "ok", "refund", "0", "We solve this step by step with you."]
)
def test_short_answers_and_signs_for_none_are_not_hollow(text: str) -> None:
    assert not hollow.is_hollow(text)
