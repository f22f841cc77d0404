"""One way to read all kinds of file: survey it wholly first, then give its rows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from slider import strict
from slider.rows import csv_rows, from_export, jsonl_rows, xlsx_rows
from slider.rows.columns import Columns, is_closed
from slider.rows.kinds import Kind
from slider.rows.lines import lines
from slider.rows.records import Bad, Broken, Cells, Line, Pieces, Record

Row: TypeAlias = Cells | Line | Bad
_EVERY = 2_000


@dataclass(frozen=True, slots=True)
class Reader:
    """An open file: `note` says how it is read; `rows` gives each row as it stands, `understand` what it means."""

    note: str
    rows: Iterator[Row]
    understand: Callable[[Row], Record | Bad]

    def count(self, *, most: int, pulse: Callable[[], None]) -> int:
        """Read to the end and count the rows; Broken for whatever is wrong with the file as a whole.

        `pulse` is called every few thousand rows: a sign of life while a long file is read.
        """
        count = 0
        for count, _row in enumerate(self.rows, start=1):
            if count > most:
                raise Broken(f"the file has more than {most:,} rows: split it")
            if count % _EVERY == 0:
                pulse()
        return count

    def records(self) -> Iterator[Record | Bad]:
        """The rows as items."""
        return (self.understand(row) for row in self.rows)


@contextmanager
def open_file(pieces: Pieces, kind: Kind, schema: Mapping[str, Any], *, most_bytes: int) -> Iterator[Reader]:
    """Open a file of items for a task with this input schema. Broken when its very beginning can't be read."""
    with ExitStack() as stack:
        if kind is Kind.JSONL:
            yield _jsonl(lines(pieces, most_bytes=most_bytes), schema)
        elif kind is Kind.CSV:
            yield _csv(lines(pieces, most_bytes=most_bytes), schema)
        else:
            yield _xlsx(stack.enter_context(xlsx_rows.sheet(pieces)), schema)


def _jsonl(source: Iterator[Line], schema: Mapping[str, Any]) -> Reader:
    def understand(row: Row) -> Record | Bad:
        assert isinstance(row, Line)
        return jsonl_rows.record(row, schema)

    closed = ", keys that are no field of this task are left out" if is_closed(schema) else ""
    return Reader(f"JSON Lines{closed}", jsonl_rows.rows(source), understand)


def _csv(source: Iterator[Line], schema: Mapping[str, Any]) -> Reader:
    first = next((line for line in source if line.cut or line.text.strip()), None)
    if first is None:
        raise Broken("the file is empty: there is nothing to import")
    separator = csv_rows.separator_of(first.text)
    rows = csv_rows.cells(chain([first], source), separator=separator)
    return _table(rows, schema, f"CSV, separated by {csv_rows.SEPARATORS[separator]}")


def _xlsx(sheet: xlsx_rows.Sheet, schema: Mapping[str, Any]) -> Reader:
    note = f"worksheet {strict.shown(sheet.title)}"
    if sheet.others:
        note += f"; {sheet.others} further not read"
    return _table(sheet.rows, schema, note)


def _table(rows: Iterator[Cells] | Iterator[Cells | Bad], schema: Mapping[str, Any], note: str) -> Reader:
    header = next(rows, None)
    if header is None:
        raise Broken("the file is empty: there is nothing to import")
    if isinstance(header, Bad):
        raise Broken(f"the header in line {header.line} can't be read: {header.reason}")
    columns: Columns | from_export.ExportColumns
    if from_export.is_one(header.values, schema):
        columns, note = from_export.ExportColumns.of(header.values, schema), f"{note}, an export of Slider"
    else:
        columns = Columns.of(header.values, schema)

    def understand(row: Row) -> Record | Bad:
        assert not isinstance(row, Line)
        return row if isinstance(row, Bad) else columns.record(row)

    said = [note, f"{len(columns.names)} columns"]
    said.append("with ids" if columns.identified else "without an id column: a row's content is its id")
    if columns.left_out:
        said.append("left out, as no field of this task: " + ", ".join(strict.shown(n) for n in columns.left_out[:10]))
    return Reader(", ".join(said), rows, understand)
