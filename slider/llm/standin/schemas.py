"""Reads JSON Schema: references, enums, kinds and bounds; and guesses a schema from examples where none is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

DEEPEST: Final = 24

Schema = Mapping[str, object]


class SchemaError(ValueError):
    """The schema can't be followed; the message says where and why."""


def resolved(schema: object, *, root: Schema, path: tuple[str, ...]) -> Schema:
    """The part of the schema that counts: references followed, allOf merged, the first real alternative taken."""
    for _ in range(DEEPEST):
        if not isinstance(schema, Mapping):
            return {}
        if "$ref" in schema:
            schema = _target(root, schema["$ref"], path)
        elif isinstance(schema.get("allOf"), list):
            parts = [resolved(part, root=root, path=path) for part in schema["allOf"]]
            rest = {key: value for key, value in schema.items() if key != "allOf"}
            return {key: value for part in [*parts, rest] for key, value in part.items()}
        elif listed(schema) is None and (found := _alternatives(schema)):
            schema = next((one for one in found if not _is_null(one)), found[0])
        else:
            return schema
    raise SchemaError(f"The references at /{'/'.join(path)} go round in a circle.")


def schema_from(examples: Sequence[object]) -> dict[str, object] | None:
    """A schema for the answers that the examples show, or None where they aren't JSON objects."""
    objects = [example for example in examples if isinstance(example, dict)]
    if not objects:
        return None
    keys = list(dict.fromkeys(key for one in objects for key in one))
    shapes = {key: _shape([one[key] for one in objects if key in one]) for key in keys}
    return {"type": "object", "properties": shapes}


def _shape(values: Sequence[object]) -> dict[str, object]:
    first = values[0]
    match first:
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case dict():
            return schema_from(values) or {}
        case list():
            inner = [item for value in values if isinstance(value, list) for item in value]
            return {"type": "array", "items": _shape(inner) if inner else {}}
        case str():
            return {"enum": list(dict.fromkeys(value for value in values if isinstance(value, str)))}
        case _:
            return {"type": "null"}


def _target(root: Schema, ref: object, path: tuple[str, ...]) -> object:
    if not isinstance(ref, str) or not ref.startswith("#"):
        raise SchemaError(f"The reference {ref!r} at /{'/'.join(path)} leads out of the schema; use '#/$defs/...'.")
    found: object = root
    for step in ref.removeprefix("#").strip("/").split("/"):
        if step:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, Mapping) or name not in found:
                raise SchemaError(f"The reference {ref!r} at /{'/'.join(path)} leads nowhere.")
            found = found[name]
    return found


def listed(node: Schema) -> tuple[object, ...] | None:
    """The values of an enum, or of a oneOf of constants; None where any value goes."""
    values = node.get("enum")
    if isinstance(values, list):
        return tuple(values)
    options = _alternatives(node)
    if options and all(isinstance(one, Mapping) and "const" in one for one in options):
        return tuple(one["const"] for one in options if isinstance(one, Mapping))
    return None


def _alternatives(node: Schema) -> list[object]:
    found = node.get("anyOf", node.get("oneOf"))
    return found if isinstance(found, list) else []


def told(option: object, described: Schema) -> list[str]:
    """What the schema itself says about a label: ``oneOf: [{const, description}]``, or a boolean's description."""
    texts = [
        one.get("description")
        for one in _alternatives(described)
        if isinstance(one, Mapping) and one.get("const") == option
    ]
    if option is True:
        texts.append(described.get("description"))
    return [text for text in texts if isinstance(text, str)]


def _is_null(node: object) -> bool:
    return isinstance(node, Mapping) and node.get("type") == "null"


def kinds(node: Schema) -> list[str]:
    """The types that a value may have, "null" last."""
    kind = node.get("type")
    found = [str(one) for one in kind] if isinstance(kind, list) else [str(kind)] if kind else []
    if not found:
        found = ["object"] if "properties" in node else ["string"]
    return sorted(found, key=lambda one: one == "null")


def bound(node: Schema, key: str, *, otherwise: float) -> float:
    """A numeric keyword such as "minimum"."""
    value = node.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else otherwise
