"""Differences: sentences first, words only where half of a sentence is equal, and nothing lost on the way."""

from hypothesis import given
from hypothesis import strategies as st

from slider.templatetags.diff import Change, diff, pieces


def test_an_equal_text_has_no_marks() -> None:
    assert diff("Hello Bo. All is well.", "Hello Bo. All is well.") == "Hello Bo. All is well."


def test_an_alike_sentence_is_compared_by_words() -> None:
    assert diff("Hi. We paid 12 euro.", "Hi. We paid 94 euro.") == "Hi. We paid <del>12</del><ins>94</ins> euro."


def test_an_unlike_sentence_is_replaced_as_a_whole() -> None:
    found = diff("We paid 12 euro. Bye.", "A voucher is all that you get. Bye.")
    assert found == "<del>We paid 12 euro.</del><ins>A voucher is all that you get.</ins> Bye."


def test_a_text_is_escaped_inside_the_marks() -> None:
    assert diff("", "<img src=x>") == "<ins>&lt;img src=x&gt;</ins>"


def test_values_that_are_no_text_are_compared_as_a_whole() -> None:
    assert diff(12, 94) == "<del>12</del> <ins>94</ins>"
    assert diff(True, False) == "<del>yes</del> <ins>no</ins>"
    assert diff(None, ["a"]) == "<ins>[&quot;a&quot;]</ins>"


@given(st.text(st.sampled_from("ab .!\n"), max_size=60), st.text(st.sampled_from("ab .!\n"), max_size=60))
def test_both_texts_can_be_read_back(before: str, after: str) -> None:
    found = pieces(before, after)
    assert "".join(piece.text for piece in found if piece.change != Change.NEW) == before
    assert "".join(piece.text for piece in found if piece.change != Change.GONE) == after
