"""Workers: a change is the next version; the fallback stands on the second rung."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from ninja import Status

from slider.api import body, finding, shapes_tasks, tasks
from slider.api.calls import Terms, call
from slider.api.faults import Fault
from slider.api.keys import may
from slider.api.worker_content import content
from slider.flow import setup
from slider.models import ApiKey, Scope, Task, Worker, examples
from slider.queries import endpoints
from slider.schema import Schema

_TAG = {"tag": "Workers"}
_MOST = 50


@call("GET", "/tasks/{task}/workers", Terms(Scope.READ, {200: shapes_tasks.WorkersOut}, "edit task", extra=_TAG))
def list_workers(request: HttpRequest, task: str) -> dict[str, Any]:
    """All versions of a task's workers, newest first."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return {"workers": _told(list(Worker.objects.filter(task=found).order_by("-pk")[:_MOST]))}


@call(
    "PATCH",
    "/tasks/{task}/worker",
    Terms(Scope.EDIT, {200: shapes_tasks.WorkerOut}, takes=shapes_tasks.Worker, refuses=(409,), extra=_TAG),
)
def change(request: HttpRequest, task: str) -> dict[str, Any]:
    """Put the next version of the worker in its place; the slider's evidence starts anew. The same again: no change."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_tasks.Worker)
    old = Worker.objects.filter(task=found, retired_at=None).order_by("rung").first()
    if old is None:
        raise Fault(409, "no_worker", "This task has no worker.")
    said = content(wanted, _shape(found), administer=_administers(key), old=old)
    try:
        saved = setup.replace_worker(old, said, by=finding.person(key))
    except ValidationError as error:
        raise tasks.unfit(error) from None
    return _told([saved])[0]


@call(
    "PUT",
    "/tasks/{task}/fallback",
    Terms(Scope.EDIT, {200: shapes_tasks.WorkerOut}, takes=shapes_tasks.Worker, refuses=(409,), extra=_TAG),
)
def fall_back(request: HttpRequest, task: str) -> dict[str, Any]:
    """Say who is asked in the worker's place. Of a first fallback, what is left out is as the worker has it."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_tasks.Worker)
    first = Worker.objects.filter(task=found, retired_at=None).order_by("rung").first()
    if first is None:
        raise Fault(409, "no_worker", "This task has no worker.")
    old = Worker.objects.filter(task=found, retired_at=None, rung=setup.FALLBACK_RUNG).first()
    kept = ("model", "instructions", "examples", "samples", "logprobs")
    start = {} if old else {"name": "Fallback"} | {name: getattr(first, name) for name in kept}
    said = start | content(wanted, _shape(found), administer=_administers(key), old=old or first)
    try:
        saved = setup.save_fallback(found, said)
    except ValidationError as error:
        raise tasks.unfit(error) from None
    return _told([saved])[0]


@call("DELETE", "/tasks/{task}/fallback", Terms(Scope.EDIT, {204: None}, extra=_TAG))
def drop(request: HttpRequest, task: str) -> Status[Any]:
    """Ask nobody in the worker's place any more."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    setup.drop_fallback(found)
    return Status(204, None)


def _administers(key: ApiKey) -> bool:
    return may(key, "administer") and Scope.ADMINISTER in key.scopes


def _shape(task: Task) -> examples.Shape:
    return examples.Shape(Schema.compile(task.input_schema), Schema.compile(task.output_schema))


def _told(workers: list[Worker]) -> list[dict[str, Any]]:
    troubles = endpoints.troubles([one for one in workers if one.retired_at is None])
    names = [name for name in shapes_tasks.WorkerOut.model_fields if name not in ("id", "trouble")]
    return [
        {"id": one.pk, "trouble": troubles.get(one.pk, "")} | {name: getattr(one, name) for name in names}
        for one in workers
    ]
