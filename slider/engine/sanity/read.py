"""Which texts of a value are free, by its JSON Schema, and what of it comes from a closed list."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

LONGEST = 6_000
"""Characters of one value that are looked at: the beginning of each text, all texts together."""

SHORTEST_FREE = 20
"""A text that may have fewer characters than this at most is a label, whatever stands in it."""

_DEEPEST = 24
_MOST_TEXTS = 40
_MOST_SCHEMAS = 24
_SPAN = 100
_CLOSED = ("enum", "const", "pattern", "format")
_BRANCHES = ("allOf", "anyOf", "oneOf")
_FOLLOWED = frozenset({*_BRANCHES, "$ref", "then", "else"})


@dataclass(frozen=True, slots=True)
class Text:
    """A free text; `where` names its place as keys and numbers joined by a slash, empty for the value itself."""

    where: str
    value: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A value taken apart.

    Attributes:
        texts: its free texts, in order; empty ones left out.
        closed: the closed rest in one canonical text, "" when there is none: what two equal answers share.
    """

    texts: tuple[Text, ...]
    closed: str

    @property
    def whole(self) -> str:
        """The free texts as one."""
        return "\n".join(text.value for text in self.texts)


def parts(value: object, *, schema: Mapping[str, object]) -> Parts:
    """Take a JSON value apart.

    A text is free unless the schema closes it: by a list (`enum`, `const`), a pattern, a format or a `maxLength` below
    20. Where several schemas may apply, one that closes it is enough: a label must never be taken for prose. Numbers
    count as closed when they are in a list, or between a minimum and a maximum that are at most 100 apart.

    Never raises, whatever the value and the schema hold.
    """
    texts: list[Text] = []
    closed: list[tuple[str, object]] = []
    left = LONGEST
    for where, leaf, schemas in _leaves(value, [schema], schema, "", 0):
        if isinstance(leaf, str) and not _is_closed(schemas):
            if left > 0 and len(texts) < _MOST_TEXTS and leaf.strip():
                texts.append(Text(where, leaf[:left]))
                left -= len(leaf)
        elif _is_kept(leaf, schemas):
            closed.append((where, leaf))
    return Parts(tuple(texts), json.dumps(sorted(closed, key=repr), ensure_ascii=False) if closed else "")


def _leaves(
    value: object, schemas: Sequence[object], root: Mapping[str, object], where: str, depth: int
) -> Iterator[tuple[str, object, list[Mapping[str, object]]]]:
    """The scalars of a value in order, each with its place and the schemas that may apply to it."""
    if depth > _DEEPEST:
        return
    applying = _applying(schemas, root)
    if isinstance(value, dict):
        for key, child in value.items():
            inner = [_below(schema, "properties", key) for schema in applying]
            inner += [
                schema.get("additionalProperties") for schema in applying if not _below(schema, "properties", key)
            ]
            yield from _leaves(child, inner, root, f"{where}/{key}" if where else str(key), depth + 1)
    elif isinstance(value, list):
        for place, child in enumerate(value):
            inner = [schema.get("items") for schema in applying]
            yield from _leaves(child, inner, root, f"{where}/{place}" if where else str(place), depth + 1)
    else:
        yield where, value, applying


def _applying(schemas: Sequence[object], root: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The schemas with their branches and references followed; bounded, as schemas may be circular."""
    if len(schemas) == 1 and isinstance(schemas[0], dict) and not _FOLLOWED & schemas[0].keys():
        return [schemas[0]]
    found: list[Mapping[str, object]] = []
    waiting = list(schemas)
    while waiting and len(found) < _MOST_SCHEMAS:
        schema = waiting.pop(0)
        if not isinstance(schema, dict) or any(schema is other for other in found):
            continue
        found.append(schema)
        waiting.append(_referred(schema.get("$ref"), root))
        for name in _BRANCHES:
            branches = schema.get(name)
            waiting += branches if isinstance(branches, list) else []
        waiting += [schema.get("then"), schema.get("else")]
    return found


def _referred(ref: object, root: Mapping[str, object]) -> object:
    if not isinstance(ref, str) or not ref.startswith("#"):
        return None
    node: object = root
    for step in ref[1:].split("/")[1:]:
        node = node.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(node, dict) else None
    return node


def _below(schema: Mapping[str, object], name: str, key: str) -> object:
    inner = schema.get(name)
    return inner.get(key) if isinstance(inner, dict) else None


def _is_closed(schemas: Sequence[Mapping[str, object]]) -> bool:
    for schema in schemas:
        if any(name in schema for name in _CLOSED):
            return True
        longest = schema.get("maxLength")
        if isinstance(longest, int) and longest < SHORTEST_FREE:
            return True
    return False


def _is_kept(leaf: object, schemas: Sequence[Mapping[str, object]]) -> bool:
    """Whether a scalar is one of few: amounts and counts would make every answer look like a new one."""
    if isinstance(leaf, bool | str) or leaf is None:
        return True
    return any("enum" in schema or "const" in schema or _is_narrow(schema) for schema in schemas)


def _is_narrow(schema: Mapping[str, object]) -> bool:
    low, high = schema.get("minimum"), schema.get("maximum")
    if not isinstance(low, int | float) or not isinstance(high, int | float) or schema.get("type") != "integer":
        return False
    return math.isfinite(high - low) and high - low <= _SPAN
