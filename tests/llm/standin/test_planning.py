"""Whatever the schema asks for, the answer fits it; and what stands in the question is found there."""

import json

import jsonschema_rs
import pytest

from slider.llm.standin.brain import Ask, Brain
from slider.llm.standin.schemas import SchemaError

QUESTION = {
    "text": "Invoice 77 of 2026-03-05: 3 lamps, total amount 149.50 euros, paid by ann@example.org. See https://example.org/i.",
    "number": 12,
}
SCHEMAS: list[dict[str, object]] = [
    {"type": "object", "properties": {"kind": {"enum": ["a", "b", None, 3]}}, "required": ["kind"]},
    {"type": "object", "properties": {"ok": {"type": "boolean"}, "c": {"const": {"x": [1]}}}, "required": ["ok", "c"]},
    {"type": "object", "properties": {"n": {"type": "integer", "minimum": 100, "maximum": 110}}, "required": ["n"]},
    {"type": "object", "properties": {"n": {"type": ["number", "null"], "minimum": 1000}}, "required": ["n"]},
    {"type": "array", "items": {"enum": ["x", "y", "z"]}, "minItems": 1, "maxItems": 2, "uniqueItems": True},
    {"type": "array", "items": {"type": "object", "properties": {"q": {"type": "integer"}}}, "minItems": 2},
    {"type": "object", "properties": {"s": {"type": "string", "maxLength": 5}, "t": {"type": ["string", "null"]}}},
    {"$ref": "#/$defs/node", "$defs": {"node": {"type": "object", "properties": {"v": {"type": "null"}}}}},
    {"type": "string", "enum": ["only"]},
]


def answer(schema: dict[str, object], *, seed: int | None = None) -> object:
    messages = ({"role": "user", "content": json.dumps(QUESTION)},)
    ask = Ask(messages, schema, temperature=0.0 if seed is None else 1.5, seed=seed)
    return json.loads("".join(token.text for token in Brain().answer(ask)[0]))


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_every_answer_fits_its_schema(schema: dict[str, object]) -> None:
    for seed in (None, 1, 2, 3):
        assert jsonschema_rs.is_valid(schema, answer(schema, seed=seed))


@pytest.mark.parametrize(
    ("key", "schema", "found"),
    [
        ("amount", {"type": "number", "description": "total amount in euros"}, 149.5),
        ("number", {"type": "integer"}, 12),
        ("day", {"type": "string", "format": "date"}, "2026-03-05"),
        ("payer", {"type": "string", "format": "email"}, "ann@example.org"),
        ("missing", {"type": ["string", "null"]}, None),
    ],
)
def test_values_are_taken_from_the_question(key: str, schema: dict[str, object], found: object) -> None:
    assert answer({"type": "object", "properties": {key: schema}}) == {key: found}


def test_texts_are_learnt_from_the_answers_of_examples() -> None:
    schema: dict[str, object] = {"type": "object", "properties": {"team": {"type": "string"}}}
    messages = []
    for text, team in [("the invoice is wrong", "Billing"), ("the parcel is late", "Parcels")] * 2:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": f'{{"team": "{team}"}}'}]
    asked = Ask((*messages, {"role": "user", "content": "my parcel?"}), schema, temperature=0)
    assert "".join(token.text for token in Brain().answer(asked)[0]) == '{"team":"Parcels"}'


def test_a_schema_without_an_end_is_refused() -> None:
    endless: dict[str, object] = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    with pytest.raises(SchemaError, match="nested"):
        answer(endless)


def test_an_empty_enum_is_refused() -> None:
    with pytest.raises(SchemaError, match="empty"):
        answer({"enum": []})
