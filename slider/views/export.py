"""The export: a task's items and results as a file, streamed."""

from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from slider.flow import log
from slider.models import Kind, State
from slider.queries import export as reads
from slider.views import access


@never_cache
@require_POST
def export(request: HttpRequest, task_id: int) -> HttpResponseBase:
    """The items of a task, `format` csv or jsonl, all or those in one `state`. The log tells who took them."""
    task = access.task_or_404(request, task_id, "export")
    kind = request.POST.get("format") or "csv"
    state = request.POST.get("state") or None
    if kind not in reads.FORMATS:
        return _refused(f"There is no such format. Choose one of: {', '.join(reads.FORMATS)}.")
    if state is not None and state not in State.values:
        return _refused(f"There is no such state. Choose one of: {', '.join(State.values)}, or leave it out.")
    facts = {"what": "items", "format": kind, "state": state or "all"}
    log.write(Kind.EXPORT, by=access.person(request).pk, facts=facts, project_id=task.project_id, task_id=task.pk)
    lines = reads.table(task, state=state) if kind == "csv" else reads.jsonl(task, state=state)
    response = StreamingHttpResponse(reads.pieces(lines), content_type=reads.FORMATS[kind])
    # The slug is letters, digits and hyphens, so nothing in the name can break the header or leave the folder.
    name = f"{task.slug}{f'-{state}' if state else ''}-{timezone.now():%Y-%m-%d}.{kind}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _refused(message: str) -> HttpResponseBase:
    return HttpResponseBadRequest(message, content_type="text/plain; charset=utf-8")
