"""Items as files: asked for, made by the fleet, looked at, downloaded and deleted; or streamed at once."""

from datetime import datetime
from typing import Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Status
from pydantic import BaseModel, ConfigDict, Field

from slider.api import body, calls, cursors, finding, shapes
from slider.api.calls import Terms, call
from slider.api.faults import Fault, not_found
from slider.api.shapes import Shape
from slider.flow import exports as writing
from slider.flow import log
from slider.models import Export, ExportState, Format, Kind, Narrowed, Scope, State
from slider.queries import export, exports
from slider.rows import parquet_out
from slider.rows.shaped import PARTS

_TAG = {"tag": "Exports"}
_AT_ONCE = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}
_FORMAT = calls.query("format", {"type": "string", "enum": list(_AT_ONCE), "default": "jsonl"}, "What it is.")
_STATE = calls.query("state", {"type": "string", "enum": State.values}, "Only items in this state.")


def _file(*kinds: str) -> dict[str, Any]:
    content = {kind: {"schema": {"type": "string"}} for kind in kinds}
    return {"tag": "Exports", "responses": {200: {"description": "The file.", "content": content}}}


class Wanted(BaseModel):
    """Which items; what is left out narrows nothing. Of each span of time its beginning is in and its end is not."""

    model_config = ConfigDict(extra="forbid")
    state: Literal["ready", "working", "review", "done", "withdrawn"] | None = None
    lane: Literal["unattended", "people"] | None = None
    begins: str | None = Field(None, min_length=1, max_length=255, description="How the external id begins.")
    came_since: shapes.GivenMoment | None = Field(None, examples=["2026-11-01T00:00:00Z"])
    came_until: shapes.GivenMoment | None = None
    done_since: shapes.GivenMoment | None = None
    done_until: shapes.GivenMoment | None = None


class NewExport(BaseModel):
    """A file to be made. Without `parts` it tells the usual ones; with an empty list it is what came in."""

    model_config = ConfigDict(extra="forbid")
    format: Literal["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"] = "jsonl"
    items: Wanted = Field(default_factory=Wanted)
    parts: list[Literal["state", "decision", "result", "verdict", "marks", "attempts", "looks"]] = Field(
        ["state", "decision", "result", "verdict", "marks"], max_length=len(PARTS)
    )


class ExportOut(Shape):
    """An export. `rows`, `bytes` and `sha256` are of the whole file once its `state` is done."""

    id: int
    task: str = Field(examples=["sort-messages"])
    state: Literal["waiting", "running", "done", "failed", "cancelled", "dropped"] = Field(examples=["done"])
    problem: str = Field(description="Why it could not be made, or is not kept.", examples=[""])
    format: str = Field(examples=["jsonl"])
    items: dict[str, str] = Field(examples=[{"state": "done"}])
    parts: list[str] = Field(examples=[["state", "result"]])
    as_of: datetime | None = Field(description="The moment that it tells of.")
    total: int | None = Field(description="Items to look through.")
    looked: int = Field(description="How many of them were looked through.")
    rows: int
    bytes: int
    sha256: str | None = Field(description="Of the bytes that are downloaded.", examples=["9f86d081884c7d65..."])
    name: str = Field(examples=["sort-messages-1-2026-11-28.jsonl"])
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="Until then it can be downloaded.")


class ExportsOut(Shape):
    """A page of exports, newest first; `next` is null on the last page."""

    exports: list[ExportOut]
    next: str | None


@call("POST", "/tasks/{task}/exports", Terms(Scope.EXPORT, {202: ExportOut}, takes=NewExport, extra=_TAG))
def ask(request: HttpRequest, task: str) -> Status[Any]:
    """Have a file of items made; ask for it until its `state` is done, then take its content."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    said = body.shaped(request, NewExport)
    if Format(said.format) is Format.PARQUET and not parquet_out.is_here():
        raise Fault(422, "no_parquet", f"{parquet_out.MISSING}.", where="/format", hint="Take another format.")
    if said.items.begins is not None and "\x00" in said.items.begins:
        raise Fault(422, "unfit", "The id holds a NUL character.", where="/items/begins")
    wanted = Narrowed(**{name: value for name, value in said.items if value is not None})
    try:
        made = writing.ask(
            found, kind=Format(said.format), wanted=wanted, parts=said.parts, by=key.person_id, key=key.pk
        )
    except writing.Unfit as error:
        raise Fault(409, "too_many_exports", str(error), hint="Ask again later.") from None
    return Status(202, _told(made))


@call("GET", "/tasks/{task}/exports", Terms(Scope.EXPORT, {200: ExportsOut}, queries=calls.PAGED, extra=_TAG))
def index(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task's exports, newest first, those that are not kept any longer among them."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=calls.USUAL_PAGE, most=calls.LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"exports {found.pk}")
    rows = exports.listed(found, before=place[0] if place else None, most=limit + 1)
    following = cursors.make(purpose, rows[limit - 1].pk) if len(rows) > limit else None
    return {"exports": [_told(row) for row in rows[:limit]], "next": following}


@call("GET", "/exports/{export_id}", Terms(Scope.EXPORT, {200: ExportOut}, extra=_TAG))
def show_one(request: HttpRequest, export_id: str) -> dict[str, Any]:
    """One export: how far it is, and what its file holds."""
    body.refuse_unknown(request)
    return _told(_found(request, export_id))


@call(
    "GET",
    "/exports/{export_id}/content",
    Terms(
        Scope.EXPORT,
        {200: None},
        refuses=(409,),
        extra=_file("application/x-ndjson", "text/csv", "application/gzip", "application/vnd.apache.parquet"),
    ),
)
def content(request: HttpRequest, export_id: str) -> StreamingHttpResponse:
    """The file of an export that is done."""
    body.refuse_unknown(request)
    row, key = _found(request, export_id), finding.key(request)
    if row.state != ExportState.DONE:
        later = not row.is_over
        words = exports.progress(row).words
        raise Fault(409, "not_ready" if later else "no_file", words, hint="Ask again in a second." if later else "")
    writing.taken(row, by=key.person_id, key=key.pk)
    kind = writing.MIME[Format(row.format)]
    return StreamingHttpResponse(writing.download(row), content_type=kind, headers=writing.headers(row))


@call("DELETE", "/exports/{export_id}", Terms(Scope.EXPORT, {204: None}, extra=_TAG))
def delete(request: HttpRequest, export_id: str) -> Status[None]:
    """Cancel an export that is being made, or delete its file; once more does nothing."""
    body.refuse_unknown(request)
    writing.cancel(_found(request, export_id), by=finding.key(request).person_id)
    return Status(204, None)


@call(
    "GET",
    "/tasks/{task}/export",
    Terms(Scope.EXPORT, {200: None}, queries=[_FORMAT, _STATE], extra=_file("application/x-ndjson", "text/csv")),
)
def show(request: HttpRequest, task: str) -> StreamingHttpResponse:
    """All items with their newest results, oldest first, at once. A JSON Lines export can be imported as it is."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "format", "state")
    kind = body.choice(request, "format", list(_AT_ONCE), usual="jsonl") or "jsonl"
    wanted = Narrowed(state=body.choice(request, "state", State.values) or "")
    facts = {"what": "items", "op": "streamed", "format": kind, "narrowed": wanted.to_log(), "key": key.pk}
    log.write(Kind.EXPORT, by=key.person_id, facts=facts, project_id=found.project_id, task_id=found.pk)
    texts = export.table(found, wanted=wanted) if kind == "csv" else export.jsonl(found, wanted=wanted)
    response = StreamingHttpResponse((text.encode() for text in texts), content_type=_AT_ONCE[kind])
    response["Content-Disposition"] = f'attachment; filename="{found.slug}.{kind}"'
    return response


def _found(request: HttpRequest, export_id: str) -> Export:
    row = exports.found(body.identifier(export_id))
    if row is None or row.task.project_id != finding.key(request).project_id:
        raise not_found()
    return row


def _told(row: Export) -> dict[str, Any]:
    names = ("id", "state", "problem", "format", "parts", "as_of", "total", "looked", "rows", "bytes", "name")
    told = {name: getattr(row, name) for name in (*names, "created_at", "finished_at", "expires_at")}
    sha256 = None if row.sha256 is None else bytes(row.sha256).hex()
    return told | {"task": row.task.slug, "items": row.narrowed, "sha256": sha256}
