"""A file of items on this machine: its columns as the options say, and what would become of its rows."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from django.conf import settings

from slider import rows
from slider.flow import asking, intake
from slider.flow.files import PIECE_BYTES
from slider.flow.intake import Fate
from slider.models import Task
from slider.rows import Bad, Broken, ColumnMap, Kind, Reader, Record, Unmapped

_BATCH = 500
_BESIDE = {"external_id": "--id", "priority": "--priority", "due_at": "--due"}


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says of the columns."""

    fields: tuple[str, ...] = ()  # FIELD=COLUMN
    left_out: tuple[str, ...] = ()
    external_id: str | None = None
    priority: str | None = None
    due_at: str | None = None

    @property
    def are_given(self) -> bool:
        return any((self.fields, self.left_out, self.external_id, self.priority, self.due_at))


@dataclass(slots=True)
class Counted:
    """What would become of a file's rows."""

    note: str = ""
    fates: Counter[Fate] = field(default_factory=Counter)
    rows: int = 0
    refused: int = 0
    examples: list[Bad] = field(default_factory=list)


def mapping(task: Task, file: Path, said: Options) -> ColumnMap | None:
    """What the names propose, with what was said in its place; None where nothing was said. Raises Broken, Unmapped."""
    if not said.are_given:
        return None
    kind = _kind(file)
    with rows.open_raw(_pieces(file), kind, most_bytes=4 * settings.IMPORT_MAX_BYTES) as raw:
        peek = rows.peek(raw, task.input_schema, most=settings.IMPORT_MAX_ROWS, pulse=lambda _seen: None)
    unlike = frozenset(column.name for column in peek.columns if column.repeats)
    found = said_of(rows.propose(peek.names, task.input_schema, unlike=unlike), said)
    found.check(peek.names, task.input_schema)
    return found


def said_of(proposed: ColumnMap, said: Options) -> ColumnMap:
    """A mapping with what was said in its place. A column that is named anew is nothing else any more."""
    pairs = dict(_pair(text) for text in said.fields)
    beside = {name: column for name in _BESIDE if (column := getattr(said, name))}
    taken = {*pairs.values(), *beside.values(), *said.left_out}
    fields = {name: column for name, column in proposed.fields.items() if column not in taken} | pairs
    kept = {name: "" if getattr(proposed, name) in taken else getattr(proposed, name) for name in _BESIDE}
    return replace(proposed, fields=fields, **(kept | beside))


def _pair(text: str) -> tuple[str, str]:
    name, sign, column = text.partition("=")
    if not (name and sign and column):
        raise Unmapped(f"--map {text}: say FIELD=COLUMN, such as --map text=Message")
    return name, column


def count(task: Task, file: Path, said: ColumnMap | None, *, tell: Callable[[int], None], shown: int) -> Counted:
    """Read a file wholly and count what would become of its rows; nothing is written. Raises Broken, OSError."""
    found, namer, before = Counted(), rows.Namer(), dict[str, bytes]()
    with _opened(task, file, said) as reader:
        found.note = reader.note
        source = map(namer.named, reader.records())
        while batch := list(islice(source, _BATCH)):
            records = [row for row in batch if isinstance(row, Record)]
            wanted = [intake.Row(row.body, row.external_id, row.priority, row.due_at) for row in records]
            arrivals = intake.weigh(task, wanted, before=before)
            bad = [row for row in batch if isinstance(row, Bad)]
            for row, arrival in zip(records, arrivals, strict=True):
                found.fates[arrival.fate] += 1
                if arrival.fate in (Fate.REFUSED, Fate.CONFLICT):
                    bad.append(asking.refused(row, arrival, task, said.to_json() if said else None))
            found.rows += len(batch)
            found.refused += len(bad)
            found.examples += sorted(bad, key=lambda one: one.line)[: shown - len(found.examples)]
            tell(found.rows)
            if found.rows > settings.IMPORT_MAX_ROWS:
                raise Broken(f"the file has more than {settings.IMPORT_MAX_ROWS:,} rows: split it")
    return found


def _opened(task: Task, file: Path, said: ColumnMap | None) -> AbstractContextManager[Reader]:
    most_bytes = 4 * settings.IMPORT_MAX_BYTES
    return rows.open_file(_pieces(file), _kind(file), task.input_schema, most_bytes=most_bytes, mapping=said)


def _kind(file: Path) -> Kind:
    with file.open("rb") as stream:
        return rows.kind_of(rows.clean_name(file.name), stream.read(PIECE_BYTES))


def _pieces(file: Path) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        with file.open("rb") as stream:
            while piece := stream.read(PIECE_BYTES):
                yield piece

    return pieces
