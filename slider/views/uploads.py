"""Files that people give a page: taken at the door, what one may be, and the rows that were refused."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, StreamingHttpResponse

from slider.flow.files import Unfit
from slider.models import Import, Task
from slider.queries import imports
from slider.views import access, csv_out

Kept = TypeVar("Kept")
MIB = 2**20


def take(request: HttpRequest, task: Task, *, receive: Callable[..., Kept], advice: str = "") -> Kept:
    """Have the file of a form received for the task, and return what became of it.

    Raises Unfit, in words for whoever sent it; `advice` ends those about a file that is too large.
    """
    file = request.FILES.get("file")
    if file is None:
        raise Unfit("Choose a file first.")
    if file.size is not None and file.size > settings.IMPORT_MAX_BYTES:
        most = settings.IMPORT_MAX_BYTES // MIB
        raise Unfit(f"The file has {file.size / MIB:,.1f} MB; at most {most} MB are taken{advice}.")
    return receive(task, name=file.name or "", stream=file, by=access.person(request).pk)


def limits() -> dict[str, int]:
    """What `intake/_file.html` says of a file's size."""
    return {"most_mb": settings.IMPORT_MAX_BYTES // MIB, "most_rows": settings.IMPORT_MAX_ROWS}


def refused(file: Import | None) -> dict[str, Any]:
    """The first refused rows of a file, for `intake/_refused.html`."""
    return {"refused_rows": imports.refused(file) if file is not None else [], "shown_rows": imports.SHOWN_ROWS}


def refused_csv(file: Import | None, *, name: str) -> StreamingHttpResponse:
    """Every refused row of a file as a CSV file."""
    rows = imports.all_refused(file) if file is not None else []
    lines = ([str(row.line), row.column, row.reason] for row in rows)
    return csv_out.stream(lines, name=name, head=["line", "column", "reason"])
