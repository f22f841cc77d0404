"""Copies: a whole item, or a row of the instructions; a quotation is neither."""

from slider.engine.sanity import echo

PROMPT = (
    "You sort the messages that customers send to the support desk. Read each message with care, then write a short "
    "and friendly reply in the customer's own language, without promising anything that the shop has not agreed to."
)
ITEM = "My parcel with the blue tent has not arrived yet although you sent it three weeks ago. Where is it now?"


def test_a_slice_of_the_instructions_is_a_copy() -> None:
    share = echo.copied("write a short and friendly reply in the customer's own language", echo.source(PROMPT))
    assert share == 1.0


def test_an_answer_in_its_own_words_is_none() -> None:
    answer = "We are sorry that the blue tent has not arrived yet. Our carrier lost it, and a new one leaves today."
    assert (echo.copied(answer, echo.source(PROMPT)) or 0.0) == 0.0
    assert (echo.overlap(answer, echo.source(ITEM)) or 0.0) < 0.3


def test_the_whole_item_is_a_copy_and_a_quotation_from_it_is_not() -> None:
    source = echo.source(ITEM)
    assert echo.overlap(ITEM.upper() + "!!", source) == 1.0
    assert (echo.overlap("has not arrived yet although you sent it three weeks ago", source) or 1.0) < echo.OF_ITEM


def test_short_answers_copy_by_right() -> None:
    assert echo.copied("in the customer's own language", echo.source(PROMPT)) is None
    assert echo.overlap("Where is it now?", echo.source(ITEM)) is None


def test_against_nothing_there_is_nothing_to_copy() -> None:
    assert echo.overlap(ITEM, echo.source("")) == 0.0
