"""Files on their way in: received in pieces, taken under a lease by whoever is free, resumable at any kill."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import IO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from slider import rows
from slider.flow import log
from slider.models import Import, ImportChunk, ImportState, Kind, Purpose, RefusedRow, Task
from slider.rows import Bad, Broken, ColumnMap

PIECE_BYTES = 1024 * 1024
REFUSED_KEPT = 10_000
LEASE_S = 60.0
MOST_TAKES = 20
CUT_OFF = "the upload was cut off half-way: send the file again"
_ARRIVAL_LEASE_S = 300.0
# Taken up by whoever is free, while nobody holds them; beside `waiting` and `running`, which older code knows too.
_TAKEN = [ImportState.LOOKING.value, ImportState.TRYING.value, ImportState.COMING.value]
_HELD = [*_TAKEN, ImportState.ARRIVING.value, ImportState.RUNNING.value]


class Unfit(ValueError):
    """A file that is not taken; the text says why and what to send instead."""


class Lost(Exception):
    """Somebody else carries on with this file; nothing more is written by us."""


def receive(
    task: Task,
    *,
    name: str,
    stream: IO[bytes],
    by: int,
    purpose: Purpose = Purpose.ITEMS,
    then: ImportState = ImportState.WAITING,
    mapping: ColumnMap | None = None,
    once: str | None = None,
    said: bytes | None = None,
) -> Import:
    """Store a file for import, piece by piece in short transactions. Raises Unfit for what can't be an import.

    `then` is the state it has once it is here: that it is to be examined, tried out, or brought in. `once` names the
    call that brings it, `said` is a digest of what that call says of it.
    While it arrives it stands under a lease. If we die half-way the lease runs out, and the sweep says so.
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
        purpose=purpose,
        format=kind.value,
        bytes=0,
        sha256=b"",
        state=ImportState.ARRIVING,
        asks=then in (ImportState.LOOKING, ImportState.TRYING),
        mapping=None if mapping is None else mapping.to_json(),
        once=once,
        once_said=said,
        lease_until=Now() + timedelta(seconds=_ARRIVAL_LEASE_S),
    )
    arrived = False
    try:
        size, digest = _store(arriving.pk, first, stream)
        arrived = _arrive(arriving, size, digest, then)
    except Lost:
        pass  # somebody dropped it, or the sweep took it for cut off
    finally:
        if not arrived:
            Import.objects.filter(pk=arriving.pk, token=0).delete()
    if not arrived:
        raise Unfit(f"{name} was dropped while it arrived, or took too long; send it again")
    arriving.refresh_from_db()
    return arriving


def _arrive(arriving: Import, size: int, digest: bytes, then: ImportState) -> bool:
    with transaction.atomic():
        done = Import.objects.filter(pk=arriving.pk, token=0, state=ImportState.ARRIVING)
        if not done.update(bytes=size, sha256=digest, state=then, lease_until=None):
            return False
        arriving.sha256 = digest
        if not arriving.asks and arriving.purpose == Purpose.ITEMS:
            tell_log(arriving, "start", by=arriving.by_id)
    return True


def _store(import_id: int, piece: bytes, stream: IO[bytes]) -> tuple[int, bytes]:
    digest, size, number = hashlib.sha256(), 0, 0
    while piece:
        size += len(piece)
        if size > settings.IMPORT_MAX_BYTES:
            raise Unfit(
                f"the file has more than {settings.IMPORT_MAX_BYTES // 1024**2} MiB: split it, or gzip the text"
            )
        digest.update(piece)
        renew(import_id, token=0, lease_s=_ARRIVAL_LEASE_S)
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
            WHERE state = 'waiting' OR (state = 'running' AND lease_until < clock_timestamp())
               OR (state = ANY(%s) AND (lease_until IS NULL OR lease_until < clock_timestamp()))
            ORDER BY id LIMIT %s
            """,
            [_TAKEN, most],
        )
        return [import_id for (import_id,) in cursor.fetchall()]


def take(import_id: int) -> Import | None:
    """Take a file that nobody is at, under a lease of our own; None when somebody else has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_import SET
                state = CASE state WHEN 'waiting' THEN 'running' ELSE state END,
                token = token + 1, takes = takes + 1,
                lease_until = clock_timestamp() + %s * interval '1 second'
            WHERE id = (
                SELECT id FROM slider_import WHERE id = %s
                  AND (state = 'waiting' OR (state = 'running' AND lease_until < clock_timestamp())
                       OR (state = ANY(%s) AND (lease_until IS NULL OR lease_until < clock_timestamp())))
                FOR UPDATE SKIP LOCKED
            )
            RETURNING id
            """,
            [LEASE_S, import_id, _TAKEN],
        )
        if cursor.fetchone() is None:
            return None
    return Import.objects.select_related("task").get(pk=import_id)


def renew(import_id: int, *, token: int, lease_s: float = LEASE_S) -> None:
    """Give a sign of life. Raises Lost when the file is in other hands."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_import SET lease_until = clock_timestamp() + %s * interval '1 second'
            WHERE id = %s AND token = %s AND state = ANY(%s)
            """,
            [lease_s, import_id, token, _HELD],
        )
        if cursor.rowcount != 1:
            raise Lost(f"import {import_id} is in other hands")


def check_whole(held: Import) -> None:
    """Refuse a file that never arrived wholly, or that nobody survives."""
    if held.bytes == 0:
        raise Broken(CUT_OFF)
    if held.takes > MOST_TAKES:
        raise Broken(f"{MOST_TAKES} workers died at this file after row {held.seen}: send the rest in smaller files")


def tidy() -> int:
    """Say of files whose sender died half-way that they were cut off; how many."""
    gone = Import.objects.filter(state=ImportState.ARRIVING, lease_until__lt=Now())
    found = 0
    for held in gone.order_by("pk")[:100]:
        found += finish(held, ImportState.FAILED, CUT_OFF)
        Import.objects.filter(pk=held.pk, state=ImportState.FAILED).update(once=None)  # the call may be made again
    return found


def pieces(held: Import) -> Iterator[bytes]:
    """The file's bytes, a piece at a time."""
    number = 0
    chunks = ImportChunk.objects.filter(of=held)
    while (content := chunks.filter(number=number).values_list("content", flat=True).first()) is not None:
        yield bytes(content)
        number += 1


def mine(held: Import) -> QuerySet[Import]:
    """The row of a file for as long as it is in our hands, and nothing afterwards."""
    return Import.objects.filter(pk=held.pk, token=held.token, state=held.state)


def keep_refused(held: Import, refused: Sequence[Bad], *, already: int = 0) -> None:
    """Write down which rows were refused and why, the first of them where there are very many."""
    kept = sorted(refused, key=lambda bad: bad.line)[: max(0, REFUSED_KEPT - already)]
    RefusedRow.objects.bulk_create(
        RefusedRow(of=held, line=bad.line, column=bad.column[:120], reason=bad.reason[:300]) for bad in kept
    )


def finish(held: Import, state: ImportState, problem: str, *, keep_pieces: bool = False) -> bool:
    """Close the import and drop its pieces, which nobody reads again; False when it is in other hands."""
    with transaction.atomic():
        closed = mine(held).update(state=state, problem=problem[:500], lease_until=None, finished_at=Now())
        if closed:
            forget_rows(held)
        if closed and not keep_pieces:
            ImportChunk.objects.filter(of=held).delete()
    return bool(closed)


def forget_rows(held: Import) -> None:
    """The cells that were shown while a file waited go once it is over: nobody reads them again."""
    this = Import.objects.filter(pk=held.pk)
    columns = this.values_list("columns", flat=True).get()
    this.update(sample=None, columns=columns and [column | {"examples": []} for column in columns])


def tell_log(held: Import, deed: str, *, by: int | None) -> None:
    """Tell the log that a file is brought in ("start") or ended ("drop"), in the transaction that does it."""
    facts = {"file": deed, "import": held.pk, "name": held.name, "purpose": held.purpose, "added": held.added}
    facts |= {"rows": held.total, "sha256": bytes(held.sha256).hex()}
    log.write(Kind.ITEM, by=by, facts=facts, project_id=held.task.project_id, task_id=held.task_id)
