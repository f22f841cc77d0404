"""Rows come, go and move; what was typed stays."""

from typing import Any

import pytest

from slider.views import schema_form
from tests.browser.nested import ANSWER, SCHEMA


def after(*wishes: str, value: Any = ANSWER, **typed: str) -> tuple[Any, str]:
    """What the form says after some wishes, and where it goes on."""
    form, focus = schema_form.fill(SCHEMA, value) | typed, ""
    for wish in wishes:
        form, focus = schema_form.reshape(SCHEMA, form, wish, value=value)
    return schema_form.read(SCHEMA, form, before=value).value, focus


def test_a_row_moves_with_all_that_it_holds() -> None:
    value, focus = after("down:/lines/0")
    assert value == ANSWER | {"lines": ANSWER["lines"][::-1]}
    assert focus == "/lines/1"
    assert after("down:/lines/0", "up:/lines/1")[0] == ANSWER


def test_a_row_goes_and_the_others_close_up() -> None:
    value, focus = after("drop:/lines/0")
    assert (value, focus) == (ANSWER | {"lines": ANSWER["lines"][1:]}, "/lines/0")


def test_a_new_row_has_to_be_filled_in() -> None:
    form, focus = schema_form.reshape(SCHEMA, schema_form.fill(SCHEMA, ANSWER), "add:/lines", value=ANSWER)
    assert focus == "/lines/2"
    assert set(schema_form.read(SCHEMA, form, before=ANSWER).errors) == {"/lines/2/amount"}
    value = schema_form.read(SCHEMA, form | {"f.lines/2/amount": "3"}, before=ANSWER).value
    assert set(schema_form.wrong(SCHEMA, value)) == {"/lines/2/what"}


def test_what_is_optional_can_be_taken_away_and_given_again() -> None:
    without = {name: held for name, held in ANSWER.items() if name != "tags"}
    assert after("unset:/tags")[0] == without
    assert after("unset:/tags", "set:/tags")[0] == without | {"tags": []}


def test_another_variant_has_its_own_fields() -> None:
    form = schema_form.fill(SCHEMA, ANSWER) | {"f.payer/paid_by~as": "1"}
    form, _ = schema_form.reshape(SCHEMA, form, "as:/payer/paid_by", value=ANSWER)
    form |= {"f.payer/paid_by/iban": "DE1"}
    value = schema_form.read(SCHEMA, form, before=ANSWER).value
    assert value["payer"]["paid_by"] == {"by": "transfer", "iban": "DE1"}


@pytest.mark.parametrize(
    "wish", ["", "add", "add:/", "add:/nowhere", "add:/lines/0", "up:/lines/0", "down:/lines/1", "drop:/lines/9",
             "drop:/kind", "unset:/kind", "as:/lines", "whole:/note", "add:/lines/x/y", "explode:/lines", "same:"]
)  # fmt: skip
def test_a_wish_that_makes_no_sense_changes_nothing(wish: str) -> None:
    assert after(wish)[0] == ANSWER


def test_a_very_long_text_stays_out_of_the_form_until_asked_for() -> None:
    value = ANSWER | {"note": "word " * 50_000}
    form = schema_form.fill(SCHEMA, value)
    assert max(len(text) for text in form.values()) < 1000
    assert schema_form.read(SCHEMA, form, before=value).value == value
    form, _ = schema_form.reshape(SCHEMA, form, "whole:/note", value=value)
    assert form["f.note"] == value["note"]
