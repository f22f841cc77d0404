"""What a schema says about a value's fields."""

from typing import Any

import pytest

from slider.queries import shape
from slider.queries.shape import Kind


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string", "maxLength": 80}, Kind.TEXT),
        ({"type": "string"}, Kind.LONG),
        ({"type": "string", "format": "date"}, Kind.DATE),
        ({"type": "string", "format": "date-time"}, Kind.TEXT),
        ({"type": "string", "enum": ["a"]}, Kind.CHOICE),
        ({"type": "integer"}, Kind.INTEGER),
        ({"type": "number"}, Kind.NUMBER),
        ({"type": "boolean"}, Kind.BOOLEAN),
        ({"type": "array"}, Kind.JSON),
        ({"type": ["string", "null"]}, Kind.JSON),
        ({"anyOf": [{"type": "string"}]}, Kind.JSON),
        ({"$ref": "#/$defs/yes"}, Kind.BOOLEAN),
        ({"$ref": "#/$defs/nowhere"}, Kind.JSON),
        ({"$ref": "#/$defs/circle"}, Kind.JSON),
        (True, Kind.JSON),
    ],
)
def test_a_field_is_asked_for_by_its_type(schema: Any, kind: Kind) -> None:
    definitions = {"yes": {"type": "boolean"}, "circle": {"$ref": "#/$defs/circle"}}
    whole = {"type": "object", "properties": {"field": schema}, "$defs": definitions}
    assert [part.kind for part in shape.parts(whole)] == [kind]


def test_the_title_comes_first_then_the_required_fields_in_their_order() -> None:
    schema = {"properties": {key: {} for key in "abcd"}, "required": ["d", "b", "gone"]}
    assert [part.name for part in shape.parts(schema, first="c")] == ["c", "d", "b", "a"]


def test_what_only_the_value_has_comes_last() -> None:
    schema = {"properties": {"a": {"title": "First"}}}
    assert [part.label for part in shape.parts(schema, {"z": 1, "a": 2})] == ["First", "z"]


def test_a_value_that_is_no_object_is_its_own_field() -> None:
    (part,) = shape.parts({"type": "string", "enum": ["x", "y"]}, "x")
    assert (part.name, part.label, shape.held("x", part), shape.with_held("x", "", "y")) == ("", "Answer", "x", "y")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "yes"), (1.5, "1.5"), ("a", "a"), ([1, "ä"], '[1,"ä"]'), ({"b": None}, '{"b":null}')],
)
def test_a_value_is_read_in_one_line(value: Any, text: str) -> None:
    assert shape.as_text(value) == text
