"""The columns of a table as the fields of a task: which is which, and text turned into the schema's types."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from slider import strict
from slider.rows.records import Bad, Broken, Cells, Record
from slider.strict import JSON

MOST_COLUMNS = 500
LONGEST_NAME = 1_000  # of a column
PRIORITY_LEAST, PRIORITY_MOST = -100, 100
_INTEGER = re.compile(r"-?\d{1,20}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_SIMPLE = ("string", "integer", "number", "boolean")
ID_NAMES = ("external_id", "id")


EMPTY = "is empty: every row needs it"


class Unreadable(ValueError):
    """A cell that is not of its column's type."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What each column of a table means. Make it with `Columns.of`."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]  # "id", "priority", "due_at", "left out", a type of JSON Schema, or "json"
    needed: frozenset[str]
    fields: tuple[str, ...]  # what each column is called in the item
    moments: frozenset[str] = frozenset()  # fields that hold a time with its zone

    @classmethod
    def of(
        cls, header: Sequence[object], schema: Mapping[str, Any], targets: Mapping[str, str] | None = None
    ) -> "Columns":
        """Match a header with the properties of an input schema. Broken when they can't belong together.

        `targets` are those of a `ColumnMap`; without them a column is what it is called.
        """
        names = header_names(header)
        needed = frozenset(schema.get("required", ()))
        if targets is not None:
            wanted = [targets.get(name, "") for name in names]
            meant = tuple(_kind_of_target(target, schema) for target in wanted)
            return cls(names, meant, needed, tuple(target[1:] for target in wanted), moments_of(schema))
        properties = properties_of(schema)
        identifier = id_name(names, properties)
        kinds = []
        for name in names:
            if name == identifier:
                kinds.append("id")
            elif name in properties:
                kinds.append(_kind(properties[name], schema))
            elif name in ("priority", "due_at"):
                kinds.append(name)
            elif is_closed(schema):
                # A file often holds more than the worker should see, such as the answer itself.
                kinds.append("left out")
            else:
                kinds.append("string")
        if not set(names) & set(properties) and is_closed(schema):
            known = ", ".join([*list(properties)[:20], "external_id", "priority", "due_at"])
            found = ", ".join(strict.shown(name) for name in names[:5])
            raise Broken(f"no column is a field of this task (there are {found}): name them {known}")
        return cls(names, tuple(kinds), needed, names, moments_of(schema))

    def record(self, cells: Cells) -> Record | Bad:
        """One row as an item, or why it can't be."""
        if len(cells.values) != len(self.names):
            return Bad(cells.line, f"the row has {len(cells.values)} cells where the header has {len(self.names)}")
        body: dict[str, JSON] = {}
        external_id: str | None = None
        due_at: datetime | None = None
        priority = size = 0
        for name, kind, called, value in zip(self.names, self.kinds, self.fields, cells.values, strict=True):
            text = text_of(value, is_moment=kind == "due_at" or called in self.moments)
            size += len(text)
            try:
                if kind == "id":
                    external_id = text or None
                elif kind == "priority":
                    priority = _priority(text)
                elif kind == "due_at":
                    due_at = moment(text) if text.strip() else None
                elif kind != "left out" and (text or called in self.needed):
                    body[called] = _typed(text, kind)
            except Unreadable as error:
                return Bad(cells.line, str(error), column=name)
        return Record(cells.line, body, external_id, priority, size, due_at)

    @property
    def left_out(self) -> list[str]:
        """The columns that are no field of the task: their cells go nowhere."""
        return [name for name, kind in zip(self.names, self.kinds, strict=True) if kind == "left out"]

    @property
    def identified(self) -> bool:
        """Whether the rows carry ids of their own."""
        return "id" in self.kinds


def header_names(header: Sequence[object], *, exact: bool = False) -> tuple[str, ...]:
    """The names in a header, to the letter where they are `exact`.

    Broken when one is missing, too long or comes twice, or there are too many.
    """
    names = tuple(text_of(cell) if exact else text_of(cell).strip() for cell in header)
    if len(names) > MOST_COLUMNS:
        raise Broken(f"the header has {len(names):,} columns: at most {MOST_COLUMNS} are taken")
    _refuse_odd(names)
    return names


def properties_of(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties that a schema names."""
    properties = schema.get("properties")
    return properties if isinstance(properties, Mapping) else {}


def moments_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The fields whose schema asks for a time with its zone."""
    found = {name: _meant(part, schema) for name, part in properties_of(schema).items()}
    return frozenset(name for name, part in found.items() if part.get("format") == "date-time")


def is_closed(schema: Mapping[str, Any]) -> bool:
    """Whether a schema allows no fields but those that it names."""
    return schema.get("additionalProperties") is False


def id_name(names: Sequence[str], properties: Mapping[str, Any]) -> str:
    """The column or key that carries a row's id, or nothing: a field of the task is never taken for one."""
    return next((name for name in ID_NAMES if name in names and name not in properties), "")


def _refuse_odd(names: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if not name:
            raise Broken(f"column {place} has no name in the header: name it or take it out")
        if "\x00" in name:
            raise Broken(f"the name of column {place} holds a NUL: name it by printable text")
        if len(name) > LONGEST_NAME:
            raise Broken(f"the name of column {place} has {len(name):,} characters: is the header missing?")
        if name in seen:
            raise Broken(f"the header names {strict.shown(name)} twice, as column {seen[name]} and {place}: rename one")
        seen[name] = place


def _kind_of_target(target: str, schema: Mapping[str, Any]) -> str:
    """How a column is read that a mapping says something of, or nothing."""
    if target.startswith("@"):
        return {"@external_id": "id"}.get(target, target[1:])
    if not target:
        return "left out"
    return _kind(properties_of(schema).get(target[1:], {}), schema)


def _kind(schema: Any, root: Mapping[str, Any]) -> str:
    """The type that a property's text is read as; text stays text wherever the schema allows a text."""
    schema = _meant(schema, root)
    given = schema.get("type")
    types = [given] if isinstance(given, str) else list(given or [])
    if not types and isinstance(choices := schema.get("enum"), list):
        return "string" if any(isinstance(choice, str) for choice in choices) else "json"
    for simple in _SIMPLE:
        if simple in types:
            return "number" if {"integer", "number"} <= set(types) else simple
    return "json" if types else "string"


def _meant(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(schema, Mapping) and isinstance(reference := schema.get("$ref"), str):
        schema = _pointed(root, reference)
    return schema if isinstance(schema, Mapping) else {}


def _pointed(root: Any, reference: str) -> Any:
    """What a reference inside the schema points to; one level, which is what generated schemas use."""
    found = root
    for step in reference.removeprefix("#").split("/")[1:]:
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def text_of(value: object, *, is_moment: bool = False) -> str:
    """A cell as text. Worksheets hold numbers as floats: 5.0 is written 5, as the sheet shows it.

    They hold days as times, too: midnight is written as its day. They know no zones: where a moment is wanted,
    `is_moment`, a time is one in UTC.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, date):
        return _time_of(value, is_moment=is_moment)
    isoformat = getattr(value, "isoformat", None)
    return str(value) if isoformat is None else str(isoformat())


def _time_of(value: date, *, is_moment: bool) -> str:
    at = value if isinstance(value, datetime) else datetime.combine(value, time.min)
    if is_moment:
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()
    return at.date().isoformat() if at.time() == time.min and at.tzinfo is None else at.isoformat()


def _typed(text: str, kind: str) -> JSON:
    if kind == "string":
        return text  # an empty one too: only the schema knows whether it may be
    if not text:
        raise Unreadable(EMPTY)
    stripped = text.strip()
    if kind == "integer":
        if _INTEGER.fullmatch(stripped):
            return int(stripped)
        raise Unreadable(f"{strict.shown(text)} is no whole number")
    if kind == "number":
        if not _NUMBER.fullmatch(stripped):
            raise Unreadable(f"{strict.shown(text)} is no number: write it like 1234.5")
        return int(stripped) if _INTEGER.fullmatch(stripped) else float(stripped)
    if kind == "boolean":
        if stripped.lower() in _TRUTHS:
            return _TRUTHS[stripped.lower()]
        raise Unreadable(f"{strict.shown(text)} is neither true nor false")
    try:
        return strict.loads(text)
    except strict.StrictError as error:
        raise Unreadable(f"the cell must hold JSON: {error.message}") from None


def _priority(text: str) -> int:
    if not text.strip():
        return 0
    if _INTEGER.fullmatch(text.strip()) and PRIORITY_LEAST <= int(text) <= PRIORITY_MOST:
        return int(text)
    raise Unreadable(f"the priority {strict.shown(text)} is no whole number from {PRIORITY_LEAST} to {PRIORITY_MOST}")


def moment(text: str) -> datetime:
    """A time with its zone, as ISO 8601 writes it, in UTC: PostgreSQL knows no zone 16 hours off or more.

    Unreadable when it is none, or no zone is said.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 <= found.year <= 9000:
        raise Unreadable(f"{strict.shown(text[:60])} is no time with its zone, such as 2026-03-01T12:00:00Z")
    return found.astimezone(UTC)
