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
    """What each column of an export means: `names` are of what it becomes, empty for what is nothing by itself."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]  # "lead", "rest", "aside", a type of JSON Schema, or "json"
    header: tuple[str, ...]
    is_mapped: bool = False
    moments: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, header: Sequence[str], schema: Mapping[str, Any], targets: Mapping[str, str] | None = None
    ) -> "ExportColumns":
        """Match the header with a task's input schema.

        `targets` are those of a `ColumnMap`; without them a column is what it was when it went out. What has no column
        of its own comes in either way, unless its column is said to be a field.
        """
        properties = columns.properties_of(schema)
        meant = [(name, _usual(name) if targets is None else targets.get(name, "")) for name in header]
        kinds = [
            "lead" if target.startswith("@")
            else columns._kind(properties.get(target[1:], {}), schema) if target
            else "rest" if name == INPUT + REST
            else "aside"
            for name, target in meant
        ]  # fmt: skip
        names, moments = tuple(target[1:] for _, target in meant), columns.moments_of(schema)
        return cls(names, tuple(kinds), tuple(header), targets is not None, moments)

    @property
    def left_out(self) -> list[str]:
        """What came in once and does not now; what is told beside it nobody would miss."""
        asides = [name for name, kind in zip(self.header, self.kinds, strict=True) if kind == "aside"]
        return [name for name in asides if self.is_mapped and (name.startswith(INPUT) or name in _LEAD)]

    @property
    def identified(self) -> bool:
        """Whether the rows carry ids of their own."""
        return ("external_id", "lead") in zip(self.names, self.kinds, strict=True)

    def record(self, row: Cells) -> Record | Bad:
        """One row as an item, or why it can't be."""
        if len(row.values) != len(self.names):
            return Bad(row.line, f"the row has {len(row.values)} cells where the header has {len(self.names)}")
        lead: dict[str, Any] = {"external_id": None, "priority": 0, "due_at": None}
        body: dict[str, JSON] = {}
        rest: dict[str, JSON] = {}
        size = 0
        for column, name, kind, value in zip(self.header, self.names, self.kinds, row.values, strict=True):
            text = columns.text_of(value, is_moment=name == "due_at" if kind == "lead" else name in self.moments)
            if kind == "aside" or not text:
                continue
            size += len(text)
            try:
                if kind == "lead":
                    lead[name] = _LEAD[name](text)
                elif kind == "rest":
                    rest = _rest(text)
                else:
                    body[name] = cells.read(text, kind)
            except Unreadable as error:
                return Bad(row.line, str(error), column=column)
        return Record(row.line, rest | body, lead["external_id"], lead["priority"], size, lead["due_at"])


def _usual(name: str) -> str:
    """What a column was when it went out, as a target of a `ColumnMap`."""
    if name in _LEAD:
        return f"@{name}"
    return f"={name.removeprefix(INPUT)}" if name.startswith(INPUT) and name not in (INPUT, INPUT + REST) else ""


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
