"""What a file holds before anybody has said what it means: its columns, what stands in them, and its first rows."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slider import strict
from slider.rows import jsonl_rows
from slider.rows.columns import LONGEST_NAME, MOST_COLUMNS, text_of
from slider.rows.paced import paced
from slider.rows.reader import Raw, Row
from slider.rows.records import Bad, Broken, Cells, Line

EXAMPLES, EXAMPLE_LENGTH = 3, 80
SAMPLE_ROWS, SAMPLE_SIZE = 8, 256 * 1024
_LOOKED_AT = 2_000
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("whole number", re.compile(r"-?\d{1,19}", re.ASCII)),
    ("number", re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)),
    ("true or false", re.compile(r"true|false|yes|no", re.ASCII | re.IGNORECASE)),
    ("time", re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)),
)


@dataclass(slots=True)
class Column:
    """A column: in how many of the first rows it is filled, a few of its texts, and what all of them could be."""

    name: str
    filled: int = 0
    examples: list[str] = field(default_factory=list)
    repeats: bool = False
    _left: set[str] = field(default_factory=lambda: {name for name, _ in _KINDS})
    _seen: set[int] = field(default_factory=set)

    def see(self, text: str) -> None:
        """Take one more cell into account."""
        if not text.strip():
            return
        self.filled += 1
        mark = hash(text)
        self.repeats = self.repeats or mark in self._seen
        self._seen.add(mark)
        shown = _storable(text[:EXAMPLE_LENGTH]) + ("…" if len(text) > EXAMPLE_LENGTH else "")
        if len(self.examples) < EXAMPLES and shown not in self.examples:
            self.examples.append(shown)
        bare = text.strip() if len(text) < EXAMPLE_LENGTH else text
        for name, form in _KINDS:
            if name in self._left and not form.fullmatch(bare):
                self._left.discard(name)

    @property
    def kind(self) -> str:
        """What its cells could all be; text where nothing narrower fits."""
        if not self.filled:
            return "empty"
        return next((name for name, _ in _KINDS if name in self._left), "text")

    def to_json(self) -> dict[str, Any]:
        """A value for a JSON column."""
        known = {"name": self.name, "kind": self.kind, "filled": self.filled, "examples": self.examples}
        return known | {"repeats": self.repeats}


@dataclass(frozen=True, slots=True)
class Peek:
    """A file that was read to its end once. `sample` gives its first rows back, by `sampled`."""

    count: int
    columns: list[Column]
    sample: dict[str, Any]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def peek(raw: Raw, schema: Mapping[str, Any], *, most: int, pulse: Callable[[int], None]) -> Peek:
    """Read a file to its end: how many rows, what its columns hold, the first rows. Broken for what is wrong with it.

    Values are looked at in the first 2,000 rows, the keys of JSON Lines in all of them. `most` bounds the rows; `pulse`
    hears now and then how many were read.
    """
    found = {name: Column(name) for name in raw.names or ()}
    first: list[Row] = []
    beat = paced(pulse)
    count = size = 0
    for count, row in enumerate(raw.rows, start=1):
        if count > most:
            raise Broken(f"the file has more than {most:,} rows: split it")
        beat(count)
        if len(first) < SAMPLE_ROWS and size < SAMPLE_SIZE:
            size += _size(row)
            if size < SAMPLE_SIZE:
                first.append(row)
        if count <= _LOOKED_AT or raw.names is None:
            for name, text in texts(row, raw.names, schema):
                if name not in found and len(found) < MOST_COLUMNS:
                    found[name] = _column(name, row)
                if count <= _LOOKED_AT and name in found:
                    found[name].see(text)
    names = None if raw.names is None else list(raw.names)
    return Peek(count, list(found.values()), {"names": names, "rows": [_kept(row) for row in first]})


def sampled(sample: Mapping[str, Any]) -> Iterator[Row]:
    """The first rows of a file as they stood in it."""
    for kept in sample["rows"]:
        if "bad" in kept:
            yield Bad(kept["line"], kept["bad"], kept["column"])
        elif "text" in kept:
            yield Line(kept["line"], kept["text"])
        else:
            yield Cells(kept["line"], tuple(map(_cell, kept["cells"])))


def _kept(row: Row) -> dict[str, Any]:
    if isinstance(row, Bad):
        return {"line": row.line, "bad": row.reason, "column": row.column}
    if isinstance(row, Line):
        return {"line": row.number, "text": _storable(row.text)}
    return {"line": row.line, "cells": [_kept_cell(value) for value in row.values]}


def _kept_cell(value: object) -> str | dict[str, str]:
    """Text, or a worksheet's time: what it is written as depends on what its column becomes."""
    return {"at": value.isoformat()} if isinstance(value, datetime) else _storable(text_of(value))


def _cell(kept: str | dict[str, str]) -> object:
    return kept if isinstance(kept, str) else datetime.fromisoformat(kept["at"])


def _column(name: str, row: Row) -> Column:
    if isinstance(row, Line) and len(name) > LONGEST_NAME:
        raise Broken(f"a key in line {row.number} has {len(name):,} characters: at most {LONGEST_NAME:,} are taken")
    return Column(name)


def _storable(text: str) -> str:
    """No NUL and no half of a character goes into the database; such a row is refused when it comes, too."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _size(row: Row) -> int:
    if isinstance(row, Bad):
        return len(row.reason)
    return len(row.text) if isinstance(row, Line) else sum(len(text_of(value)) for value in row.values)


def texts(row: Row, names: Sequence[str] | None, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What stands in each column of a row, as text."""
    if isinstance(row, Cells) and names is not None:
        yield from zip(names, map(text_of, row.values), strict=False)
    elif isinstance(row, Line):
        value = jsonl_rows.parsed(row)
        if not isinstance(value, Bad):
            for name, child in jsonl_rows.keys(value, schema).items():
                yield name, _as_text(child)


def _as_text(value: Any) -> str:
    if isinstance(value, str | None):
        return value or ""
    return strict.canonical(value).decode()
