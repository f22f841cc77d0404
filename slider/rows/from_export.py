"""A CSV export that comes in again: the same items, to the letter; what it tells beside them is left aside."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slider.rows import cells, columns
from slider.rows.columns import Unreadable
from slider.rows.records import Bad, Cells, Record
from slider.rows.shaped import INPUT, LEAD, REST
from slider.strict import JSON


def is_one(header: Sequence[object], schema: Mapping[str, Any]) -> bool:
    """Whether this is the header of an export, and of nothing else: no field of the task is called like its rest."""
    return is_header(header) and INPUT + REST not in columns.properties_of(schema)


def is_header(header: Sequence[object]) -> bool:
    """Whether a header looks like that of an export: its names are taken to the letter, with their spaces."""
    return list(header[: len(LEAD)]) == [field.name for field in LEAD] and INPUT + REST in header


@dataclass(frozen=True, slots=True)
class ExportColumns:
    """What each column of an export means: `names` are those of the fields, empty for what is none of its own."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    header: tuple[str, ...]
    identified: bool = True

    @classmethod
    def of(cls, header: Sequence[object], schema: Mapping[str, Any]) -> "ExportColumns":
        """Match the header with a task's input schema."""
        properties, found = columns.properties_of(schema), [str(name) for name in header]
        names, kinds = [], []
        for name in found:
            own = name.removeprefix(INPUT) if name.startswith(INPUT) else ""
            if name in {field.name for field in LEAD}:
                names.append(name)
                kinds.append("lead")
            elif own == REST:
                names.append("")
                kinds.append("rest")
            else:
                names.append(own)
                kinds.append(columns._kind(properties.get(own), schema) if own else "aside")
        return cls(tuple(names), tuple(kinds), tuple(found))

    @property
    def left_out(self) -> list[str]:
        """Nothing that anybody would miss."""
        return []

    def record(self, row: Cells) -> Record | Bad:
        """One row as an item, or why it can't be."""
        if len(row.values) != len(self.names):
            return Bad(row.line, f"the row has {len(row.values)} cells where the header has {len(self.names)}")
        lead: dict[str, Any] = {"external_id": None, "priority": 0, "due_at": None}
        body: dict[str, JSON] = {}
        size = 0
        for column, name, kind, value in zip(self.header, self.names, self.kinds, row.values, strict=True):
            text = "" if value is None else str(value)
            if kind == "aside" or not text:
                continue
            size += len(text)
            try:
                if kind == "lead":
                    lead[name] = _LEAD[name](text)
                elif kind == "rest":
                    body |= _rest(text)
                else:
                    body[name] = cells.read(text, kind)
            except Unreadable as error:
                return Bad(row.line, str(error), column=column)
        return Record(row.line, body, lead["external_id"], lead["priority"], size, lead["due_at"])


def _rest(text: str) -> dict[str, JSON]:
    value = cells.read(text, "json")
    if not isinstance(value, dict):
        raise Unreadable("the cell must hold a JSON object")
    return value


def _id(text: str) -> str:
    value = cells.read(text, "string")
    if not isinstance(value, str):
        raise Unreadable("the id must be text")
    return value


_LEAD: Mapping[str, Callable[[str], Any]] = {
    "external_id": _id,
    "priority": columns._priority,
    "due_at": columns.moment,
}
