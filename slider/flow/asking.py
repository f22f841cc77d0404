"""Files that wait for a word: what they hold, how they would be read, what a dry run counted; start and drop."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from slider import rows
from slider.flow import files
from slider.flow.files import Lost, Unfit
from slider.flow.intake import Arrival
from slider.models import (
    OVER,
    Import,
    ImportChunk,
    ImportState,
    Purpose,
    RefusedRow,
    Task,
)
from slider.rows import Bad, ColumnMap, Record, Unmapped

NOBODY = "nobody said what to do with it"


def receive(task: Task, *, name: str, stream: IO[bytes], by: int) -> Import:
    """Store a file that is to be examined, and then waits for a word. Raises Unfit."""
    return files.receive(task, name=name, stream=stream, by=by, then=ImportState.LOOKING)


def examine(held: Import) -> None:
    """Read a file wholly once: how many rows, what its columns hold, and which of them goes where, as it seems."""
    task = held.task
    most_bytes = 4 * settings.IMPORT_MAX_BYTES
    pulse = partial(_pulse, held)
    with rows.open_raw(partial(files.pieces, held), rows.Kind(held.format), most_bytes=most_bytes) as raw:
        peek = rows.peek(raw, task.input_schema, most=settings.IMPORT_MAX_ROWS, pulse=pulse)
        held.note, held.total = raw.note[:500], peek.count
    held.columns = [column.to_json() for column in peek.columns]
    held.sample = peek.sample
    held.shape = hashlib.sha256("\n".join(sorted(map(ascii, peek.names))).encode()).digest()
    if held.mapping is None:
        held.mapping = _proposed(held, peek).to_json()
    _write(held, "note", "total", "columns", "sample", "shape", "mapping")


def _pulse(held: Import, seen: int) -> None:
    files.renew(held.pk, token=held.token)
    files.mine(held).update(seen=seen)


def _proposed(held: Import, peek: rows.Peek) -> ColumnMap:
    """What was said of the last file of this shape, where that still fits the task; else what the names say."""
    task = held.task
    last = Import.objects.filter(task=task, shape=held.shape, purpose=Purpose.ITEMS, mapping__isnull=False)
    said = last.filter(state__in=(ImportState.COMING, ImportState.DONE)).exclude(pk=held.pk).order_by("-pk").first()
    if said is not None:
        try:
            known = ColumnMap.from_json(said.mapping)
            known.check(peek.names, task.input_schema)
        except Unmapped:
            pass  # the task was changed since: begin with the names again
        else:
            return known
    unlike = frozenset(column.name for column in peek.columns if column.repeats)
    return rows.propose(peek.names, task.input_schema, unlike=unlike)


def clear(held: Import) -> None:
    """Forget what an earlier run counted."""
    held.seen = held.added = held.known = held.refused = 0
    with transaction.atomic():
        _write(held, "seen", "added", "known", "refused")
        RefusedRow.objects.filter(of=held).delete()


def tell(held: Import) -> None:
    """A dry run is over: keep what it counted, and ask."""
    counted = {"rows": held.seen, "added": held.added, "known": held.known, "refused": held.refused}
    held.tried = counted | {"mapping": held.mapping}
    _write(held, "tried", "note")
    ask(held)


def ask(held: Import) -> None:
    """Wait for a person's word from now on. Raises Lost."""
    if not files.mine(held).update(state=ImportState.ASKING, lease_until=None, asked_at=Now()):
        raise Lost(f"import {held.pk} is in other hands")


def _write(held: Import, *names: str) -> None:
    if not files.mine(held).update(**{name: getattr(held, name) for name in names}):
        raise Lost(f"import {held.pk} is in other hands")


def refused(record: Record, arrival: Arrival, task: Task, mapping: Mapping[str, Any] | None) -> Bad:
    """Why a row can't be an item, in words that fit its cell; the first step of the pointer names the field."""
    name = arrival.where[1:].partition("/")[0].replace("~1", "/").replace("~0", "~")
    is_needed = name in task.input_schema.get("required", ())
    is_empty = is_needed and isinstance(record.body, dict) and record.body.get(name) == ""
    said = mapping or {}
    column = said.get("external_id") if arrival.where == "/external_id" else said.get("input", {}).get(name)
    return Bad(record.line, rows.EMPTY if is_empty else arrival.reason, column or name)


# ---- a person's or a program's word ------------------------------------------------------------------------------


def check(held: Import, mapping: ColumnMap) -> None:
    """Hold a mapping against a file that was examined. Raises Unmapped."""
    mapping.check([column["name"] for column in held.columns or []], held.task.input_schema)


def say(held: Import, mapping: ColumnMap) -> None:
    """Keep another mapping for a file that waits. Raises Unmapped, and Unfit once it waits no more."""
    check(held, mapping)
    _turn(held, ImportState.ASKING, mapping)


def try_out(held: Import, mapping: ColumnMap | None = None) -> None:
    """Have the whole file read and its rows counted, and nothing written. Raises Unmapped, Unfit."""
    _turn(held, ImportState.TRYING, _whole(held, mapping))


def start(held: Import, mapping: ColumnMap | None = None, *, by: int | None) -> None:
    """Have the file brought in. Raises Unmapped, Unfit."""
    said = _whole(held, mapping)
    with transaction.atomic():
        _turn(held, ImportState.COMING, said)
        Import.objects.filter(pk=held.pk).update(seen=0, added=0, known=0, refused=0)
        RefusedRow.objects.filter(of=held).delete()
        files.tell_log(held, "start", by=by)


def _whole(held: Import, mapping: ColumnMap | None) -> ColumnMap:
    said = ColumnMap.from_json(held.mapping) if mapping is None else mapping
    check(held, said)
    return said


def _turn(held: Import, to: ImportState, mapping: ColumnMap) -> None:
    asked = Import.objects.filter(pk=held.pk, state=ImportState.ASKING, purpose=Purpose.ITEMS)
    if not asked.update(state=to, mapping=mapping.to_json(), asked_at=Now(), lease_until=None, takes=0):
        raise Unfit("this file waits for no word: look at it again")
    held.refresh_from_db()


def drop(held: Import, *, by: int | None, why: str = "somebody dropped it", only: Q | None = None) -> bool:
    """End an import wherever it is, or only where it still is there; what is in stays. False when it was not ended."""
    with transaction.atomic():
        going = Import.objects.filter(only or Q(), pk=held.pk).exclude(state__in=OVER)
        if not going.update(
            state=ImportState.DROPPED, problem=why, lease_until=None, finished_at=Now(), token=F("token") + 1
        ):
            return False
        files.forget_rows(held)
        ImportChunk.objects.filter(of=held).delete()
        held.refresh_from_db()
        files.tell_log(held, "drop", by=by)
    return True


def drop_stale() -> int:
    """Drop the files that nobody has given a word for so long; how many."""
    late = Q(state=ImportState.ASKING, asked_at__lt=Now() - timedelta(hours=settings.ENV.SLIDER_FILE_WORD_H))
    found = 0
    for held in Import.objects.filter(late)[:100]:
        found += drop(held, by=None, why=NOBODY, only=late)  # unless somebody has given a word since we looked
    return found
