"""Items that have grown old, for tests of the archive."""

import pytest
from django.db import connection, transaction

from slider.flow import archive
from slider.models import Item, Task
from tests import casts
from tests.casts import Company

DAYS = 30


def company(monkeypatch: pytest.MonkeyPatch, *, share: float = 1.0) -> Company:
    """A company whose items leave after a month, where none is too new to; most run unattended."""
    monkeypatch.setattr(archive, "RECENT", 0)
    return casts.company(share=share, archive_after_days=DAYS)


def grow_old(of: Task, *, days: float = DAYS + 1) -> None:
    """All of the task's items so far began and ended so many days earlier; their undo windows are over."""
    casts.time_passes(of)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE slider_item SET created_at = created_at - %(days)s * interval '1 day',
                finished_at = finished_at - %(days)s * interval '1 day' WHERE task_id = %(task)s;
            UPDATE slider_parcel w SET state = 'sent', delivered_at = clock_timestamp() FROM slider_endpoint e
            WHERE e.id = w.endpoint_id AND e.task_id = %(task)s AND w.state = 'due';
            DELETE FROM slider_unheard WHERE task_id = %(task)s;
            """,
            {"task": of.pk, "days": days},
        )


def archived(of: Task) -> list[str]:
    """The external ids of the task's items that are in the archive."""
    found = Item.objects.filter(task=of, archived__isnull=False).order_by("pk")
    return list(found.values_list("external_id", flat=True))


def everything() -> dict[str, list[str]]:
    """Every row that may leave for the archive, to the letter."""
    found = {}
    with connection.cursor() as cursor:
        for table in ("slider_payload", "slider_move", "slider_attempt", "slider_archived"):
            cursor.execute(f"SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1")
            found[table] = [row for (row,) in cursor.fetchall()]
    return found
