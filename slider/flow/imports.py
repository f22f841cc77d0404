"""Files of items: brought in row by row, resumable at any kill and never twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from slider import rows
from slider.flow import asking, files, intake
from slider.flow.files import PIECE_BYTES, Lost, Unfit, receive, waiting
from slider.flow.intake import Arrival, Fate
from slider.models import Import, ImportState, Purpose
from slider.rows import Bad, Broken, ColumnMap, Kind, Reader, Record, Unmapped

__all__ = ["PIECE_BYTES", "Lost", "Unfit", "receive", "run", "waiting"]

BATCH_ROWS = 500
BATCH_SIZE = 4 * 1024 * 1024
Tell = Callable[[int, int], None]


def run(import_id: int, *, tell: Tell | None = None) -> bool:
    """Take an import of items and do what is next with it: examine it, try it out, or bring its rows in.

    False when somebody has it, or it is a history. `tell` hears, after each batch, how many rows are read and how many
    there are.

    The file is read wholly once before anything of it comes in, so that a file that is broken anywhere leaves
    nothing behind. Each batch of items is committed together with the counters that say how far we are.
    """
    is_items = Import.objects.filter(pk=import_id, purpose=Purpose.ITEMS).exists()
    held = files.take(import_id) if is_items else None
    if held is None:
        return False
    try:
        files.check_whole(held)
        if held.state == ImportState.LOOKING:
            asking.examine(held)
            asking.ask(held)
        elif held.state == ImportState.TRYING:
            _try_out(held, tell)
        else:
            _bring_in(held, tell)
            files.finish(held, ImportState.DONE, "")
    except Broken as error:
        files.finish(held, ImportState.FAILED, str(error))
    except Lost:
        return False
    return True


def _bring_in(held: Import, tell: Tell | None) -> None:
    pulse = partial(files.renew, held.pk, token=held.token)
    if held.total is None and held.mapping is not None and held.format == Kind.JSONL:
        asking.examine(held)  # each line names its own columns: what was said is held against all of them
        _check(held)
        asking.clear(held)
    if held.total is None:
        with _opened(held) as file:
            held.total = file.count(most=settings.IMPORT_MAX_ROWS, pulse=pulse)
            held.note = file.note[:500]
        if not files.mine(held).update(total=held.total, note=held.note):
            raise Lost(f"import {held.pk} is in other hands")
    with _opened(held) as file:
        for batch in _batches(file, skip=held.seen, pulse=pulse):
            _commit(held, batch)
            if tell is not None:
                tell(held.seen, held.total)


def _try_out(held: Import, tell: Tell | None) -> None:
    """Read the whole file and count what would become of its rows; one that died half-way begins anew."""
    if held.columns is None:
        asking.examine(held)
    _check(held)
    asking.clear(held)
    before: dict[str, bytes] = {}
    with _opened(held) as file:
        held.note = file.note[:500]
        for batch in _batches(file, skip=0, pulse=partial(files.renew, held.pk, token=held.token)):
            records = [row for row in batch if isinstance(row, Record)]
            arrivals = intake.weigh(held.task, [_wanted(row) for row in records], before=before)
            with transaction.atomic():
                _count(held, batch, records, arrivals)
            if tell is not None:
                tell(held.seen, held.total or held.seen)
    asking.tell(held)


def _check(held: Import) -> None:
    try:
        asking.check(held, ColumnMap.from_json(held.mapping))
    except Unmapped as error:
        raise Broken(f"{error}") from error


def _opened(held: Import) -> AbstractContextManager[Reader]:
    # Text may be gzipped to a tenth; what it unpacks to is bounded by its rows as well.
    most_bytes = 4 * settings.IMPORT_MAX_BYTES
    try:
        mapping = None if held.mapping is None else ColumnMap.from_json(held.mapping)
    except Unmapped as error:
        raise Broken(f"its columns can't be read as they were said: {error}") from error
    return rows.open_file(
        partial(files.pieces, held),
        Kind(held.format),
        held.task.input_schema,
        most_bytes=most_bytes,
        mapping=mapping,
    )


def _batches(file: Reader, *, skip: int, pulse: Callable[[], None]) -> Iterator[list[Record | Bad]]:
    """The rows after the first `skip`, in batches bounded by count and by size, each with the id it comes in under."""
    namer = rows.Namer()
    batch: list[Record | Bad] = []
    size, beat = 0, rows.paced(pulse)
    for place, read in enumerate(file.records()):
        row = namer.named(read)  # also rows that are in already: equal rows are told apart by counting them
        beat()
        if place < skip:
            continue
        batch.append(row)
        size += 0 if isinstance(row, Bad) else row.size
        if len(batch) >= BATCH_ROWS or size >= BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _wanted(row: Record) -> intake.Row:
    return intake.Row(row.body, row.external_id, row.priority, row.due_at)


def _commit(held: Import, batch: list[Record | Bad]) -> None:
    """One batch and the counters that speak of it, in one transaction, under our claim."""
    records = [row for row in batch if isinstance(row, Record)]
    with transaction.atomic():
        origin = f"import {held.pk}: {held.name}"[:120]
        arrivals = intake.add(held.task, [_wanted(row) for row in records], origin=origin, by=held.by_id)
        _count(held, batch, records, arrivals)


def _count(held: Import, batch: list[Record | Bad], records: list[Record], arrivals: list[Arrival]) -> None:
    """Write down what became of a batch, under our claim. Raises Lost."""
    refused = [row for row in batch if isinstance(row, Bad)]
    fates = Counter(arrival.fate for arrival in arrivals)
    for record, arrival in zip(records, arrivals, strict=True):
        if arrival.fate in (Fate.REFUSED, Fate.CONFLICT):
            refused.append(asking.refused(record, arrival, held.task, held.mapping))
    counted = files.mine(held).filter(seen=held.seen)
    if not counted.update(
        seen=F("seen") + len(batch),
        added=F("added") + fates[Fate.ADDED],
        known=F("known") + fates[Fate.KNOWN],
        refused=F("refused") + len(refused),
        lease_until=Now() + timedelta(seconds=files.LEASE_S),
    ):
        raise Lost(f"import {held.pk} is in other hands")
    files.keep_refused(held, refused, already=held.refused)
    held.seen += len(batch)
    held.refused += len(refused)
    held.added += fates[Fate.ADDED]
    held.known += fates[Fate.KNOWN]
