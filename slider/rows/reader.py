"""One way to read all kinds of file: survey it wholly first, then give its rows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from slider import strict
from slider.rows import csv_rows, from_export, jsonl_rows, xlsx_rows
from slider.rows.columns import Columns, header_names, is_closed
from slider.rows.kinds import Kind
from slider.rows.lines import lines
from slider.rows.mappings import ColumnMap, Unmapped
from slider.rows.paced import paced
from slider.rows.records import Bad, Broken, Cells, Line, Pieces, Record

Row: TypeAlias = Cells | Line | Bad
Understand: TypeAlias = Callable[[Row], Record | Bad]


@dataclass(frozen=True, slots=True)
class Raw:
    """An open file whose columns mean nothing yet. `names` are its header's; None where each line names its own."""

    note: str
    names: tuple[str, ...] | None
    rows: Iterator[Row]


@dataclass(frozen=True, slots=True)
class Reader:
    """An open file: `note` says how it is read; `rows` gives each row as it stands, `understand` what it means."""

    note: str
    rows: Iterator[Row]
    understand: Understand

    def count(self, *, most: int, pulse: Callable[[], None]) -> int:
        """Read to the end and count the rows; Broken for whatever is wrong with the file as a whole.

        `pulse` is called every few seconds: a sign of life while a long file is read.
        """
        count, beat = 0, paced(pulse)
        for count, _row in enumerate(self.rows, start=1):
            if count > most:
                raise Broken(f"the file has more than {most:,} rows: split it")
            beat()
        return count

    def records(self) -> Iterator[Record | Bad]:
        """The rows as items."""
        return (self.understand(row) for row in self.rows)


@contextmanager
def open_raw(pieces: Pieces, kind: Kind, *, most_bytes: int) -> Iterator[Raw]:
    """Open a file whatever it is for. Broken when its very beginning can't be read."""
    with ExitStack() as stack:
        if kind is Kind.JSONL:
            yield Raw("JSON Lines", None, jsonl_rows.rows(lines(pieces, most_bytes=most_bytes)))
        elif kind is Kind.CSV:
            yield _csv(lines(pieces, most_bytes=most_bytes))
        else:
            yield _xlsx(stack.enter_context(xlsx_rows.sheet(pieces)))


@contextmanager
def open_file(
    pieces: Pieces, kind: Kind, schema: Mapping[str, Any], *, most_bytes: int, mapping: ColumnMap | None = None
) -> Iterator[Reader]:
    """Open a file of items for a task with this input schema. Broken when its very beginning can't be read.

    Without a mapping the columns are what they are called.
    """
    with open_raw(pieces, kind, most_bytes=most_bytes) as raw:
        if mapping is not None and raw.names is not None:
            try:
                mapping.check(raw.names, schema)
            except Unmapped as error:
                raise Broken(f"{error}") from error
        said, understand = understanding(raw.names, schema, mapping)
        yield Reader(raw.note + said, raw.rows, understand)


def understanding(
    names: Sequence[str] | None, schema: Mapping[str, Any], mapping: ColumnMap | None
) -> tuple[str, Understand]:
    """What is to be said of how the columns are read, and what makes a row an item."""
    targets = None if mapping is None else mapping.targets
    if names is None:
        left_out = ", keys that are no field of this task are left out" if is_closed(schema) or targets else ""
        return left_out, lambda row: row if isinstance(row, Bad) else jsonl_rows.record(_line(row), schema, targets)
    columns: Columns | from_export.ExportColumns
    if from_export.is_one(names, schema):
        columns, said = from_export.ExportColumns.of(names, schema, targets), [", an export of Slider"]
    else:
        columns, said = Columns.of(names, schema, targets), [""]
    said.append(f"{len(columns.names)} columns")
    said.append("with ids" if columns.identified else "without an id column: a row's content is its id")
    if columns.left_out:
        why = "left out, as no field of this task: " if targets is None else "left out: "
        said.append(why + ", ".join(strict.shown(n) for n in columns.left_out[:10]))
    return ", ".join(said), lambda row: row if isinstance(row, Bad) else columns.record(_cells(row))


def _line(row: Cells | Line) -> Line:
    assert isinstance(row, Line)
    return row


def _cells(row: Cells | Line) -> Cells:
    assert isinstance(row, Cells)
    return row


def _csv(source: Iterator[Line]) -> Raw:
    first = next((line for line in source if line.cut or line.text.strip()), None)
    if first is None:
        raise Broken("the file is empty: there is nothing to import")
    separator = csv_rows.separator_of(first.text)
    rows = csv_rows.cells(chain([first], source), separator=separator)
    return _table(rows, f"CSV, separated by {csv_rows.SEPARATORS[separator]}")


def _xlsx(sheet: xlsx_rows.Sheet) -> Raw:
    note = f"worksheet {strict.shown(sheet.title)}"
    if sheet.others:
        note += f"; {sheet.others} further not read"
    return _table(sheet.rows, note)


def _table(rows: Iterator[Cells] | Iterator[Cells | Bad], note: str) -> Raw:
    header = next(rows, None)
    if header is None:
        raise Broken("the file is empty: there is nothing to import")
    if isinstance(header, Bad):
        raise Broken(f"the header in line {header.line} can't be read: {header.reason}")
    return Raw(note, header_names(header.values, exact=from_export.is_header(header.values)), rows)
