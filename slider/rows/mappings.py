"""Which column of a file goes where: proposed from the names, said by a person or a program, checked before use."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slider import strict
from slider.rows import columns, from_export
from slider.rows.shaped import INPUT, REST
from slider.strict import JSON

BESIDE = ("external_id", "priority", "due_at")
"""What a column may be beside a field of the task."""
MOST_FIELDS = 500
_FIELD_MOST = 200
_ALSO_IDS = frozenset({"external_id", "id", "item_id", "key"})


class Unmapped(ValueError):
    """A mapping that can't be used: the text says what is wrong, `where` is a JSON pointer into it."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(reason)
        self.where = where


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column becomes which field of an item, and which one is its id, its priority and its due time.

    A column that is named nowhere is left out. Keys of JSON Lines are columns, too; `input.text` is the key `text`
    inside of `input`, where lines are written as an export writes them.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""
    priority: str = ""
    due_at: str = ""

    @property
    def targets(self) -> dict[str, str]:
        """Column by column, what it becomes: a field with `=` before its name, or one of BESIDE with `@` before it."""
        beside = {getattr(self, name): f"@{name}" for name in BESIDE if getattr(self, name)}
        return {column: f"={name}" for name, column in self.fields.items()} | beside

    def to_json(self) -> dict[str, JSON]:
        """As the API, the database and `from_json` know it."""
        beside: dict[str, JSON] = {name: getattr(self, name) or None for name in BESIDE}
        return beside | {"input": dict(self.fields)}

    @classmethod
    def from_json(cls, value: object) -> "ColumnMap":
        """Read `{"external_id": column, "priority": …, "due_at": …, "input": {field: column}}`. Raises Unmapped."""
        if not isinstance(value, dict):
            raise Unmapped(f"a mapping is a JSON object, this is a {type(value).__name__}")
        for name in value:
            if name not in (*BESIDE, "input"):
                known = ", ".join((*BESIDE, "input"))
                raise Unmapped(f"a mapping has no {strict.shown(name)}: known are {known}", strict.pointer(name[:60]))
        fields = value.get("input", {})
        if not isinstance(fields, dict) or len(fields) > MOST_FIELDS:
            raise Unmapped(f"input must be an object of at most {MOST_FIELDS} fields and their columns", "/input")
        beside = {name: _column(value.get(name), f"/{name}") for name in BESIDE}
        said = {name: _column(column, "/input" + strict.pointer(name[:60])) for name, column in fields.items()}
        return cls({name: column for name, column in said.items() if column}, **beside)

    def check(self, names: Sequence[str], schema: Mapping[str, Any]) -> None:
        """Hold the mapping against a file's columns and a task's input schema. Raises Unmapped."""
        properties, seen = columns.properties_of(schema), dict[str, str]()
        said = [(f"/{name}", getattr(self, name)) for name in BESIDE]
        said += [("/input" + strict.pointer(name), column) for name, column in self.fields.items()]
        for where, column in said:
            if not column:
                continue
            if column not in names:
                there = ", ".join(strict.shown(name) for name in names[:20])
                raise Unmapped(f"the file has no column {strict.shown(column)}: it has {there}", where)
            if column in seen:
                raise Unmapped(f"the column {strict.shown(column)} is named twice: for {seen[column]} too", where)
            seen[column] = where
        if columns.is_closed(schema) and (odd := [name for name in self.fields if name not in properties]):
            known = ", ".join(list(properties)[:20])
            where = "/input" + strict.pointer(odd[0])
            raise Unmapped(f"the task has no field {strict.shown(odd[0])}: it has {known}", where)
        if missing := [name for name in schema.get("required", ()) if name not in self.fields]:
            where = "/input" + strict.pointer(missing[0])
            raise Unmapped(f"no column becomes {strict.shown(missing[0])}, which every item needs: choose one", where)
        if not self.fields:
            raise Unmapped("no column becomes a field of the task: choose at least one", "/input")


def propose(names: Sequence[str], schema: Mapping[str, Any], *, unlike: frozenset[str] = frozenset()) -> ColumnMap:
    """What the columns probably are, by their names alone; `unlike` are columns that can't be ids.

    A name that is the field's own goes first, then one that differs in case, spaces and signs only, or is its title.
    """
    if from_export.is_one(names, schema):
        return _of_export(names)
    properties = columns.properties_of(schema)
    fields: dict[str, str] = {}
    left = list(names)
    for alike in (lambda name: name, _bare):
        wanted = {alike(own): name for name, part in reversed(list(properties.items())) for own in _own(name, part)}
        for column in list(left):
            name = wanted.get(alike(_inner(column)))
            if name is not None and name not in fields:
                fields[name] = column
                left.remove(column)
    beside: dict[str, str] = {}
    for column in list(left):
        target = _beside(_bare(column), column in unlike)
        if target and target not in beside:
            beside[target] = column
            left.remove(column)
    if not columns.is_closed(schema):
        fields |= {_inner(column): column for column in left if _inner(column) not in fields and column != "outcome"}
    return ColumnMap({name: fields[name] for name in (*properties, *fields) if name in fields}, **beside)


def _of_export(names: Sequence[str]) -> ColumnMap:
    """An export's own columns: what is told of the items beside what came in is left out."""
    inner = [name for name in names if name.startswith(INPUT) and name != INPUT + REST]
    return ColumnMap({name.removeprefix(INPUT): name for name in inner}, **{name: name for name in BESIDE})


def _own(name: str, part: Any) -> list[str]:
    """A field's name and its title; of two that sound alike the name counts."""
    title = part.get("title") if isinstance(part, Mapping) else None
    return [title, name] if isinstance(title, str) else [name]


def _beside(bare: str, is_no_id: bool) -> str:  # noqa: FBT001  # a fact of the column
    if bare in _ALSO_IDS:
        return "" if is_no_id else "external_id"
    return {"priority": "priority", "due_at": "due_at", "due": "due_at"}.get(bare, "")


def _inner(column: str) -> str:
    return column.removeprefix("input.")


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _column(value: object, where: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _FIELD_MOST * 5:
        raise Unmapped("a column is named by a text", where)
    return value
