"""Parquet, where pyarrow is installed: typed columns, and beside them as JSON what no type can hold.

A column has the values that are of its kind. What is not (a null, a text among numbers, a whole number in a column of
doubles) stands in the JSON of the last column of the object, `input.*` or `answer.*`, and goes before the column's own.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from slider.rows import cells
from slider.rows.outgoing import Outgoing
from slider.rows.shaped import LEAD, Field, Shape

MISSING = "Parquet needs pyarrow, which is not installed here: pip install -r requirements-parquet.in"


@cache
def is_here() -> bool:
    """Whether this installation can write Parquet."""
    return find_spec("pyarrow") is not None


def schema(shape: Shape) -> Any:
    """The types of the columns, as pyarrow has them; each says of which kind it is, as JSON is text among others."""
    import pyarrow  # it is large, and only this format needs it

    kinds = {
        "string": pyarrow.string(),
        "json": pyarrow.string(),
        "integer": pyarrow.int64(),
        "number": pyarrow.float64(),
        "boolean": pyarrow.bool_(),
        "moment": pyarrow.timestamp("us", tz="UTC"),
    }
    own = [*LEAD, *shape.inputs, Field("", "json"), *shape.told]
    own += [*shape.answers, Field("", "json")] if shape.has_answer else []
    pairs = zip(shape.header, own, strict=True)
    return pyarrow.schema([pyarrow.field(name, kinds[one.kind], metadata={"kind": one.kind}) for name, one in pairs])


def batch(items: Sequence[Outgoing], shape: Shape) -> Any:
    """Some items as typed columns."""
    import pyarrow

    columns: list[list[Any]] = [[getattr(item, field.name) for item in items] for field in LEAD]
    columns += _columns([item.body for item in items], shape.inputs)
    for field in shape.told:
        values = [item.told.get(field.name) for item in items]
        columns.append([_json(value) for value in values] if field.kind == "json" else values)
    if shape.has_answer:
        columns += _columns([item.answer for item in items], shape.answers)
    types = schema(shape)
    arrays = [pyarrow.array(values, type=of.type) for values, of in zip(columns, types, strict=True)]
    return pyarrow.record_batch(arrays, schema=types)


def _json(value: Any) -> str | None:
    return cells.compact(value) if value else None


def _columns(objects: Sequence[Any], fields: Sequence[Field]) -> list[list[Any]]:
    """A column a field, and the rest of each object."""
    columns: list[list[Any]] = [[] for _ in fields]
    rests: list[str | None] = []
    for whole in objects:
        if not isinstance(whole, dict):
            for column in columns:
                column.append(None)
            rests.append(None if whole is None else cells.compact(whole))
            continue
        rest = dict(whole)
        for column, field in zip(columns, fields, strict=True):
            held = _held(whole.get(field.name), field.kind) if field.name in whole else None
            column.append(held)
            if field.name in whole and _is_exact(whole[field.name], held, field.kind):
                del rest[field.name]
        rests.append(cells.compact(rest) if rest else None)
    return [*columns, rests]


def _held(value: Any, kind: str) -> Any:
    """What of a value the column can hold; None where it is of another kind."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "json":
        return cells.compact(value)
    if kind == "string":
        return value if isinstance(value, str) else None
    if kind == "number":
        return float(value) if is_number else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    return value if type(value) is int and -(2**63) <= value < 2**63 else None


def _is_exact(value: Any, held: Any, kind: str) -> bool:
    return held is not None and (kind == "json" or type(value) is type(held))


def packed(batches: Iterable[Any], shape: Shape) -> bytes:
    """A small file of one row group: a piece that can be stored before the whole is there."""
    import pyarrow
    from pyarrow import parquet

    sink = io.BytesIO()
    rows = pyarrow.Table.from_batches(list(batches), schema=schema(shape))
    parquet.write_table(rows, sink, row_group_size=max(1, rows.num_rows), compression="zstd")
    return sink.getvalue()


def together(pieces: Iterable[bytes], shape: Shape) -> Iterator[bytes]:
    """One file of such pieces, a row group each, as it grows; one of them is in memory at a time."""
    import pyarrow
    from pyarrow import parquet

    sink = _Sink()
    with parquet.ParquetWriter(sink, schema(shape), compression="zstd") as writer:
        for piece in pieces:
            # `read_table` would load what reads whole folders of files: 34 MiB in each process that ever makes one.
            rows = parquet.ParquetFile(pyarrow.BufferReader(piece)).read(use_threads=False)
            writer.write_table(rows, row_group_size=max(1, rows.num_rows))
            yield sink.taken()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """What is written is taken away; only how much it was is known."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, some: Any) -> int:
        part = bytes(some)
        self._parts.append(part)
        self._at += len(part)
        return len(part)

    def tell(self) -> int:
        return self._at

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)
