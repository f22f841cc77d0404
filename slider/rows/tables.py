"""Files as they stand: each row as values by column name, whatever they mean."""

import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain

from slider import strict
from slider.rows import csv_rows, jsonl_rows, xlsx_rows
from slider.rows.columns import MOST_COLUMNS, header_names
from slider.rows.kinds import Kind
from slider.rows.lines import lines
from slider.rows.records import MOST_LINE_BYTES, Bad, Broken, Cells, Line, Pieces

_LIMITS = strict.Limits(max_bytes=MOST_LINE_BYTES)


@dataclass(frozen=True, slots=True)
class Values:
    """One row: text, numbers and truths by column; an empty cell is absent. `line` is where it begins."""

    line: int
    cells: Mapping[str, str | int | float | bool]


@dataclass(frozen=True, slots=True)
class Table:
    """An open file: `note` says how it is read. JSON Lines name their columns row by row, `signals.stated` inside."""

    note: str
    rows: Iterator[Values | Bad]


@contextmanager
def open_table(pieces: Pieces, kind: Kind, *, most_bytes: int) -> Iterator[Table]:
    """Open a file as a table. Broken when its very beginning can't be read."""
    with ExitStack() as stack:
        if kind is Kind.JSONL:
            yield Table("JSON Lines", _objects(lines(pieces, most_bytes=most_bytes)))
        elif kind is Kind.CSV:
            yield _csv(lines(pieces, most_bytes=most_bytes))
        else:
            sheet = stack.enter_context(xlsx_rows.sheet(pieces))
            yield _table(sheet.rows, f"worksheet {strict.shown(sheet.title)}")


def _csv(source: Iterator[Line]) -> Table:
    first = next((line for line in source if line.cut or line.text.strip()), None)
    if first is None:
        raise Broken("the file is empty: there is nothing to import")
    separator = csv_rows.separator_of(first.text)
    cells = csv_rows.cells(chain([first], source), separator=separator)
    return _table(cells, f"CSV, separated by {csv_rows.SEPARATORS[separator]}")


def _table(rows: Iterator[Cells] | Iterator[Cells | Bad], note: str) -> Table:
    header = next(rows, None)
    if header is None:
        raise Broken("the file is empty: there is nothing to import")
    if isinstance(header, Bad):
        raise Broken(f"the header in line {header.line} can't be read: {header.reason}")
    return Table(note, _named(header_names(header.values), rows))


def _named(names: tuple[str, ...], rows: Iterator[Cells] | Iterator[Cells | Bad]) -> Iterator[Values | Bad]:
    for row in rows:
        if isinstance(row, Bad):
            yield row
        elif len(row.values) != len(names):
            yield Bad(row.line, f"the row has {len(row.values)} cells where the header has {len(names)}")
        else:
            pairs = zip(names, map(_plain, row.values), strict=True)
            yield Values(row.line, {name: value for name, value in pairs if value is not None})


def _plain(value: object) -> str | int | float | bool | None:
    """A cell's value; blank ones are None, and what a sheet knows beyond numbers and texts is text."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)  # worksheets hold numbers as floats: 5.0 is written 5, as the sheet shows it
    if value is None or isinstance(value, bool | int | float):
        return value
    isoformat = getattr(value, "isoformat", None)
    return str(value) if isoformat is None else str(isoformat())


def _objects(source: Iterator[Line]) -> Iterator[Values | Bad]:
    for line in jsonl_rows.rows(source):
        yield _object(line)


def _object(line: Line) -> Values | Bad:
    if line.cut:
        return Bad(line.number, f"the line is longer than {MOST_LINE_BYTES:,} bytes")
    try:
        value = strict.loads(line.text, limits=_LIMITS)
    except strict.StrictError as error:
        return Bad(line.number, f"{error.message} ({error.where})" if error.where else error.message)
    if not isinstance(value, dict):
        return Bad(line.number, f"the line holds a {type(value).__name__}: it must be one JSON object")
    cells: dict[str, str | int | float | bool] = {}
    for name, held in value.items():
        inside = held.items() if isinstance(held, dict) else ()
        for path, child in [(f"{name}.{key}", child) for key, child in inside] or [(name, held)]:
            if (flat := _flat(child)) is not None:
                cells[path] = flat
    if len(cells) > MOST_COLUMNS:
        return Bad(line.number, f"the line has {len(cells):,} values: at most {MOST_COLUMNS} are taken")
    return Values(line.number, cells)


def _flat(value: strict.JSON) -> str | int | float | bool | None:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, bool | int | float):
        return value
    return (value.strip() or None) if isinstance(value, str) else strict.canonical(value).decode()
