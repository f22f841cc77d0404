"""A task's items and results as a file, streamed with flat memory."""

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse

from slider.api import body, calls, finding
from slider.api.calls import Terms, call
from slider.flow import log
from slider.models import Kind, Scope, State
from slider.queries import export

_FORMAT = calls.query("format", {"type": "string", "enum": list(export.FORMATS), "default": "jsonl"}, "What it is.")
_STATE = calls.query("state", {"type": "string", "enum": State.values}, "Only items in this state.")
_FILE: dict[str, Any] = {
    "tag": "Exports",
    "responses": {
        200: {
            "description": "The file.",
            "content": {
                "application/x-ndjson": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        }
    },
}


@call(
    "GET",
    "/tasks/{task}/export",
    Terms(Scope.EXPORT, {200: None}, queries=[_FORMAT, _STATE], extra=_FILE),
)
def show(request: HttpRequest, task: str) -> StreamingHttpResponse:
    """All items with their newest results, oldest first. A JSON Lines export can be imported as it is."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "format", "state")
    kind = body.choice(request, "format", list(export.FORMATS), usual="jsonl")
    state = body.choice(request, "state", State.values)
    facts = {"what": "items", "format": kind, "state": state or "all", "key": key.pk}
    log.write(Kind.EXPORT, by=key.person_id, facts=facts, project_id=found.project_id, task_id=found.pk)
    lines = export.table(found, state=state) if kind == "csv" else export.jsonl(found, state=state)
    response = StreamingHttpResponse(export.pieces(lines), content_type=export.FORMATS[kind or "jsonl"])
    response["Content-Disposition"] = f'attachment; filename="{found.slug}.{kind}"'
    return response
