"""Reads for the import pages: how far a file is, what it added, and which rows were refused."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from slider.models import OVER, Import, ImportState, Purpose, RefusedRow, Task
from slider.queries import shape
from slider.rows import Columns, Record, cells, outgoing
from slider.rows.outgoing import Outgoing
from slider.rows.records import Cells
from slider.rows.shaped import Shape

SHOWN_ROWS = 200
EARLIER = 50
SOON_S = 2.0  # what took no longer has no rate worth saying


@dataclass(frozen=True, slots=True)
class Progress:
    """One import as its page shows it; `share` is 0-1, None while the rows are not counted yet."""

    row: Import
    share: float | None
    rows_per_s: float | None
    words: str

    @property
    def is_over(self) -> bool:
        return self.row.state in OVER

    @property
    def is_asking(self) -> bool:
        return self.row.state == ImportState.ASKING

    @property
    def tried(self) -> dict[str, Any]:
        """What the last dry run counted, with `is_other` where the mapping was changed since."""
        known: dict[str, Any] = self.row.tried or {}
        return known and known | {"is_other": known["mapping"] != self.row.mapping}


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a file may have."""

    name: str
    required: bool
    kind: str


def progress(row: Import) -> Progress:
    """How far an import is, in numbers and in words."""
    share = row.seen / row.total if row.total else None
    until = row.finished_at or timezone.now()
    seconds = (until - row.created_at).total_seconds()
    return Progress(row, share, row.seen / seconds if row.seen and seconds > SOON_S else None, _words(row))


def _words(row: Import) -> str:
    if row.state == ImportState.FAILED:
        kept = f" The {row.added:,} rows before the problem are in." if row.added else " Nothing of it is in."
        return f"The file could not be read: {row.problem}.{kept}"
    if row.state == ImportState.DROPPED:
        kept = f" {row.added:,} items of it are in and stay." if row.added else " Nothing of it is in."
        return f"The file was dropped: {row.problem}.{kept}"
    if row.state == ImportState.COMING and row.lease_until is None:
        return _UNDERWAY[ImportState.WAITING]
    if row.state in _UNDERWAY:
        return _UNDERWAY[ImportState(row.state)]
    if row.state == ImportState.ASKING:
        return _asking(row)
    if row.seen == 0:
        return "The file held no rows."
    if row.known == row.seen:
        return f"This file added nothing: all {row.known:,} rows were here already."
    if row.added == 0:
        here = f" {row.known:,} rows were here already, and" if row.known else ""
        return f"This file added nothing:{here} {row.refused:,} were refused, as said below."
    return f"{row.added:,} of {row.seen:,} rows are new items now."


_UNDERWAY = {
    ImportState.ARRIVING: "The file is arriving.",
    ImportState.LOOKING: "The file is being examined; nothing of it is in yet.",
    ImportState.TRYING: "A dry run reads the whole file and writes nothing; you may leave this page.",
    ImportState.WAITING: "The file is here and waits for its turn; you may leave this page.",
    ImportState.COMING: "The rows are on their way in; you may leave this page.",
    ImportState.RUNNING: "The rows are on their way in; you may leave this page.",
}


def _asking(row: Import) -> str:
    if not row.total:
        return "The file holds no rows. Nothing of it is in."
    if not row.tried:
        return f"{row.total:,} rows wait for your word. Nothing of them is in yet."
    said = [f"{row.tried['added']:,} of {row.tried['rows']:,} rows would become new items"]
    if row.tried["known"]:
        said.append(f"{row.tried['known']:,} are here already")
    if row.tried["refused"]:
        said.append(f"{row.tried['refused']:,} would be refused")
    return f"Tried out: {', '.join(said)}. Nothing of them is in yet."


def drops_at(row: Import) -> datetime | None:
    """When a file is dropped that nobody gives a word for."""
    if row.asked_at is None:
        return None
    return row.asked_at + timedelta(hours=settings.ENV.SLIDER_FILE_WORD_H)


def earlier(task: Task) -> list[Progress]:
    """The latest imports of a task, newest first."""
    items = Import.objects.filter(task=task, purpose=Purpose.ITEMS)
    return [progress(row) for row in items.select_related("by").defer("sample", "columns")[:EARLIER]]


def page(task: Task, *, before: int | None, most: int) -> list[Import]:
    """A task's files for a program, newest first, from before this one on; without their first rows."""
    found = Import.objects.filter(task=task).select_related("task").defer("sample").order_by("-pk")
    return list((found.filter(pk__lt=before) if before is not None else found)[:most])


def refused_page(row: Import, *, after: tuple[int, int] | None, most: int) -> list[RefusedRow]:
    """Refused rows in the order of the file, behind this line and row."""
    found = RefusedRow.objects.filter(of=row).order_by("line", "id")
    if after is not None:
        found = found.filter(Q(line__gt=after[0]) | Q(line=after[0], pk__gt=after[1]))
    return list(found[:most])


def state_of(row: Import) -> str:
    """Where a file is, in a word for programs."""
    if row.state == ImportState.COMING:
        return "waiting" if row.lease_until is None else "running"
    return "examining" if row.state == ImportState.LOOKING else str(row.state)


def refused(row: Import) -> list[RefusedRow]:
    """The first refused rows of a file."""
    return list(RefusedRow.objects.filter(of=row).order_by("line", "id")[:SHOWN_ROWS])


def all_refused(row: Import) -> Iterator[RefusedRow]:
    """Every refused row that was kept, in the order of the file, a few at a time."""
    return RefusedRow.objects.filter(of=row).order_by("line", "id").iterator(chunk_size=1000)


def columns(task: Task) -> list[Column]:
    """What a file for this task holds: a column a field of its input schema."""
    parts = [part for part in shape.parts(task.input_schema, first=task.title_field) if part.name]
    return [Column(part.name, part.required, _kind(part)) for part in parts]


def _kind(part: shape.Part) -> str:
    if part.choices:
        shown = ", ".join(shape.as_text(choice) for choice in part.choices[:8])
        return f"one of {shown}" + (", …" if len(part.choices) > 8 else "")
    return {
        shape.Kind.BOOLEAN: "true or false",
        shape.Kind.INTEGER: "whole number",
        shape.Kind.NUMBER: "number",
        shape.Kind.DATE: "date, such as 2026-11-23",
        shape.Kind.JSON: "JSON",
    }.get(part.kind, "text")


def sample(task: Task) -> list[list[str]]:
    """A file of one row that fits the task's columns: the header, then an example.

    What a spreadsheet could take for a formula, such as a field called `@type`, is told as an export tells it.
    """
    parts = [part for part in shape.parts(task.input_schema, first=task.title_field) if part.name]
    own = {part.name for part in parts}
    called = [name for name in ("id", "external_id") if name not in own][:1]
    lines = [[*called, *(part.name for part in parts)], [*("example-1" for _ in called), *map(_example, parts)]]
    return _as_export(task, lines) if any(map(cells.is_formula, chain(*lines))) else lines


def _as_export(task: Task, lines: list[list[str]]) -> list[list[str]]:
    read = Columns.of(lines[0], task.input_schema).record(Cells(2, tuple(lines[1])))
    body: Any = read.body if isinstance(read, Record) else {}
    told = Shape.of(task.input_schema, task.output_schema, parts=())
    text = outgoing.head(told) + outgoing.table([Outgoing(0, "example-1", 0, None, body, {})], told)
    return list(csv.reader(io.StringIO(text, newline="")))


def _example(part: shape.Part) -> str:
    if part.choices:
        return shape.as_text(part.choices[0])
    schema: Any = part.schema or {}
    lowest = schema.get("minimum", min(1, schema.get("maximum", 1)))
    return {
        shape.Kind.BOOLEAN: "true",
        shape.Kind.INTEGER: str(lowest),
        shape.Kind.NUMBER: str(lowest),
        shape.Kind.DATE: "2026-11-23",
        shape.Kind.JSON: "[]" if schema.get("type") == "array" else "{}",
    }.get(part.kind, f"some {part.name}")
