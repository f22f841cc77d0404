"""What reading a file gives: records, rows that can't be read, or a file that can't be read at all."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from slider.strict import JSON

Pieces: TypeAlias = Callable[[], Iterator[bytes]]
"""Gives the file's bytes piece by piece, from the start each time it is called."""

MOST_LINE_BYTES = 1024 * 1024


class Broken(ValueError):
    """The file as a whole can't be read; the text says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row as an item: `line` is the physical line on which it begins, counted from 1."""

    line: int
    body: JSON
    external_id: str | None = None
    priority: int = 0
    size: int = 0  # bytes or characters, about: what bounds a batch
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bad:
    """One row that can't be read; the file goes on after it."""

    line: int
    reason: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class Cells:
    """One row of a table, as it stands in the file."""

    line: int
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line with its line end. `cut` says that it was longer than is taken, and its text is gone."""

    number: int
    text: str
    cut: bool = False
