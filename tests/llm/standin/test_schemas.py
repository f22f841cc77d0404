"""Schemas are followed to the part that counts, and refused where they lead nowhere."""

import pytest

from slider.llm.standin import schemas
from slider.llm.standin.schemas import Schema, SchemaError


def resolved(schema: Schema) -> Schema:
    return schemas.resolved(schema, root=schema, path=())


def test_references_are_followed() -> None:
    assert resolved({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "boolean"}}}) == {"type": "boolean"}


@pytest.mark.parametrize("ref", ["#/$defs/none", "https://example.org/x.json", 7])
def test_references_that_lead_nowhere_are_refused(ref: object) -> None:
    with pytest.raises(SchemaError, match="reference"):
        resolved({"$ref": ref})


def test_references_in_a_circle_are_refused() -> None:
    with pytest.raises(SchemaError, match="circle"):
        resolved({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}})


def test_parts_of_all_of_are_merged() -> None:
    assert resolved({"allOf": [{"type": "integer"}, {"minimum": 3}]}) == {"type": "integer", "minimum": 3}


def test_the_first_alternative_that_is_not_null_counts() -> None:
    assert resolved({"anyOf": [{"type": "null"}, {"type": "integer"}]}) == {"type": "integer"}


def test_constants_with_descriptions_are_labels() -> None:
    node = {"oneOf": [{"const": "a", "description": "apples"}, {"const": "b"}]}
    assert schemas.listed(resolved(node)) == ("a", "b")
    assert schemas.told("a", node) == ["apples"]


def test_a_schema_is_guessed_from_examples() -> None:
    guessed = schemas.schema_from([{"t": "x", "n": 1, "l": ["a"]}, {"t": "y", "n": 2.5, "l": ["b"], "b": False}])
    assert guessed == {
        "type": "object",
        "properties": {
            "t": {"enum": ["x", "y"]},
            "n": {"type": "number"},
            "l": {"type": "array", "items": {"enum": ["a", "b"]}},
            "b": {"type": "boolean"},
        },
    }
