"""Columns: text becomes what the schema says, or the row says why not."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from slider.rows import Bad, Columns, Record
from slider.rows.records import Cells

REF = {"$defs": {"n": {"type": "integer"}}, "properties": {"x": {"$ref": "#/$defs/n"}}}


def read(value: object, schema: Any) -> Any:
    """One cell under one property `x`: its value, or the reason."""
    root = schema if "properties" in schema else {"properties": {"x": schema}}
    found = Columns.of(["x"], root).record(Cells(2, (value,)))
    return found.reason if isinstance(found, Bad) else found.body


@pytest.mark.parametrize(
    ("value", "schema", "body"),
    [
        ("5", {"type": "string"}, {"x": "5"}),
        (5.0, {"type": "string"}, {"x": "5"}),
        (date(2026, 1, 2), {"type": "string"}, {"x": "2026-01-02"}),
        (" 7 ", {"type": "integer"}, {"x": 7}),
        ("7", {"type": ["integer", "null"]}, {"x": 7}),
        ("7", {"type": ["integer", "string"]}, {"x": "7"}),
        ("7", REF, {"x": 7}),
        ("2.50", {"type": "number"}, {"x": 2.5}),
        ("2", {"type": ["integer", "number"]}, {"x": 2}),
        ("No", {"type": "boolean"}, {"x": False}),
        (True, {"type": "boolean"}, {"x": True}),
        ('{"a": [1]}', {"type": "object"}, {"x": {"a": [1]}}),
        ("2", {"enum": [1, 2]}, {"x": 2}),
        ("b", {"enum": ["a", "b"]}, {"x": "b"}),
        ("a", {}, {"x": "a"}),
        ("", {"type": "integer"}, {}),
        ("", {"type": "string"}, {}),
        ("", {"properties": {"x": {"type": "string"}}, "required": ["x"]}, {"x": ""}),
    ],
)
def test_a_cell_becomes_what_the_schema_says(value: object, schema: Any, body: dict[str, Any]) -> None:
    assert read(value, schema) == body


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        ("1.0", "integer", "no whole number"),
        ("٣", "integer", "no whole number"),
        ("1_000", "number", "no number"),
        ("1,5", "number", "no number"),
        ("nan", "number", "no number"),
        ("maybe", "boolean", "neither true nor false"),
        ("{", "object", "must hold JSON"),
    ],
)
def test_a_cell_of_another_type_is_named(value: str, kind: str, said: str) -> None:
    assert said in read(value, {"type": kind})


@pytest.mark.parametrize("kind", ["integer", "number", "boolean", "object"])
def test_a_cell_that_every_row_needs_may_not_be_empty(kind: str) -> None:
    needed = {"properties": {"x": {"type": kind}}, "required": ["x"]}
    assert read("", needed) == "is empty: every row needs it"


def test_a_field_of_the_task_is_never_taken_for_an_id() -> None:
    own = Columns.of(["id", "external_id"], {"properties": {"id": {"type": "integer"}}})
    assert own.record(Cells(2, ("5", "e"))) == Record(2, {"id": 5}, "e", 0, 2)
    assert not Columns.of(["id"], {"properties": {"id": {"type": "integer"}}}).identified


@pytest.mark.parametrize("text", ["soon", "2026-03-01", "2026-03-01T12:00:00", "0001-01-01T00:00:00Z"])
def test_a_due_time_is_one_with_its_zone(text: str) -> None:
    columns = Columns.of(["text", "due_at"], {"properties": {"text": {"type": "string"}}})
    refused = columns.record(Cells(2, ("a", text)))
    assert isinstance(refused, Bad)
    assert (refused.column, "no time with its zone" in refused.reason) == ("due_at", True)
    taken = columns.record(Cells(3, ("a", "2026-03-01T12:00:00Z")))
    assert taken == Record(3, {"text": "a"}, None, 0, 21, datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert columns.record(Cells(4, ("a", ""))) == Record(4, {"text": "a"}, None, 0, 1)
