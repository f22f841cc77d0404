"""Files of items on their way out: asked for, made under a lease piece by piece, kept for some days, dropped."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from slider.flow.export_pieces import OWED, Lost, TooLarge, alone, content, tell, waiting
from slider.models import Export, ExportPiece, ExportState, Format, Narrowed, Task
from slider.models.emptied import GONE
from slider.rows import packing

__all__ = [
    "MIME",
    "Lost",
    "TooLarge",
    "Unfit",
    "ask",
    "cancel",
    "content",
    "download",
    "drop_with",
    "forget",
    "headers",
    "taken",
    "waiting",
]

MOST_OWED = 20  # of a project, waiting or being made


class Unfit(ValueError):
    """An export that is not begun; the text says why and what to do."""


def ask(
    task: Task,
    *,
    kind: Format,
    wanted: Narrowed,
    parts: Sequence[str],
    by: int | None,
    key: int | None = None,
) -> Export:
    """Ask for a file; the fleet makes it. Raises Unfit where the project has too many under way."""
    with transaction.atomic():
        alone(task.project_id)
        owed = Export.objects.filter(task__project=task.project_id, state__in=OWED).count()
        if owed >= MOST_OWED:
            raise Unfit(f"{owed} exports of this project wait or are being made: let them end, or cancel one.")
        made = Export.objects.create(
            task=task, by_id=by, key_id=key, format=kind, narrowed=wanted.to_json(), parts=list(parts)
        )
        tell(made, "asked")
    made.refresh_from_db()
    return made


def cancel(export: Export, *, by: int | None) -> bool:
    """Stop an export that is not over, or delete a file that is there; False where there is nothing of either."""
    with transaction.atomic():
        row = Export.objects.filter(pk=export.pk)
        changes: dict[str, Any] = {"lease_until": None, "finished_at": Now(), "expires_at": None}
        stopped = row.filter(state__in=OWED).update(state=ExportState.CANCELLED, **changes)
        words = "it was deleted"
        deleted = row.filter(state=ExportState.DONE).update(state=ExportState.DROPPED, problem=words, expires_at=None)
        if not stopped and not deleted:
            return False
        ExportPiece.objects.filter(of=export).delete()
        tell(export, "cancelled" if stopped else "dropped", by=by)
    return True


def taken(export: Export, *, by: int | None, key: int | None = None) -> None:
    """The log tells who has downloaded it."""
    tell(export, "taken", by=by, key=key)


MIME = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.CSV_GZ: "application/gzip",
    Format.JSONL: "application/x-ndjson; charset=utf-8",
    Format.JSONL_GZ: "application/gzip",
    Format.PARQUET: "application/vnd.apache.parquet",
}


def headers(export: Export) -> dict[str, str]:
    """What a download says of itself; its length, so that one that is cut off is noticed."""
    return {
        "Content-Disposition": f'attachment; filename="{export.name}"',
        "Content-Length": str(export.bytes),
        "X-Content-Type-Options": "nosniff",
    }


def download(export: Export) -> Iterator[bytes]:
    """The file as it is downloaded. Raises Lost in the middle where it is dropped meanwhile."""
    is_plain = export.format in (Format.CSV, Format.JSONL)
    for piece in content(export):
        yield from packing.unpacked(piece) if is_plain else (piece,)


def forget(*, most: int = 100) -> int:
    """Drop files whose days are over; how many. For the sweep."""
    with transaction.atomic():
        old = Export.objects.select_for_update(skip_locked=True).filter(state=ExportState.DONE, expires_at__lte=Now())
        found = list(old.order_by("expires_at").values_list("pk", flat=True)[:most])
        if found:
            Export.objects.filter(pk__in=found).update(state=ExportState.DROPPED, problem="its days are over")
            ExportPiece.objects.filter(of__in=found).delete()
    return len(found)


def drop_with(task_id: int, item_ids: Sequence[int]) -> int:
    """Drop every file of a task that may hold one of these items, and begin those anew that are being made; how many.

    For whoever erases items: call it in the transaction that does. A file may hold an item that lies between the first
    and the last of one of its pieces. An export that is being made may have read the item and not stored it yet, so it
    begins anew as soon as its boundary lies behind the item.
    """
    ids = sorted(item_ids)
    if not ids:
        return 0
    with connection.cursor() as cursor:
        # Locked first, asked afterwards: whoever stores a piece of one has done so by then, or does not any more.
        cursor.execute(
            "SELECT id FROM slider_export WHERE task_id = %s AND state IN ('running', 'done') ORDER BY id FOR UPDATE",
            [task_id],
        )
        cursor.execute(
            """
            SELECT e.id, e.state FROM slider_export e WHERE e.task_id = %s AND (
                (e.state = 'running' AND (e.upto IS NULL OR e.upto >= %s))
                OR (e.state = 'done' AND EXISTS (
                    SELECT FROM slider_exportpiece p JOIN unnest(%s::bigint[]) AS gone(id)
                    ON gone.id BETWEEN p.first AND p.last WHERE p.of_id = e.id
                ))
            )
            """,
            [task_id, ids[0], ids],
        )
        found = dict(cursor.fetchall())
    done = [pk for pk, state in found.items() if state == ExportState.DONE]
    running = [pk for pk, state in found.items() if state == ExportState.RUNNING]
    ExportPiece.objects.filter(of__in=found).delete()
    words = "something in it was erased: export anew"
    Export.objects.filter(pk__in=done).update(state=ExportState.DROPPED, problem=words, expires_at=None)
    Export.objects.filter(pk__in=running).update(
        state=ExportState.WAITING, token=F("token") + 1, lease_until=None, **_ANEW
    )
    return len(found)


def forget_name(task_id: int, external_id: str, *, called: str) -> None:
    """An erased item's id goes from what exports of its task were narrowed to; `called` is what it is called now.

    One that is not over still has to be narrowed: it keeps a beginning that others share.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_export
            SET narrowed = jsonb_set(narrowed, '{begins}', to_jsonb(CASE WHEN narrowed->>'begins' = %(id)s
                THEN %(called)s ELSE %(gone)s END::text))
            WHERE task_id = %(task)s AND starts_with(%(id)s, narrowed->>'begins')
              AND (narrowed->>'begins' = %(id)s OR NOT state = ANY(%(owed)s))
            """,
            {"task": task_id, "id": external_id, "called": called, "gone": GONE, "owed": [str(one) for one in OWED]},
        )


_ANEW: dict[str, Any] = {
    "shape": None, "as_of": None, "upto": None, "total": None, "after": 0, "looked": 0, "rows": 0, "stored": 0,
    "takes": 0,
}  # fmt: skip
