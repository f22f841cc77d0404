"""An export that is made: taken under a lease, stored piece by piece with the counters that speak of it, finished."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from slider.flow import log
from slider.models import Export, ExportPiece, ExportState, Kind

LEASE_S = 60.0
MOST_TAKES = 20
OWED = (ExportState.WAITING, ExportState.RUNNING)
_TURNS = 7_345  # the advisory lock's own number space


class Lost(Exception):
    """Somebody else carries on with this export, or it was cancelled; nothing more is written by us."""


class TooLarge(Exception):
    """The file has grown beyond what is kept; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is stored at once: some bytes, and the items that were looked through for them."""

    number: int
    content: bytes
    first: int
    last: int
    looked: int = 0
    rows: int = 0
    is_rows: bool = False


def waiting(*, most: int = 100) -> list[int]:
    """The exports that nobody is at, of projects that may have one more under way."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM (
                SELECT e.id, row_number() OVER (PARTITION BY t.project_id ORDER BY e.id) AS nth, (
                    SELECT count(*) FROM slider_export o JOIN slider_task u ON u.id = o.task_id
                    WHERE u.project_id = t.project_id AND o.state = 'running' AND o.lease_until >= clock_timestamp()
                ) AS held
                FROM slider_export e JOIN slider_task t ON t.id = e.task_id
                WHERE e.state = 'waiting' OR (e.state = 'running' AND e.lease_until < clock_timestamp())
            ) owed WHERE nth + held <= %s ORDER BY id LIMIT %s
            """,
            [settings.ENV.SLIDER_EXPORTS_AT_ONCE, most],
        )
        return [export_id for (export_id,) in cursor.fetchall()]


def take(export_id: int) -> Export | None:
    """Take an export under a lease of our own; None when somebody has it, or the project has enough under way."""
    project = Export.objects.filter(pk=export_id, state__in=OWED).values_list("task__project", flat=True).first()
    if project is None:
        return None
    with transaction.atomic(), connection.cursor() as cursor:
        alone(project)
        cursor.execute(
            """
            UPDATE slider_export SET
                state = 'running', token = token + 1, takes = takes + 1,
                lease_until = clock_timestamp() + %s * interval '1 second',
                started_at = coalesce(started_at, clock_timestamp())
            WHERE id = %s AND (state = 'waiting' OR (state = 'running' AND lease_until < clock_timestamp()))
              AND %s > (
                SELECT count(*) FROM slider_export o JOIN slider_task u ON u.id = o.task_id
                WHERE u.project_id = %s AND o.state = 'running' AND o.lease_until >= clock_timestamp()
              )
            """,
            [LEASE_S, export_id, settings.ENV.SLIDER_EXPORTS_AT_ONCE, project],
        )
        if cursor.rowcount != 1:
            return None
    return Export.objects.select_related("task").get(pk=export_id)


def alone(project_id: int) -> None:
    """Until the end of the transaction nobody else begins or takes an export of this project."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_TURNS, project_id % 2**31])


def begin(held: Export, *, shape: Mapping[str, Any], as_of: datetime, upto: int, total: int) -> None:
    """Fix what the file tells of and its columns; both stay, whoever carries on."""
    held.shape, held.as_of, held.upto, held.total = dict(shape), as_of, upto, total
    _change(held, shape=held.shape, as_of=as_of, upto=upto, total=total)


def renew(held: Export) -> None:
    """Give a sign of life. Raises Lost when it is not ours any more."""
    _change(held, lease_until=_leased())


def keep(held: Export, piece: Piece) -> None:
    """Store a piece together with the counters that speak of it. Raises Lost, and TooLarge."""
    stored = held.stored + len(piece.content)
    most = settings.ENV.SLIDER_EXPORT_MAX_MIB
    if stored > most * 2**20:
        raise TooLarge(
            f"the file takes more than {most:,} MiB: narrow it, by days for example, or leave parts out, "
            "and export it in several files"
        )
    counters = {"looked": F("looked") + piece.looked, "rows": F("rows") + piece.rows}
    with transaction.atomic():
        _change(held, stored=stored, after=piece.last, lease_until=_leased(), **counters)
        ExportPiece.objects.create(
            of=held,
            number=piece.number,
            is_rows=piece.is_rows,
            content=piece.content,
            first=piece.first,
            last=piece.last,
        )
    held.stored, held.after = stored, piece.last
    held.looked, held.rows = held.looked + piece.looked, held.rows + piece.rows


def assemble(held: Export) -> None:
    """Before rows are put together: what an earlier holder has put together of them is begun anew."""
    with transaction.atomic():
        held.stored = 0  # the rows go when the file is whole
        _change(held, stored=0, lease_until=_leased())
        ExportPiece.objects.filter(of=held, is_rows=False).delete()


def finish(held: Export, *, size: int, sha256: bytes) -> None:
    """The file is whole: from now on it is kept for some days. The log tells what left, by its digest."""
    days = min(settings.ENV.SLIDER_EXPORT_DAYS, held.task.contents_days or settings.ENV.SLIDER_EXPORT_DAYS)
    with transaction.atomic():
        _change(
            held,
            state=ExportState.DONE,
            looked=held.total,
            bytes=size,
            sha256=sha256,
            lease_until=None,
            finished_at=Now(),
            expires_at=Now() + timedelta(days=days),
        )
        ExportPiece.objects.filter(of=held, is_rows=True).delete()
        held.bytes, held.sha256 = size, sha256
        tell(held, "made", rows=held.rows, bytes=size, sha256=sha256.hex())


def fail(held: Export, problem: str) -> None:
    """It can't be made: nothing of it is kept, and its page says why."""
    with transaction.atomic():
        _change(held, state=ExportState.FAILED, problem=problem[:500], lease_until=None, finished_at=Now())
        ExportPiece.objects.filter(of=held).delete()
        tell(held, "failed")


def check_takes(held: Export) -> None:
    """Raises TooLarge for an export that nobody survives."""
    if held.takes > MOST_TAKES:
        raise TooLarge(f"{MOST_TAKES} workers died at this export: narrow it, or leave parts out")


def count(export: Export, *, is_rows: bool = False) -> int:
    """How many pieces are stored."""
    return ExportPiece.objects.filter(of=export, is_rows=is_rows).count()


def content(export: Export, *, is_rows: bool = False) -> Iterator[bytes]:
    """The pieces of an export, one in memory at a time; Lost where one is gone meanwhile."""
    pieces = ExportPiece.objects.filter(of=export, is_rows=is_rows)
    for number in range(count(export, is_rows=is_rows)):
        piece = pieces.filter(number=number).values_list("content", flat=True).first()
        if piece is None:
            raise Lost(f"export {export.pk} is not kept any longer")
        yield bytes(piece)


def _leased() -> Any:
    return Now() + timedelta(seconds=LEASE_S)


def _mine(held: Export) -> QuerySet[Export]:
    """The row of an export for as long as it is in our hands, and nothing afterwards."""
    return Export.objects.filter(pk=held.pk, token=held.token, state=ExportState.RUNNING)


def _change(held: Export, **changes: Any) -> None:
    if not _mine(held).update(**changes):
        raise Lost(f"export {held.pk} is in other hands, or cancelled")


def tell(export: Export, what: str, *, by: int | None = None, key: int | None = None, **more: Any) -> None:
    """Write into the log what became of it; `by` is who did it, where it was not asked for or made."""
    facts: dict[str, Any] = {"what": "items", "export": export.pk, "op": what, "format": export.format}
    facts |= {"narrowed": export.wanted.to_log(), "parts": export.parts, **more}
    key = key if key is not None else export.key_id if what == "asked" else None
    if key is not None:
        facts["key"] = key
    who = by if what in ("taken", "cancelled", "dropped") else export.by_id
    task = export.task
    log.write(Kind.EXPORT, by=who, facts=facts, project_id=task.project_id, task_id=task.pk)
