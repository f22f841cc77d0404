"""Files of items: received in pieces, then brought in row by row, resumable at any kill and never twice."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import IO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from slider import rows
from slider.flow import intake
from slider.flow.intake import Arrival, Fate
from slider.models import Import, ImportChunk, ImportState, RefusedRow, Task
from slider.rows import Bad, Broken, Kind, Reader, Record

PIECE_BYTES = 1024 * 1024
BATCH_ROWS = 500
BATCH_SIZE = 4 * 1024 * 1024
REFUSED_KEPT = 10_000
LEASE_S = 60.0
MOST_TAKES = 20
_ARRIVAL_LEASE_S = 300.0


class Unfit(ValueError):
    """A file that is not taken; the text says why and what to send instead."""


class Lost(Exception):
    """Somebody else carries on with this import; nothing more is written by us."""


def receive(task: Task, *, name: str, stream: IO[bytes], by: int) -> Import:
    """Store a file for import, piece by piece in short transactions. Raises Unfit for what can't be an import.

    While it arrives it stands as running under a lease. If we die half-way the lease runs out, and whoever
    takes it up finds it incomplete and says so.
    """
    name = rows.clean_name(name)
    first = stream.read(PIECE_BYTES)
    try:
        kind = rows.kind_of(name, first)
    except Broken as error:
        raise Unfit(str(error)) from error
    arriving = Import.objects.create(
        task=task,
        by_id=by,
        name=name,
        format=kind.value,
        bytes=0,
        sha256=b"",
        state=ImportState.RUNNING,
        lease_until=Now() + timedelta(seconds=_ARRIVAL_LEASE_S),
    )
    arrived = False
    try:
        size, digest = _store(arriving.pk, first, stream)
        done = Import.objects.filter(pk=arriving.pk, token=0, state=ImportState.RUNNING)
        arrived = bool(done.update(bytes=size, sha256=digest, state=ImportState.WAITING, lease_until=None))
    finally:
        if not arrived:
            Import.objects.filter(pk=arriving.pk, token=0).delete()
    if not arrived:
        raise Unfit(f"{name} took too long to arrive; send it again")
    arriving.refresh_from_db()
    return arriving


def _store(import_id: int, piece: bytes, stream: IO[bytes]) -> tuple[int, bytes]:
    digest, size, number = hashlib.sha256(), 0, 0
    while piece:
        size += len(piece)
        if size > settings.IMPORT_MAX_BYTES:
            raise Unfit(
                f"the file has more than {settings.IMPORT_MAX_BYTES // 1024**2} MiB: split it, or gzip the text"
            )
        digest.update(piece)
        _renew(import_id, token=0, lease_s=_ARRIVAL_LEASE_S)
        ImportChunk.objects.create(of_id=import_id, number=number, content=piece)
        number += 1
        piece = stream.read(PIECE_BYTES)
    return size, digest.digest()


def waiting(*, most: int = 100) -> list[int]:
    """The imports that nobody is at: those that wait, and those whose holder gave no sign of life in time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM slider_import
            WHERE state = 'waiting' OR (state = 'running' AND lease_until < clock_timestamp()) ORDER BY id LIMIT %s
            """,
            [most],
        )
        return [import_id for (import_id,) in cursor.fetchall()]


def run(import_id: int) -> bool:
    """Take an import and bring its rows in, from the last committed row on; False when somebody else has it.

    The file is read wholly once before anything of it comes in, so that a file that is broken anywhere leaves
    nothing behind. Each batch of items is committed together with the counters that say how far we are.
    """
    held = _take(import_id)
    if held is None:
        return False
    try:
        _bring_in(held)
        _finish(held, ImportState.DONE, "")
    except Broken as error:
        _finish(held, ImportState.FAILED, str(error))
    except Lost:
        return False
    return True


def _take(import_id: int) -> Import | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_import SET
                state = 'running', token = token + 1, lease_until = clock_timestamp() + %s * interval '1 second'
            WHERE id = (
                SELECT id FROM slider_import WHERE id = %s
                  AND (state = 'waiting' OR (state = 'running' AND lease_until < clock_timestamp()))
                FOR UPDATE SKIP LOCKED
            )
            RETURNING id
            """,
            [LEASE_S, import_id],
        )
        if cursor.fetchone() is None:
            return None
    return Import.objects.select_related("task").get(pk=import_id)


def _renew(import_id: int, *, token: int, lease_s: float = LEASE_S) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_import SET lease_until = clock_timestamp() + %s * interval '1 second'
            WHERE id = %s AND token = %s AND state = 'running'
            """,
            [lease_s, import_id, token],
        )
        if cursor.rowcount != 1:
            raise Lost(f"import {import_id} is in other hands")


def _bring_in(held: Import) -> None:
    if held.bytes == 0:
        raise Broken("the upload was cut off half-way: send the file again")
    if held.token > MOST_TAKES:
        raise Broken(f"{MOST_TAKES} workers died at this file after row {held.seen}: send the rest in smaller files")
    if held.total is None:
        with _opened(held) as file:
            held.total = file.count(most=settings.IMPORT_MAX_ROWS, pulse=lambda: _renew(held.pk, token=held.token))
            held.note = file.note[:500]
        if not _mine(held).update(total=held.total, note=held.note):
            raise Lost(f"import {held.pk} is in other hands")
    with _opened(held) as file:
        for batch in _batches(file, skip=held.seen, pulse=lambda: _renew(held.pk, token=held.token)):
            _commit(held, batch)


def _opened(held: Import) -> AbstractContextManager[Reader]:
    def pieces() -> Iterator[bytes]:
        number = 0
        chunks = ImportChunk.objects.filter(of=held)
        while (content := chunks.filter(number=number).values_list("content", flat=True).first()) is not None:
            yield bytes(content)
            number += 1

    # Text may be gzipped to a tenth; what it unpacks to is bounded by its rows as well.
    most_bytes = 4 * settings.IMPORT_MAX_BYTES
    return rows.open_file(pieces, Kind(held.format), held.task.input_schema, most_bytes=most_bytes)


def _batches(file: Reader, *, skip: int, pulse: Callable[[], None]) -> Iterator[list[Record | Bad]]:
    """The rows after the first `skip`, in batches bounded by count and by size, each with the id it comes in under."""
    namer = rows.Namer()
    batch: list[Record | Bad] = []
    size = 0
    for place, read in enumerate(file.records()):
        row = namer.named(read)  # also rows that are in already: equal rows are told apart by counting them
        if place < skip:
            if place % 10_000 == 0:
                pulse()
            continue
        batch.append(row)
        size += 0 if isinstance(row, Bad) else row.size
        if len(batch) >= BATCH_ROWS or size >= BATCH_SIZE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _commit(held: Import, batch: list[Record | Bad]) -> None:
    """One batch and the counters that speak of it, in one transaction, under our claim."""
    records = [row for row in batch if isinstance(row, Record)]
    refused = [row for row in batch if isinstance(row, Bad)]
    with transaction.atomic():
        wanted = [intake.Row(record.body, record.external_id, record.priority) for record in records]
        arrivals = intake.add(held.task, wanted, origin=f"import {held.pk}: {held.name}"[:120], by=held.by_id)
        fates = Counter(arrival.fate for arrival in arrivals)
        for record, arrival in zip(records, arrivals, strict=True):
            if arrival.fate in (Fate.REFUSED, Fate.CONFLICT):
                refused.append(_refused(record, arrival, held.task))
        counted = _mine(held).filter(seen=held.seen)
        if not counted.update(
            seen=F("seen") + len(batch),
            added=F("added") + fates[Fate.ADDED],
            known=F("known") + fates[Fate.KNOWN],
            refused=F("refused") + len(refused),
            lease_until=Now() + timedelta(seconds=LEASE_S),
        ):
            raise Lost(f"import {held.pk} is in other hands")
        kept = sorted(refused, key=lambda bad: bad.line)[: max(0, REFUSED_KEPT - held.refused)]
        RefusedRow.objects.bulk_create(
            RefusedRow(of=held, line=bad.line, column=bad.column[:120], reason=bad.reason[:300]) for bad in kept
        )
    held.seen += len(batch)
    held.refused += len(refused)


def _refused(record: Record, arrival: Arrival, task: Task) -> Bad:
    """Why a row can't be an item, in words that fit its cell; the first step of the pointer names the column."""
    column = arrival.where[1:].partition("/")[0].replace("~1", "/").replace("~0", "~")
    is_needed = column in task.input_schema.get("required", ())
    is_empty = is_needed and isinstance(record.body, dict) and record.body.get(column) == ""
    return Bad(record.line, rows.EMPTY if is_empty else arrival.reason, column)


def _mine(held: Import) -> QuerySet[Import]:
    return Import.objects.filter(pk=held.pk, token=held.token, state=ImportState.RUNNING)


def _finish(held: Import, state: ImportState, problem: str) -> None:
    """Close the import and drop its pieces: nobody reads them again."""
    with transaction.atomic():
        if _mine(held).update(state=state, problem=problem[:500], lease_until=None, finished_at=Now()):
            ImportChunk.objects.filter(of=held).delete()
