"""What the first rows of a file would become under a mapping, cell by cell; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from slider import rows, strict
from slider.flow import asking, intake
from slider.flow.intake import Fate
from slider.models import Import
from slider.rows import Bad, ColumnMap, Record
from slider.rows.peek import texts

Order: TypeAlias = list[tuple[str, str]]
_LONGEST = 300
_CALLED = {"@external_id": "id", "@priority": "priority", "@due_at": "due"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What would be stored of one column, or what stands in the file and why it can't be."""

    head: str
    text: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One row: its line, what would become of it, and its cells. `error` is of the row as a whole."""

    line: int
    fate: Fate
    cells: tuple[Cell, ...]
    error: str = ""


def rows_of(held: Import, mapping: ColumnMap) -> list[Foreseen]:
    """The first rows of an examined file as they would come in."""
    schema, sample = held.task.input_schema, held.sample or {"names": [], "rows": []}
    _, understand = rows.understanding(sample["names"], schema, mapping)
    namer = rows.Namer()
    raw = list(rows.sampled(sample))
    read = [namer.named(understand(row)) for row in raw]
    records = [row for row in read if isinstance(row, Record)]
    wanted = [intake.Row(row.body, row.external_id, row.priority, row.due_at) for row in records]
    arrivals = dict(zip(map(id, records), intake.weigh(held.task, wanted, before={}), strict=True))
    order, found = ordered(held, mapping), []
    for source, row in zip(raw, read, strict=True):
        stands = dict(texts(source, sample["names"], schema))
        if isinstance(row, Bad):
            found.append(_row(row.line, Fate.REFUSED, order, stands, row))
            continue
        arrival = arrivals[id(row)]
        bad = None
        if arrival.fate in (Fate.REFUSED, Fate.CONFLICT):
            bad = asking.refused(row, arrival, held.task, mapping.to_json())
        found.append(_row(row.line, arrival.fate, order, stands if bad else _stored(row, mapping), bad))
    return found


def _row(line: int, fate: Fate, order: Order, stands: Mapping[str, str], bad: Bad | None) -> Foreseen:
    column = bad.column if bad else ""
    cells = tuple(
        Cell(head(target), _cut(stands.get(name, "")), bad.reason if bad and name == column else "")
        for name, target in order
    )
    at_a_cell = any(cell.error for cell in cells)
    return Foreseen(line, fate, cells, "" if bad is None or at_a_cell else bad.reason)


def ordered(held: Import, mapping: ColumnMap) -> Order:
    """Column and what it becomes: the id first, then the fields as in the file, then what stands beside an item."""
    rank, targets = {"@external_id": 0, "@priority": 2, "@due_at": 3}, mapping.targets
    found = [(column["name"], targets[column["name"]]) for column in held.columns or [] if column["name"] in targets]
    return sorted(found, key=lambda pair: rank.get(pair[1], 1))


def head(target: str) -> str:
    """What the column of a target is called."""
    return _CALLED.get(target, target[1:])


def _stored(row: Record, mapping: ColumnMap) -> dict[str, str]:
    """By column, what of a good row is stored: numbers and truths as they are read, an empty cell as nothing."""
    body: Any = row.body
    found = {column: _text(body[name]) if name in body else "" for name, column in mapping.fields.items()}
    found |= {mapping.external_id: row.external_id or "", mapping.priority: str(row.priority)}
    return found | {mapping.due_at: row.due_at.isoformat() if row.due_at else ""}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else strict.canonical(value).decode()


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
