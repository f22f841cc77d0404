"""Items as lines of a file that goes out: CSV and JSON Lines."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from slider.rows import cells
from slider.rows.shaped import LEAD, Field, Shape, apart


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One item; `told` holds its parts' fields by name, and what it does not have yet is None."""

    item_id: int
    external_id: str
    priority: int
    due_at: datetime | None
    body: Mapping[str, Any]
    told: Mapping[str, Any]
    answer: Any = None


def jsonl(items: Iterable[Outgoing], shape: Shape) -> str:
    """JSON Lines. A line can be imported again: `input` is the item, and `outcome` is left aside there."""
    return "".join(f"{cells.compact(_line(item, shape))}\n" for item in items)


def _line(item: Outgoing, shape: Shape) -> dict[str, Any]:
    due_at = item.due_at.isoformat() if item.due_at else None
    line = {"external_id": item.external_id, "priority": item.priority, "due_at": due_at, "input": item.body}
    if not shape.parts:
        return line
    outcome: dict[str, Any] = {}
    for field in shape.told:
        value = item.told.get(field.name)
        name = "number" if field.name == "result_number" else field.name
        outcome[name] = value.isoformat() if isinstance(value, datetime) else value
        if field.name == "ending":
            outcome["answer"] = item.answer
    return line | {"outcome": outcome}


def head(shape: Shape) -> str:
    """The header of a CSV file; in quotes throughout where a name could be taken for a separator."""
    is_odd = any(sign in name for name in shape.header for sign in ";\t\r\n")
    buffer = io.StringIO()
    quoting: Literal[0, 1] = csv.QUOTE_ALL if is_odd else csv.QUOTE_MINIMAL
    csv.writer(buffer, lineterminator="\r\n", quoting=quoting).writerow(shape.header)
    return buffer.getvalue()


def table(items: Iterable[Outgoing], shape: Shape) -> str:
    """Rows of a CSV file, harmless in a spreadsheet, and good to be imported again."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for item in items:
        writer.writerow(_row(item, shape))
    return buffer.getvalue()


def _row(item: Outgoing, shape: Shape) -> list[str]:
    lead = [cells.safe(getattr(item, field.name)) for field in LEAD]
    told = [cells.safe(_kept(field, item.told.get(field.name))) for field in shape.told]
    row = [*lead, *_columns(item.body, shape.inputs), *told]
    return [*row, *_columns(item.answer, shape.answers)] if shape.has_answer else row


def _kept(field: Field, value: Any) -> Any:
    return None if field.kind == "json" and not value else value  # no marks is an empty cell


def _columns(value: Any, fields: tuple[Field, ...]) -> list[str]:
    """An object's own columns, and the rest as JSON; what is no object is rest."""
    if not isinstance(value, dict):
        return [*("" for _ in fields), "" if value is None else cells.compact(value)]
    own = [cells.written(value[one.name], one.kind) if one.name in value else "" for one in fields]
    rest = apart(value, fields)
    return [*own, cells.compact(rest) if rest else ""]
