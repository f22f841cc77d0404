"""Build the messages and the response format of a call: instructions, examples, then the item's input.

Nothing in an item reaches the system message, and nothing is a template: each text stands as written.
All but the last message is the same for every item of a worker, byte by byte, so that endpoints can cache it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from slider.llm.records import Message
from slider.strict import JSON

_CONFIDENCE: dict[str, JSON] = {
    "type": "number",
    "minimum": 0,
    "maximum": 1,
    "description": "Your honest probability from 0 to 1 that the answer is right.",
}
_CONFIDENCE_WORDS = (
    'Reply with {"answer": ..., "confidence": ...}, where confidence is your honest probability from 0 to 1 '
    "that the answer is right."
)
_MASKED_WORDS = (
    "Texts such as [EMAIL_1] or [FIELD_2] stand for values that are kept from you. Where one belongs into your answer, "
    "write it exactly as it stands, with its brackets; never make one up."
)
_DEFINITIONS = ("$defs", "definitions")


@dataclass(frozen=True, slots=True)
class Example:
    """A worked example: an input as items have it, and the answer it should get."""

    input: JSON
    output: JSON


def wraps(output_schema: dict[str, JSON], *, ask_confidence: bool) -> bool:
    """Whether answers come as {"answer": ...}: when a confidence goes with them, or when they are no object,
    which the structured output of most endpoints insists on."""
    return ask_confidence or output_schema.get("type") != "object"


def messages(
    *,
    instructions: str,
    examples: Sequence[Example],
    item_input: JSON,
    output_schema: dict[str, JSON],
    ask_confidence: bool,
) -> list[Message]:
    """System message, a user and an assistant message for each example, then the item's input as JSON."""
    built = before(
        instructions=instructions, examples=examples, output_schema=output_schema, ask_confidence=ask_confidence
    )
    return [*built, Message("user", written(item_input))]


def before(
    *,
    instructions: str,
    examples: Sequence[Example],
    output_schema: dict[str, JSON],
    ask_confidence: bool,
    masks: bool = False,
) -> list[Message]:
    """All messages but the last: the same for every item of a worker. `masks`: values of items are kept from it."""
    wrapped = wraps(output_schema, ask_confidence=ask_confidence)
    said = (instructions, _MASKED_WORDS if masks else "", _CONFIDENCE_WORDS if ask_confidence else "")
    system = "\n\n".join(part for part in said if part)
    built = [Message("system", system)] if system else []
    for example in examples:
        built.append(Message("user", written(example.input)))
        # An example has no confidence to show: leaving it out beats teaching the model one fixed number.
        built.append(Message("assistant", written({"answer": example.output} if wrapped else example.output)))
    return built


def response_format(output_schema: dict[str, JSON], *, ask_confidence: bool) -> dict[str, JSON]:
    """The `response_format` of a call: a JSON Schema, in strict mode where the schema allows it."""
    schema = output_schema
    if wraps(output_schema, ask_confidence=ask_confidence):
        schema = _wrapper(output_schema, ask_confidence=ask_confidence)
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": _allows_strict_mode(schema), "schema": schema},
    }


def _wrapper(output_schema: dict[str, JSON], *, ask_confidence: bool) -> dict[str, JSON]:
    inner = {key: value for key, value in output_schema.items() if key not in ("$schema", *_DEFINITIONS)}
    properties: dict[str, JSON] = {"answer": _moved(inner)}
    if ask_confidence:
        properties["confidence"] = _CONFIDENCE
    wrapper: dict[str, JSON] = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    for name in _DEFINITIONS:
        if name in output_schema:
            wrapper[name] = _moved(output_schema[name])
    return wrapper


def _moved(node: JSON) -> JSON:
    """The schema with references to its root pointing at its new place; definitions keep theirs."""
    if isinstance(node, list):
        return [_moved(child) for child in node]
    if not isinstance(node, dict):
        return node
    moved = {key: _moved(child) for key, child in node.items()}
    ref = node.get("$ref")
    if isinstance(ref, str) and ref.startswith("#") and not ref.startswith(("#/$defs/", "#/definitions/")):
        moved["$ref"] = "#/properties/answer" + ref[1:]
    return moved


def _allows_strict_mode(node: JSON) -> bool:
    """Strict mode takes a schema only if each object requires all its properties and allows no others."""
    if isinstance(node, list):
        return all(_allows_strict_mode(child) for child in node)
    if not isinstance(node, dict):
        return True
    if node.get("type") == "object" or isinstance(node.get("properties"), dict):
        named, required = node.get("properties", {}), node.get("required", [])
        if node.get("additionalProperties") is not False:
            return False
        if not isinstance(named, dict) or not isinstance(required, list):
            return False
        if set(named) != set(cast("list[str]", required)):
            return False
    return all(_allows_strict_mode(child) for key, child in node.items() if key not in ("enum", "const", "default"))


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def written(value: JSON) -> str:
    """As written, keys in the order of the source; the same value gives the same bytes on every machine."""
    return _encode(value)
