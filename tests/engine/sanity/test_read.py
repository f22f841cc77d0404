"""Free texts of a value: by its schema, never a label, and whatever the value and the schema hold."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from slider.engine.sanity import read

FREE = {"type": "string"}
VALUES = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def texts(value: object, schema: dict[str, Any]) -> list[tuple[str, str]]:
    return [(text.where, text.value) for text in read.parts(value, schema=schema).texts]


def test_texts_are_found_where_they_stand() -> None:
    schema = {
        "type": "object",
        "properties": {
            "reply": FREE,
            "topic": {"enum": ["refund"]},
            "lines": {"type": "array", "items": {"type": "object", "properties": {"note": {"$ref": "#/$defs/note"}}}},
        },
        "$defs": {"note": FREE},
    }
    value = {"reply": "We are sorry.", "topic": "refund", "lines": [{"note": "one"}, {"note": "two"}]}
    assert texts(value, schema) == [("reply", "We are sorry."), ("lines/0/note", "one"), ("lines/1/note", "two")]


@pytest.mark.parametrize(
    "closed",
    [
        {"enum": ["da da da da"]},
        {"const": "da da da da"},
        {"type": "string", "pattern": "^.*$"},
        {"type": "string", "format": "date"},
        {"type": "string", "maxLength": 19},
        {"anyOf": [{"type": "null"}, {"enum": ["da da da da"]}]},
        {"$ref": "#/$defs/label"},
        {"allOf": [FREE, {"$ref": "#/$defs/label"}]},
        {"oneOf": [FREE, {"enum": ["da da da da"]}]},
    ],
)
def test_what_a_schema_closes_is_no_text(closed: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"x": closed}, "$defs": {"label": {"enum": ["da da da da"]}}}
    assert texts({"x": "da da da da"}, schema) == []
    assert texts("da da da da", {**closed, "$defs": schema["$defs"]}) == []


def test_the_closed_part_is_what_two_equal_answers_share() -> None:
    schema = {
        "properties": {
            "topic": {"enum": ["a", "b"]},
            "urgent": {"type": "boolean"},
            "stars": {"type": "integer", "minimum": 1, "maximum": 5},
            "amount": {"type": "number"},
            "reply": FREE,
        }
    }
    one = {"topic": "a", "urgent": False, "stars": 3, "amount": 12.5, "reply": "Hello there."}
    closed = read.parts(one, schema=schema).closed
    assert read.parts({**one, "amount": 99.0, "reply": "Something else."}, schema=schema).closed == closed
    assert read.parts(dict(reversed(one.items())), schema=schema).closed == closed
    for change in ({"topic": "b"}, {"urgent": True}, {"stars": 4}):
        assert read.parts({**one, **change}, schema=schema).closed != closed
    assert read.parts({"reply": "Only text."}, schema=schema).closed == ""


def test_huge_values_are_read_in_part() -> None:
    found = read.parts({"a": "x" * 10_000_000, "b": ["more"] * 1000}, schema={})
    assert sum(len(text.value) for text in found.texts) <= read.LONGEST


def test_circular_schemas_and_deep_values_end() -> None:
    circle: dict[str, Any] = {"$ref": "#", "properties": {"x": {"$ref": "#"}}}
    deep: Any = "text"
    for _ in range(500):
        deep = {"x": deep}
    assert texts(deep, circle) == []
    assert texts({"x": {"x": "here"}}, circle) == [("x/x", "here")]


@settings(max_examples=200, deadline=None)
@given(
    value=VALUES, schema=some.dictionaries(some.sampled_from(["properties", "items", "anyOf", "$ref", "enum"]), VALUES)
)
def test_whatever_they_hold_it_never_raises(value: object, schema: dict[str, Any]) -> None:
    found = read.parts(value, schema=schema)
    assert all(text.value.strip() for text in found.texts)
