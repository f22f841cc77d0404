"""Repetition: what loops is found, and no ordinary text is."""

import random

import pytest

from slider.engine.sanity import repetition
from tests.engine.sanity import normal


def is_found(text: str) -> bool:
    loop = repetition.loop(text)
    return loop.share >= loop.threshold


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("da da da da", "da"),
        ("dadadadada", "da"),
        ("DA, da... Da! da?", "da"),
        ("I can help you. " * 9, "i can help you"),
        ("Sure! " + "da " * 30, "da"),
        ("谢谢你" * 8, "谢谢你"),
        ("שלום " * 6, "שלום"),
        ("ja ja nein ja ja ja ja ja ja ja ja ja", "ja"),
    ],
)
def test_what_says_the_same_again_and_again_is_found(text: str, thing: str) -> None:
    assert is_found(text)
    assert repetition.loop(text).thing == thing


@pytest.mark.parametrize("text", normal.ALL)
def test_ordinary_texts_are_not(text: str) -> None:
    assert not is_found(text)


@pytest.mark.parametrize("text", ["", " ", "no no", "ha ha ha", "1 1 1 1 1 1 1 1 1 1", "😂" * 50, "- - - - - - - -"])
def test_short_texts_numbers_and_signs_are_never_judged(text: str) -> None:
    assert repetition.loop(text) == repetition.Loop()


def test_a_long_loop_after_a_good_beginning_is_found_and_a_quoted_line_is_not() -> None:
    rng = random.Random(1)
    start = " ".join("".join(rng.choices("abcdefgh", k=5)) for _ in range(60))
    assert is_found(start + " we are looking into it" * 40)
    assert not is_found(start + " we are looking into it" * 4)


def test_a_huge_text_takes_a_moment() -> None:
    assert is_found("abc " * 2_000_000)
