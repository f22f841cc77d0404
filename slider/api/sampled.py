"""An example of a JSON Schema: the one that it gives itself, else the plainest value that fits."""

from collections.abc import Mapping
from typing import Any

_MOMENT = "2026-01-01T00:00:00Z"
_DEEP = 8


def example(schema: Mapping[str, Any], shapes: Mapping[str, Any], *, deep: int = 0) -> Any:
    """A value that fits the schema; `shapes` are what its references name."""
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example(shapes[schema["$ref"].rpartition("/")[2]], shapes, deep=deep)
    for fixed in ("const", "default"):
        if schema.get(fixed) is not None:
            return schema[fixed]
    if schema.get("enum"):
        return schema["enum"][0]
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return example(schema[several][0], shapes, deep=deep)
    return _plain(schema, shapes, deep)


def _plain(schema: Mapping[str, Any], shapes: Mapping[str, Any], deep: int) -> Any:
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: example(held, shapes, deep=deep + 1) for name, held in fields.items()}
    if kind == "array":
        return [] if deep > _DEEP or "items" not in schema else [example(schema["items"], shapes, deep=deep + 1)]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "string":
        return _MOMENT if schema.get("format") == "date-time" else "text"
    return kind == "boolean" if kind is not None else None
