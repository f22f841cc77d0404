"""Tasks: listed, set up, changed and paused, by the same hands as on the pages."""

from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.http import HttpRequest
from ninja import Status

from slider.api import body, cursors, finding, reading, shapes, shapes_tasks
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call
from slider.api.faults import Fault
from slider.api.keys import may
from slider.api.worker_content import content
from slider.flow import operate, setup
from slider.models import Mode, Project, Scope, Stance, Task, Worker, examples, fitting, hard_rules, skills
from slider.queries import people, results
from slider.schema import Schema, SchemaError

_TAG = {"tag": "Tasks"}
_SETTINGS = tuple(name for name in shapes_tasks.Settings.model_fields)


@call("GET", "/tasks", Terms(Scope.READ, {200: shapes.TasksOut}, "see", queries=PAGED, extra=_TAG))
def list_tasks(request: HttpRequest) -> dict[str, Any]:
    """The project's tasks by their short names, each with where its slider stands."""
    key = finding.key(request)
    body.refuse_unknown(request, "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    place = cursors.read(request.GET.get("after"), purpose := f"tasks {key.project_id}")
    found = results.tasks(key.project_id, after=place[0] if place else "", most=limit + 1)
    shown = found[:limit]
    following = cursors.make(purpose, shown[-1].task.slug) if len(found) > limit else None
    return {"tasks": [reading.told(one.task, one.policy) for one in shown], "next": following}


@call(
    "POST",
    "/tasks",
    Terms(Scope.EDIT, {201: shapes.TaskOut}, takes=shapes_tasks.NewTask, extra=_TAG),
)
def create(request: HttpRequest) -> Status[Any]:
    """Set up a task with its first worker."""
    key = finding.key(request)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_tasks.NewTask)
    shape = examples.Shape(
        _schema("/input_schema", wanted.input_schema, item=True), _schema("/output_schema", wanted.output_schema)
    )
    task = Task(name=wanted.name, slug=wanted.slug or "")
    task.input_schema, task.output_schema = shape.input.document, shape.output.document
    _fill(task, wanted.settings, key.project, at="/settings")
    task.name = wanted.name
    worker = content(wanted.worker, shape, administer=may(key, "administer") and Scope.ADMINISTER in key.scopes)
    start = setup.Start(wanted.start.share, Mode(wanted.start.mode), "set up")
    try:
        made = setup.create_task(
            key.project, task, Worker(**({"name": "Worker"} | worker)), by=finding.person(key), start=start
        )
    except ValidationError as error:
        raise unfit(error) from None
    return Status(201, reading.told(made, results.gauge(made).policy))


@call("GET", "/tasks/{task}/settings", Terms(Scope.READ, {200: shapes_tasks.SettingsOut}, "see items", extra=_TAG))
def settings(request: HttpRequest, task: str) -> dict[str, Any]:
    """A task with all its settings."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    return _settings(found)


@call(
    "PATCH",
    "/tasks/{task}/settings",
    Terms(Scope.EDIT, {200: shapes_tasks.SettingsOut}, takes=shapes_tasks.Settings, extra=_TAG),
)
def change(request: HttpRequest, task: str) -> dict[str, Any]:
    """Change settings; what is left out stays. It holds from the next item on."""
    key = finding.key(request)
    known = finding.task(key, task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_tasks.Settings)
    with transaction.atomic():
        # Two changes at once, each of another setting, both stand.
        found = Task.objects.select_for_update(no_key=True).get(pk=known.pk)
        _fill(found, wanted, key.project)
        try:
            setup.save_task(found, by=finding.person(key))
        except ValidationError as error:
            raise unfit(error) from None
    return _settings(found)


@call(
    "PUT",
    "/tasks/{task}/pause",
    Terms(Scope.EDIT, {200: shapes.TaskOut}, takes=shapes_tasks.Pause, extra=_TAG),
)
def pause(request: HttpRequest, task: str) -> dict[str, Any]:
    """Let a task's workers stand still, or go on. People and intake go on as before."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_tasks.Pause)
    stance = Stance.PAUSED if wanted.paused else None
    try:
        operate.stand(operate.Target(found.pk), stance, by=finding.person(key), reason=wanted.reason)
    except operate.Unfit as error:
        raise Fault(422, "unfit", str(error), where="/reason") from None
    found.paused = wanted.paused
    return reading.told(found, results.gauge(found).policy)


def _settings(task: Task) -> dict[str, Any]:
    shown = ("slug", "input_schema", "output_schema", "paused", *_SETTINGS)
    return {name: getattr(task, name) for name in shown}


def _schema(where: str, document: dict[str, Any], *, item: bool = False) -> Schema:
    try:
        return fitting.item_schema(document) if item else Schema.compile(document)
    except SchemaError as error:
        raise Fault(422, "schema", error.message, where=where + error.where) from None


def _fill(task: Task, wanted: shapes_tasks.Settings, project: Project, *, at: str = "") -> None:
    """Put what was said on the task, checked against what its items hold and who reviews."""
    said = wanted.model_dump(exclude_unset=True)
    if "skills" in said:
        said["skills"] = skills.listed(said["skills"])
    for name, value in said.items():
        setattr(task, name, value)
    try:
        hard_rules.check(task.never_unattended)
    except ValidationError as error:
        raise Fault(422, "unfit", error.messages[0], where=f"{at}/never_unattended") from None
    names = ("skill_field", "stake_field", "never_unattended")
    wrong = fitting.rules(task.input_schema, **{name: getattr(task, name) for name in names})
    if words := fitting.title(task.title_field, task.input_schema):
        wrong["title_field"] = words
    if "looks" in said and (words := fitting.staffed(task.looks, people.reviewers(project))):
        wrong["looks"] = words
    for name, words in wrong.items():
        raise Fault(422, "unfit", words, where=f"{at}/{name}")


def unfit(error: ValidationError) -> Fault:
    """What the models refuse, field by field."""
    found = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    more = [
        {"code": "unfit", "where": "" if name == NON_FIELD_ERRORS else f"/{name}", "detail": words}
        for name, said in found.items()
        for words in said
    ]
    return Fault(422, "unfit", more[0]["detail"], where=more[0]["where"], more=more)
