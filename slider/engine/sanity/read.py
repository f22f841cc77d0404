"""Which texts of a value are free, by its JSON Schema, and what of it comes from a closed list."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LONGEST = 6_000
"""Characters of one value that are looked at: the beginning of each text, all texts together."""

SHORTEST_FREE = 20
"""A text that may have fewer characters than this at most is a label, whatever stands in it."""

_DEEPEST = 24
_MOST_TEXTS = 40
_MOST_SCHEMAS = 24
_MOST_PLACES = 500
_SPAN = 100
_CLOSED = ("enum", "const", "pattern", "format")
_BRANCHES = ("allOf", "anyOf", "oneOf")
_written = json.JSONEncoder(ensure_ascii=False).encode
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
    """Take one JSON value apart: see `Reader`."""
    return Reader(schema).parts(value)


class Reader:
    """Takes JSON values of one schema apart, and remembers what the schema says of the places in them.

    A text is free unless the schema closes it: by a list (`enum`, `const`), a pattern, a format or a `maxLength` below
    20. Where several schemas may apply, one that closes it is enough: a label must never be taken for prose. Numbers
    count as closed when they are in a list, or between a minimum and a maximum that are at most 100 apart.

    Never raises, whatever the value and the schema hold.
    """

    def __init__(self, schema: Mapping[str, object]) -> None:
        self._schema = schema
        self._places: dict[tuple[int, ...], _Place] = {}
        self._top = self._place([schema])

    def parts(self, value: object) -> Parts:
        """Take a value apart."""
        if len(self._places) > _MOST_PLACES:
            self._places.clear()
            self._top = self._place([self._schema])
        taken = _Taken()
        self._take(value, self._top, "", 0, taken)
        closed = _written(sorted(taken.closed, key=repr)) if taken.closed else ""
        return Parts(tuple(taken.texts), closed)

    def _take(self, value: object, place: "_Place", where: str, depth: int, taken: "_Taken") -> None:
        """Put down the scalars of a value in order."""
        if depth > _DEEPEST:
            return
        if isinstance(value, dict):
            for key, child in value.items():
                self._take(child, self._of_key(place, key), f"{where}/{key}" if where else str(key), depth + 1, taken)
        elif isinstance(value, list):
            inner = self._of_items(place) if value else place
            for number, child in enumerate(value):
                self._take(child, inner, f"{where}/{number}" if where else str(number), depth + 1, taken)
        elif isinstance(value, str) and not place.is_closed:
            taken.add(where, value)
        elif isinstance(value, bool | str) or value is None or place.counts:
            taken.closed.append((where, value))

    def _of_key(self, place: "_Place", key: str) -> "_Place":
        known = key if key in place.keys else None
        found = place.below.get(known)
        if found is None:
            inner = [_below(one, "properties", key) for one in place.schemas]
            inner += [one.get("additionalProperties") for one in place.schemas if not _below(one, "properties", key)]
            found = place.below[known] = self._place(inner)
        return found

    def _of_items(self, place: "_Place") -> "_Place":
        if place.items is None:
            place.items = self._place([one.get("items") for one in place.schemas])
        return place.items

    def _place(self, schemas: Sequence[object]) -> "_Place":
        """The place where these schemas apply: circular ones come back to a few places again and again."""
        applying = _applying(schemas, self._schema)
        key = tuple(map(id, applying))
        if key not in self._places:
            self._places[key] = _Place(applying)
        return self._places[key]


class _Place:
    """What the schemas that may apply to a place say of a scalar there, and the places below it."""

    __slots__ = ("below", "counts", "is_closed", "items", "keys", "schemas")

    def __init__(self, schemas: list[Mapping[str, object]]) -> None:
        self.schemas = schemas
        self.is_closed = _is_closed(schemas)
        self.counts = _counts(schemas)
        known = [one.get("properties") for one in schemas]
        self.keys = frozenset(key for one in known if isinstance(one, dict) for key in one)
        self.below: dict[str | None, _Place] = {}
        self.items: _Place | None = None


class _Taken:
    """What was taken from a value so far."""

    __slots__ = ("closed", "left", "texts")

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.closed: list[tuple[str, object]] = []
        self.left = LONGEST

    def add(self, where: str, text: str) -> None:
        if self.left > 0 and len(self.texts) < _MOST_TEXTS and text and not text.isspace():
            self.texts.append(Text(where, text[: self.left]))
            self.left -= len(text)


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


def _counts(schemas: Sequence[Mapping[str, object]]) -> bool:
    """Whether a number is one of few: amounts and counts would make every answer look like a new one."""
    return any("enum" in schema or "const" in schema or _is_narrow(schema) for schema in schemas)


def _is_narrow(schema: Mapping[str, object]) -> bool:
    low, high = schema.get("minimum"), schema.get("maximum")
    if not isinstance(low, int | float) or not isinstance(high, int | float) or schema.get("type") != "integer":
        return False
    try:
        return math.isfinite(high - low) and high - low <= _SPAN
    except OverflowError:  # whole numbers beyond every float
        return False
