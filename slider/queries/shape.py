"""What a JSON Schema says about a value's fields: which there are, in what order, and what each may hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slider import strict

LONG_TEXT = 120  # a text that may be longer gets more than one line
FEW_CHOICES = 4  # so many can stand side by side


class Kind(StrEnum):
    """How a field is shown and asked for."""

    TEXT = "text"
    LONG = "long"
    CHOICE = "choice"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    JSON = "json"  # whatever has no form of its own: lists, objects, several types


@dataclass(frozen=True, slots=True)
class Part:
    """One field. `name` is its key, or empty when the value is no object and is its own only field."""

    name: str
    label: str
    kind: Kind
    required: bool
    hint: str = ""
    choices: tuple[Any, ...] = ()
    schema: Mapping[str, Any] | None = None


def parts(schema: Mapping[str, Any], value: Any = None, *, first: str = "") -> list[Part]:
    """The fields of a schema, then those that only the value has.

    Order: the field named `first`, the required ones as `required` lists them, the rest. (jsonb forgets the order
    in which the properties were written, a list keeps its.)
    """
    properties = schema.get("properties")
    if not isinstance(properties, dict) or not properties:
        if isinstance(value, dict) and value:
            return [Part(name, name, kind_of(held), False) for name, held in value.items()]
        return [_part(schema, "", schema, required=True)]
    required = [name for name in listed(schema.get("required")) if name in properties]
    order = dict.fromkeys([*([first] if first in properties else []), *required, *properties])
    known = [_part(schema, name, properties[name], required=name in required) for name in order]
    extra = value.keys() - properties.keys() if isinstance(value, dict) else set()
    return known + [Part(name, name, kind_of(value[name]), False) for name in sorted(extra)]


def is_bulky(part: Part) -> bool:
    """Whether a field wants more room than a line; such fields stand below the others."""
    return part.kind in (Kind.LONG, Kind.JSON)


def held(value: Any, part: Part) -> Any:
    """What a value holds for a part; None when it is absent."""
    if not part.name:
        return value
    return value.get(part.name) if isinstance(value, dict) else None


def with_held(value: Any, name: str, new: Any) -> Any:
    """The value with one field replaced."""
    return {**value, name: new} if name and isinstance(value, dict) else new


def kind_of(value: Any) -> Kind:
    """How a value without a schema is shown."""
    if isinstance(value, bool):
        return Kind.BOOLEAN
    if isinstance(value, int | float):
        return Kind.NUMBER
    if isinstance(value, str):
        return Kind.LONG if len(value) > LONG_TEXT or "\n" in value else Kind.TEXT
    return Kind.JSON


def as_text(value: Any) -> str:
    """A value as a person reads it in one line or a text field: texts as they are, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else strict.canonical(value).decode()


def _part(root: Mapping[str, Any], name: str, schema: Any, *, required: bool) -> Part:
    resolved = _resolved(root, schema)
    label = resolved.get("title")
    hint = resolved.get("description")
    return Part(
        name=name,
        label=label if isinstance(label, str) and label else name or "Answer",
        kind=_kind(resolved),
        required=required,
        hint=hint if isinstance(hint, str) else "",
        choices=tuple(listed(resolved.get("enum"))),
        schema=resolved,
    )


def _resolved(root: Mapping[str, Any], schema: Any) -> Mapping[str, Any]:
    """One step of a reference into the schema's own definitions; anything else stays as it is."""
    if not isinstance(schema, dict):
        return {}
    ref = schema.get("$ref")
    if not isinstance(ref, str) or not ref.startswith("#/"):
        return schema
    node = target(root, ref)
    return node if isinstance(node, dict) else schema


def target(root: Mapping[str, Any], ref: str) -> Any:
    """What a reference such as #/$defs/name points at in its own document; None: nothing."""
    node: Any = root
    for step in ref[2:].split("/"):
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node


def is_short(schema: Mapping[str, Any]) -> bool:
    """Whether a text of this schema fits on one line of a form."""
    longest = schema.get("maxLength")
    return "format" in schema or (isinstance(longest, int) and longest <= 2 * LONG_TEXT)


_KINDS = {"boolean": Kind.BOOLEAN, "integer": Kind.INTEGER, "number": Kind.NUMBER}


def _kind(schema: Mapping[str, Any]) -> Kind:
    if listed(schema.get("enum")):
        return Kind.CHOICE
    kind = schema.get("type")
    if kind == "string":
        if schema.get("format") == "date":
            return Kind.DATE
        return Kind.TEXT if is_short(schema) else Kind.LONG
    return _KINDS.get(kind, Kind.JSON) if isinstance(kind, str) else Kind.JSON


def listed(value: Any) -> Sequence[Any]:
    """What should be a list, or none."""
    return value if isinstance(value, list) else []
