"""Exports for tests, made by the fleet's own machine in this process.

made = files_out.made(cast.task, by=cast.tuner, kind=Format.CSV)
text = files_out.content(made).decode()
"""

from collections.abc import Sequence

from django.contrib.auth.models import User

from slider.flow import exports
from slider.models import Export, Format, Narrowed, Task
from slider.rows.shaped import USUAL
from tasks.export import export


def asked(
    task: Task,
    *,
    by: User,
    kind: Format = Format.JSONL,
    wanted: Narrowed | None = None,
    parts: Sequence[str] = USUAL,
) -> Export:
    """One that waits for its turn."""
    return exports.ask(task, kind=kind, wanted=wanted or Narrowed(), parts=parts, by=by.pk)


def run(row: Export) -> Export:
    """The export after the fleet has come to it."""
    export(row.pk)
    return Export.objects.select_related("task", "by", "key").get(pk=row.pk)


def made(
    task: Task,
    *,
    by: User,
    kind: Format = Format.JSONL,
    wanted: Narrowed | None = None,
    parts: Sequence[str] = USUAL,
) -> Export:
    """One whose file is there."""
    return run(asked(task, by=by, kind=kind, wanted=wanted, parts=parts))


def content(row: Export) -> bytes:
    """The file as it is downloaded."""
    return b"".join(exports.download(row))
