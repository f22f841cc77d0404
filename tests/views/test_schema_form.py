"""The form drawn from a schema reads back as the value it was drawn from, and says what is wrong at the field."""

from typing import Any

import pytest

from slider.views import schema_form
from slider.views.schema_nodes import Ask
from tests import casts

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "line": {"type": "string", "maxLength": 50},
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "amount": {"type": "number"},
        "sure": {"type": "boolean"},
        "colour": {"enum": ["red", 1, None]},
        "day": {"type": "string", "format": "date"},
        "rows": {"type": "array"},
        "either": {"type": ["string", "null"]},
        "pointed": {"$ref": "#/$defs/small"},
    },
    "required": ["line", "text", "count"],
    "$defs": {"small": {"type": "string", "enum": ["s", "m"]}},
}
VALUE: dict[str, Any] = {
    "line": " two  spaces ",
    "text": "one\r\ntwo\n",
    "count": 3,
    "amount": 0.1,
    "sure": False,
    "colour": None,
    "day": "2026-11-23",
    "rows": [{"a": 1}],
    "either": None,
    "pointed": "m",
    "beyond": "the schema",
}


def filled(value: Any, **changes: str) -> dict[str, str]:
    return schema_form.fill(SCHEMA, value) | {f"f.{name}": text for name, text in changes.items()}


def test_an_untouched_form_gives_the_very_value_it_was_drawn_from() -> None:
    assert schema_form.read(SCHEMA, filled(VALUE), before=VALUE) == schema_form.Reading(VALUE)


def test_a_browsers_line_ends_do_not_count_as_a_change() -> None:
    reading = schema_form.read(SCHEMA, filled(VALUE, text="one\r\ntwo\r\n"), before=VALUE)
    assert reading.value["text"] == VALUE["text"]


def test_each_kind_of_field_is_read_by_its_type() -> None:
    typed = filled(
        {}, line="a", text="b\r\nc", count="4", amount="2.5", sure="true", colour="1", day="2026-01-02", rows="[1, 2]"
    )
    expected = {
        "line": "a",
        "text": "b\nc",
        "count": 4,
        "amount": 2.5,
        "sure": True,
        "colour": 1,
        "day": "2026-01-02",
        "rows": [1, 2],
    }
    assert schema_form.read(SCHEMA, typed) == schema_form.Reading(expected)


def test_an_empty_optional_field_is_absent_and_a_required_one_is_an_error() -> None:
    reading = schema_form.read(SCHEMA, filled(VALUE, amount="", count=""), before=VALUE)
    assert "amount" not in reading.value
    assert reading.errors == {"/count": "Give a value: this field is required."}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("count", "4.5", "whole number"),
        ("count", "four", "'four' is no number"),
        ("amount", "1,5", "such as 12.5"),
        ("amount", "NaN", "no number"),
        ("amount", "1e999", "no number"),
        ("count", "true", "no number"),
        ("rows", "[1,", "not JSON"),
        ("rows", '["\\u0000"]', "NUL"),
        ("rows", "[" * 500, "nested deeper"),
    ],
)
def test_a_wrong_field_is_named_with_what_would_do(name: str, text: str, words: str) -> None:
    reading = schema_form.read(SCHEMA, filled(VALUE, **{name: text}), before=VALUE)
    assert words in reading.errors[f"/{name}"]
    assert len(reading.errors) == 1


def test_what_was_typed_is_drawn_again_with_its_error() -> None:
    drawn = schema_form.draw(SCHEMA, VALUE, typed=filled(VALUE, count="four"), errors={"/count": "No."})
    count = next(field for field in drawn if field.pointer == "/" + "count")
    assert (count.text, count.error) == ("four", "No.")


def test_required_fields_come_first_in_the_order_in_which_they_are_listed() -> None:
    assert [field.pointer for field in schema_form.draw(SCHEMA)][:3] == ["/line", "/text", "/count"]


def test_a_schema_that_is_no_object_is_one_field() -> None:
    schema = {"type": "string", "enum": ["yes", "no"]}
    (field,) = schema_form.draw(schema, "no")
    assert (field.pointer, field.ask, field.text) == ("", Ask.CHOICE, '"no"')
    assert schema_form.read(schema, {"f.": '"yes"'}, before="no").value == "yes"


def test_an_error_stands_at_the_next_field_around_its_pointer() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "array"}, "b": {"type": "string"}}}
    drawn = schema_form.draw(schema, {"a": []}, errors={"/a/0/x": "Too long", "/c": "No."})
    assert [field.error for field in drawn] == ["Too long (at 0/x)", ""]
    assert schema_form.loose(drawn, {"/a/0/x": "Too long", "/c": "No."}) == "No."


def test_the_casts_schemas_are_drawn_without_json() -> None:
    assert all(field.ask != Ask.JSON for field in schema_form.draw(casts.INPUT_SCHEMA))
