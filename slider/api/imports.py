"""Files come in: sent, examined, tried out, brought in as somebody says, or dropped."""

from typing import Any

from django.db import IntegrityError
from django.http import HttpRequest, UnreadablePostError
from ninja import Status

from slider.api import body, calls, cursors, finding, once, sending
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call
from slider.api.faults import Fault, not_found
from slider.api.shapes_imports import BringIn, ImportOut, ImportsOut, RefusalsOut
from slider.flow import asking, files, histories
from slider.models import ApiKey, Import, ImportState, Past, Purpose, RefusedRow, Scope, Task
from slider.queries import imports as told
from slider.rows import Unmapped

_TAG: dict[str, Any] = {"tag": "Files"}
_FLAG = {"type": "string", "enum": ["0", "1"], "default": "0"}
_PURPOSE = {"type": "string", "enum": Purpose.values, "default": "items"}
_SAID: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "description": "What the file is called; its ending says how it is read."},
    "purpose": _PURPOSE | {"description": "items to work on, or past outputs that people have judged."},
    "dry_run": _FLAG | {"description": "1: read every row, count what would become of it, and wait for a word."},
    "ask": _FLAG | {"description": "1: examine it, and wait for a word."},
    "mapping": {"type": "string", "description": "Which column goes where, as JSON; without it: as they are called."},
}
_QUERIES = [
    calls.query(name, {key: value for key, value in said.items() if key != "description"}, said["description"])
    for name, said in _SAID.items()
]
_FILE = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = _TAG | {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": _FILE},
            "multipart/form-data": {
                "schema": {"type": "object", "required": ["file"], "properties": {"file": _FILE} | _SAID}
            },
        },
    }
}


@call(
    "POST",
    "/tasks/{task}/imports",
    Terms(Scope.INTAKE, {200: ImportOut, 202: ImportOut}, queries=_QUERIES, extra=_BODY, streams=True),
)
def send(request: HttpRequest, task: str) -> Status[Any]:
    """Send a file of items, or of past outputs; CSV, JSON Lines or Excel, text also gzipped."""
    key = finding.key(request)
    found = finding.task(key, task)
    name = once.name_of(request)
    sent = sending.read(request)
    if sent.purpose == Purpose.HISTORY and (sent.dry_run or sent.ask or sent.mapping):
        message = "A history always waits for a word, and what its columns mean is said of it afterwards."
        raise Fault(422, "unfit", message, where="purpose", hint="Send it without dry_run, ask and mapping.")
    named = None if name is None else f"{key.pk} {name}"
    try:
        if named is not None and (known := _known(named)) is not None:
            return Status(200, _again(known, sent, found))
        held = _received(sent, found, key, named)
    except UnreadablePostError:
        raise sending.cut_off() from None
    except files.Unfit as error:
        raise Fault(422, "unfit", f"{error}.", where="file") from None
    return Status(202, _told(held))


def _received(sent: sending.Sent, task: Task, key: ApiKey, once_named: str | None) -> Import:
    then = ImportState.TRYING if sent.dry_run else ImportState.LOOKING if sent.ask else ImportState.WAITING
    if then == ImportState.WAITING and sent.mapping is not None:
        then = ImportState.COMING
    by = key.person_id or key.created_by_id
    try:
        held = files.receive(
            task,
            name=sent.name,
            stream=sent.stream,
            by=by,
            purpose=sent.purpose,
            then=then,
            mapping=sent.mapping,
            once=once_named,
            said=sent.said,
        )
    except IntegrityError as error:
        if "one_import_a_call" not in str(error):
            raise
        raise _underway() from None
    if sent.purpose == Purpose.HISTORY:
        histories.of(held)
    return held


def _known(named: str) -> Import | None:
    """The file that came by this very call before; Fault while it is still arriving."""
    files.tidy()  # one whose sender died is told as such, and its name is free again
    known = Import.objects.select_related("task").filter(once=named).first()
    if known is not None and known.state == ImportState.ARRIVING:
        raise _underway()
    return known


def _underway() -> Fault:
    words = "This very file is being sent at this moment."
    return Fault(409, "underway", words, hint="Ask again in a few seconds.", headers={"Retry-After": "5"})


def _again(known: Import, sent: sending.Sent, task: Task) -> dict[str, Any]:
    """The same call again tells of the same file; another file, or another word of it, under its name is refused."""
    if known.task_id != task.pk or sending.digest(sent.stream) != bytes(known.sha256):
        words = "This Idempotency-Key stands for another file."
        raise Fault(422, "idempotency_key_reused", words, where="Idempotency-Key", hint="Take a new one.")
    if known.once_said is not None and bytes(known.once_said) != sent.said:
        words = "This Idempotency-Key stands for another call: the file was sent with other parameters."
        raise Fault(422, "idempotency_key_reused", words, where="Idempotency-Key", hint="Take a new one.")
    return _told(known)


@call("GET", "/tasks/{task}/imports", Terms(Scope.INTAKE, {200: ImportsOut}, queries=PAGED, extra=_TAG))
def list_imports(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task's files, newest first."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"imports {found.pk}")
    rows = list(told.page(found, before=place[0] if place else None, most=limit + 1))
    following = cursors.make(purpose, rows[limit - 1].pk) if len(rows) > limit else None
    return {"imports": [_told(one) for one in rows[:limit]], "next": following}


@call("GET", "/imports/{import_id}", Terms(Scope.INTAKE, {200: ImportOut}, extra=_TAG))
def show_import(request: HttpRequest, import_id: str) -> dict[str, Any]:
    """One file: how far it is, what its columns hold, and what became of its rows."""
    body.refuse_unknown(request)
    return _told(_found(request, import_id))


@call("GET", "/imports/{import_id}/refused", Terms(Scope.INTAKE, {200: RefusalsOut}, queries=PAGED, extra=_TAG))
def list_refused(request: HttpRequest, import_id: str) -> dict[str, Any]:
    """The rows of a file that were refused, or would be after a dry run, with line, column and reason."""
    held = _found(request, import_id)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"refused {held.pk}")
    after = (place[0], place[1]) if place else None
    rows = told.refused_page(held, after=after, most=limit + 1)
    following = cursors.make(purpose, rows[limit - 1].line, rows[limit - 1].pk) if len(rows) > limit else None
    return {"refused": [_row(one) for one in rows[:limit]], "next": following}


@call(
    "POST",
    "/imports/{import_id}/start",
    Terms(Scope.INTAKE, {202: ImportOut}, takes=BringIn, refuses=(409,), extra=_TAG),
)
def start(request: HttpRequest, import_id: str) -> Status[Any]:
    """Bring a file in that waits for a word, as the mapping says; with `dry_run` only try it out."""
    held = _found(request, import_id)
    body.refuse_unknown(request)
    wanted = body.shaped(request, BringIn)
    mapping = None if wanted.mapping is None else sending.mapping_of(wanted.mapping, "/mapping")
    if held.state != ImportState.ASKING:
        raise _deaf(held)
    try:
        if wanted.dry_run:
            asking.try_out(held, mapping)
        else:
            asking.start(held, mapping, by=finding.key(request).person_id)
    except Unmapped as error:
        raise Fault(422, "mapping", f"{error}.", where=f"/mapping{error.where}") from None
    except files.Unfit:
        raise _deaf(held) from None
    return Status(202, _told(held))


def _deaf(held: Import) -> Fault:
    past = Past.objects.filter(file=held).values_list("pk", flat=True).first()
    hint = "Look at it again." if past is None else f"A history is put into force at /histories/{past}/confirm."
    return Fault(409, "not_asking", f"This file is {told.state_of(held)}: it waits for no word.", hint=hint)


@call("DELETE", "/imports/{import_id}", Terms(Scope.INTAKE, {200: ImportOut}, refuses=(409,), extra=_TAG))
def drop(request: HttpRequest, import_id: str) -> dict[str, Any]:
    """End a file wherever it is; what is in stays, and `added` says how much that is."""
    held = _found(request, import_id)
    body.refuse_unknown(request)
    by = finding.key(request).person_id
    past = Past.objects.filter(file=held).first()
    try:
        if past is not None:
            histories.drop(past, by=by)
        elif not asking.drop(held, by=by) and held.state != ImportState.DROPPED:
            raise Fault(409, "over", f"This file is {told.state_of(held)}: there is nothing to drop.")
    except histories.Unfit as error:
        raise Fault(409, "over", f"{error}.") from None
    return _told(_found(request, import_id))


def _found(request: HttpRequest, import_id: str) -> Import:
    project = finding.key(request).project_id
    imports = Import.objects.select_related("task__project")
    held = imports.filter(pk=body.identifier(import_id), task__project=project).first()
    if held is None:
        raise not_found()
    return held


def _row(row: RefusedRow) -> dict[str, Any]:
    return {"line": row.line, "column": row.column, "reason": row.reason}


def _told(held: Import) -> dict[str, Any]:
    past = Past.objects.filter(file=held).values_list("pk", flat=True).first()
    columns = [{name: one[name] for name in ("name", "kind", "filled", "examples")} for one in held.columns or []]
    return {
        **{name: getattr(held, name) for name in ("name", "purpose", "problem", "note", "bytes", "seen", "added")},
        **{name: getattr(held, name) for name in ("known", "refused", "mapping", "tried", "created_at", "finished_at")},
        "id": held.pk,
        "task": held.task.slug,
        "state": told.state_of(held),
        "sha256": bytes(held.sha256).hex(),
        "rows": held.total,
        "columns": columns,
        "history": past,
        "drops_at": told.drops_at(held) if held.state == ImportState.ASKING else None,
    }
