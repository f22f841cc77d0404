"""The operator's board and what operators do: pause, drain, resume, and send on its way what got stuck."""

from typing import Any

from django.http import HttpRequest

from slider.api import body, finding, fleet_told, keys, shapes_requeue
from slider.api import shapes_fleet as forms
from slider.api.calls import Terms, call, query
from slider.api.faults import Fault, not_found
from slider.flow import operate
from slider.flow import requeue as flow
from slider.flow.operate import Target
from slider.models import Halt, Operation, Scope, Stance, Worker
from slider.queries import fleet, fleet_hosts, fleet_profiles, fleet_stuck, fleet_tasks
from slider.queries.fleet_hosts import Host

_TAG = {"tag": "Fleet"}
_STANCES = {"paused": Stance.PAUSED, "draining": Stance.DRAINING, "go": None}
_WHAT = query("what", {"type": "string", "enum": list(fleet_stuck.WHATS)}, "Items without an answer, or what is sent.")
_OUTCOME = query(
    "outcome", {"type": "string", "enum": sorted(fleet_stuck.OUTCOME_WORDS)}, "Only items with this outcome."
)


@call("GET", "/fleet", Terms(Scope.ADMINISTER, {200: forms.BoardOut}, "operate", extra=_TAG))
def show(request: HttpRequest) -> dict[str, Any]:
    """The board: stages, tasks, workers and their money, halts, what is stuck, what wants somebody."""
    key = finding.key(request)
    body.refuse_unknown(request)
    found = fleet.board([key.project_id], with_machines=fleet_told.runs_machines(key))
    return fleet_told.board(found, key.project_id)


@call("GET", "/tasks/{task}/fleet", Terms(Scope.ADMINISTER, {200: forms.TaskBoardOut}, "operate", extra=_TAG))
def show_task(request: HttpRequest, task: str) -> dict[str, Any]:
    """How a task and its workers stand, what of it is stuck, and what was done to it."""
    found = finding.task(finding.key(request), task)
    body.refuse_unknown(request)
    (row,) = fleet_tasks.rows([found])
    profiles = fleet_profiles.profiles([found.pk], fleet_hosts.processes())
    return fleet_told.task_row(row) | {
        "workers": [fleet_told.worker_row(one) for one in profiles],
        "outcomes": [
            {"outcome": one.outcome, "words": one.words, "count": one.count} for one in fleet_stuck.outcomes(found.pk)
        ],
        "operations": [fleet_told.operation(one) for one in fleet.operations([found.pk], most=20)],
    }


@call(
    "PUT",
    "/tasks/{task}/stance",
    Terms(Scope.ADMINISTER, {200: forms.StoodOut}, "operate", takes=forms.StandTask, extra=_TAG),
)
def stand_task(request: HttpRequest, task: str) -> dict[str, Any]:
    """Pause, drain or resume a task's workers, or one of them. People and intake go on as before."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.StandTask)
    if wanted.worker and not Worker.objects.filter(task=found, name=wanted.worker).exists():
        raise Fault(422, "unfit", "This task has no worker of that name.", where="/worker")
    return _stand(Target(found.pk, wanted.worker), wanted, by=finding.person(key))


@call(
    "GET",
    "/fleet/hosts/{host}",
    Terms(Scope.ADMINISTER, {200: forms.OneHostOut}, "operate", extra=_TAG),
)
def show_host(request: HttpRequest, host: str) -> dict[str, Any]:
    """A machine, its processes and what was done to it. It takes a key that acts for a superuser."""
    key = finding.key(request)
    body.refuse_unknown(request)
    found = _host(request, host)
    done = Operation.objects.filter(host=found.name).select_related("by", "task")[:20]
    return fleet_told.host(found, key.project_id) | {"operations": [fleet_told.operation(one) for one in done]}


@call(
    "PUT",
    "/fleet/hosts/{host}/stance",
    Terms(Scope.ADMINISTER, {200: forms.StoodOut}, "operate", takes=forms.Stand, extra=_TAG),
)
def stand_host(request: HttpRequest, host: str) -> dict[str, Any]:
    """Pause, drain or resume the pumps of a machine. It takes a key that acts for a superuser."""
    key = finding.key(request)
    body.refuse_unknown(request)
    wanted = body.shaped(request, forms.Stand)
    return _stand(Target(host=_host(request, host).name), wanted, by=finding.person(key))


@call(
    "GET",
    "/tasks/{task}/requeue",
    Terms(Scope.ADMINISTER, {200: shapes_requeue.DryRequeueOut}, "operate", queries=(_WHAT, _OUTCOME), extra=_TAG),
)
def dry_requeue(request: HttpRequest, task: str) -> dict[str, Any]:
    """A dry run: what would go back to its worker, or be sent again at once."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request, "what", "outcome")
    what = body.choice(request, "what", fleet_stuck.WHATS, usual="no_answer") or "no_answer"
    outcome = body.choice(request, "outcome", sorted(fleet_stuck.OUTCOME_WORDS)) or ""
    dry, is_named = fleet_stuck.dry(found.pk, what, outcome=outcome), keys.may(key, "see items")
    examples = [
        {
            "item": one.item_id,
            "external_id": one.name if is_named and one.item_id is not None else None,
            "words": one.words,
            "since": one.since,
        }
        for one in dry.examples
    ]
    return {"what": what, "count": dry.count, "more": dry.is_more, "upto": dry.upto, "examples": examples}


@call(
    "POST",
    "/tasks/{task}/requeue",
    Terms(Scope.ADMINISTER, {200: shapes_requeue.RequeuedOut}, "operate", takes=shapes_requeue.Requeue, extra=_TAG),
)
def requeue(request: HttpRequest, task: str) -> dict[str, Any]:
    """Send on its way what the dry run has shown, and no more than that."""
    key = finding.key(request)
    found = finding.task(key, task)
    body.refuse_unknown(request)
    wanted = body.shaped(request, shapes_requeue.Requeue)
    order = flow.Order(found.pk, wanted.upto, finding.person(key), wanted.reason)
    try:
        if wanted.what == "publications":
            return {"moved": flow.publications(order)}
        return {"moved": flow.no_answer(order, outcome=wanted.outcome or "")}
    except operate.Unfit as error:
        raise Fault(422, "unfit", str(error), where="/reason") from None


def _host(request: HttpRequest, name: str) -> Host:
    """A machine, for whoever runs the installation; for everybody else there is none."""
    found = fleet_told.host_named(name) if fleet_told.runs_machines(finding.key(request)) else None
    if found is None:
        raise not_found()
    return found


def _stand(target: Target, wanted: forms.Stand, *, by: int) -> dict[str, Any]:
    try:
        done = operate.stand(target, _STANCES[wanted.stance], by=by, reason=wanted.reason)
    except operate.Unfit as error:
        raise Fault(422, "unfit", str(error), where="/reason") from None
    halts = Halt.objects.filter(task=target.task_id, profile=target.profile, host=target.host)
    return {
        "changed": done is not None,
        "stance": wanted.stance,
        "halt": fleet_told.halt(halts.select_related("by").first()),
    }
