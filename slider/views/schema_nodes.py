"""A JSON Schema as the parts of a form: what each place of a value may hold, and how it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any

from slider import strict
from slider.queries import shape
from slider.schema import Schema, SchemaError

DEEPEST = 8  # what lies deeper is asked for as JSON
MOST_VARIANTS = 9
_REFS = 20  # so long may a chain of references be


class Ask(StrEnum):
    """How a place is asked for."""

    LINE = "line"
    AREA = "area"
    CHOICE = "choice"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    FIXED = "fixed"
    OBJECT = "object"
    LIST = "list"
    VARIANTS = "variants"
    JSON = "json"


TEXTS = (Ask.LINE, Ask.AREA, Ask.DATE, Ask.MOMENT)
GROUPS = (Ask.OBJECT, Ask.LIST, Ask.VARIANTS)


@dataclass(frozen=True, slots=True)
class Node:
    """What may stand at one place. `choices` are the given values, `variants` the schemas that one chooses among."""

    ask: Ask
    root: Mapping[str, Any]
    schema: Mapping[str, Any]
    depth: int = 0
    nullable: bool = False
    choices: tuple[Any, ...] = ()
    variants: tuple["Node", ...] = ()

    @property
    def title(self) -> str:
        title = self.schema.get("title")
        return title if isinstance(title, str) else ""

    @property
    def required(self) -> frozenset[str]:
        listed = self.schema.get("required")
        return frozenset(name for name in listed if isinstance(name, str)) if isinstance(listed, list) else frozenset()

    def child(self, name: str, *, is_text: bool = False) -> "Node":
        """The node of a property; one that the schema doesn't name is asked for as text or as JSON."""
        properties = self.schema.get("properties") or {}
        if name in properties:
            return of(self.root, properties[name], depth=self.depth + 1)
        more = self.schema.get("additionalProperties")
        if isinstance(more, dict) and more and "patternProperties" not in self.schema:
            return of(self.root, more, depth=self.depth + 1)
        schema = {"type": "string"} if is_text else {}
        return Node(Ask.AREA if is_text else Ask.JSON, self.root, schema, self.depth + 1)

    def names(self, first: str = "") -> list[str]:
        """The properties: the one named `first`, the required ones as they are listed, the rest."""
        properties: Mapping[str, Any] = self.schema["properties"]
        listed = [name for name in self.schema.get("required") or () if name in properties]
        return list(dict.fromkeys([*([first] if first in properties else []), *listed, *properties]))

    def row(self) -> "Node":
        """The node of a list's rows."""
        return of(self.root, self.schema["items"], depth=self.depth + 1)

    def accepts(self, value: Any) -> bool:
        """Whether a value fits here, as far as this place alone can tell."""
        defs = {key: self.root[key] for key in ("$defs", "definitions", "$schema") if key in self.root}
        schema = _compiled(strict.canonical({**defs, **self.schema}))
        return schema is not None and schema.accepts(value)


@lru_cache(maxsize=512)
def _compiled(text: bytes) -> Schema | None:
    try:
        return Schema.compile(strict.loads(text))
    except SchemaError:
        return None


def of(root: Mapping[str, Any], schema: Any, *, depth: int = 0, is_variant: bool = False) -> Node:
    """The node of a schema that stands in `root`. A variant has no variants of its own: that is JSON."""
    resolved = _resolved(root, schema)
    if resolved is None:
        return Node(Ask.JSON, root, {}, depth)
    if is_variant and ("anyOf" in resolved or "oneOf" in resolved) and "properties" not in resolved:
        return Node(Ask.JSON, root, resolved, depth)
    node = _plain(root, resolved, depth)
    return Node(Ask.JSON, root, resolved, depth) if node.ask in GROUPS and depth > DEEPEST else node


def _plain(root: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Node:
    base = Node(Ask.JSON, root, schema, depth)
    if "const" in schema:
        return replace(base, ask=Ask.FIXED, choices=(schema["const"],))
    if listed := shape.listed(schema.get("enum")):
        return replace(base, ask=Ask.CHOICE, choices=tuple(listed))
    kinds = schema.get("type")
    alternatives = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(alternatives, list) and "properties" not in schema and kinds in (None, "object"):
        return _variants(base, alternatives)
    nullable = isinstance(kinds, list) and "null" in kinds
    if isinstance(kinds, list):
        rest = [kind for kind in kinds if kind != "null"]
        kinds = rest[0] if len(rest) == 1 else "null" if not rest else "?"
    node = _typed(base, kinds)
    if node.ask == Ask.CHOICE and nullable:
        return replace(node, choices=_with_none(node.choices))
    return replace(node, nullable=nullable and node.ask != Ask.FIXED)


_ASKED = {"integer": Ask.INTEGER, "number": Ask.NUMBER}
_FORMATS = {"date": Ask.DATE, "date-time": Ask.MOMENT}


def _typed(base: Node, kind: Any) -> Node:
    schema = base.schema
    if kind == "boolean":
        return replace(base, ask=Ask.CHOICE, choices=(True, False))
    if kind == "null":
        return replace(base, ask=Ask.FIXED, choices=(None,))
    if kind == "string":
        form = schema.get("format")
        found = _FORMATS.get(form) if isinstance(form, str) else None
        return replace(base, ask=found or (Ask.LINE if shape.is_short(schema) else Ask.AREA))
    if kind == "array":
        plain = isinstance(schema.get("items"), dict) and not schema.get("prefixItems")
        return replace(base, ask=Ask.LIST) if plain else base
    if kind in (None, "object") and isinstance(schema.get("properties"), dict) and schema["properties"]:
        return base if "" in schema["properties"] else replace(base, ask=Ask.OBJECT)
    return replace(base, ask=_ASKED[kind]) if kind in _ASKED else base


def _variants(base: Node, alternatives: Sequence[Any]) -> Node:
    """A choice among schemas, where each of them has a form of its own; else JSON."""
    if base.depth > DEEPEST or any(not isinstance(one, dict) for one in alternatives):
        return base
    nodes = [of(base.root, one, depth=base.depth, is_variant=True) for one in alternatives]
    rest = tuple(node for node in nodes if node.ask != Ask.FIXED or node.choices != (None,))
    nullable = len(rest) < len(nodes) or any(node.nullable for node in rest)
    if any(node.ask == Ask.JSON for node in rest) or not 1 <= len(rest) <= MOST_VARIANTS:
        return base
    if all(node.ask == Ask.FIXED for node in rest):
        given = [node.choices[0] for node in rest] + ([None] if nullable else [])
        return replace(base, ask=Ask.CHOICE, choices=tuple(given))
    if len(rest) > 1:
        alone = tuple(replace(node, nullable=False) for node in rest)
        return replace(base, ask=Ask.VARIANTS, nullable=nullable, variants=alone)
    words = {key: base.schema[key] for key in ("title", "description") if key in base.schema}
    only = replace(rest[0], schema={**rest[0].schema, **words}, nullable=nullable)
    if only.ask == Ask.CHOICE and nullable:
        return replace(only, nullable=False, choices=_with_none(only.choices))
    return only


def _with_none(choices: tuple[Any, ...]) -> tuple[Any, ...]:
    return choices if any(choice is None for choice in choices) else (*choices, None)


def _resolved(root: Mapping[str, Any], schema: Any) -> Mapping[str, Any] | None:
    """A schema with its references into the root's own definitions followed; None: there is no such thing."""
    words: dict[str, Any] = {}
    for _ in range(_REFS):
        if not isinstance(schema, dict):
            return None
        ref = schema.get("$ref")
        if ref is None:
            return {**schema, **words}
        words = {key: schema[key] for key in ("title", "description") if key in schema} | words
        if not isinstance(ref, str) or not ref.startswith(("#/$defs/", "#/definitions/")):
            return None
        schema = shape.target(root, ref)
    return None
