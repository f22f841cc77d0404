"""What operators do: pause, drain and resume, and send on its way once more; each with a reason, after a look."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from slider.flow import operate
from slider.flow import requeue as flow
from slider.flow.operate import Target
from slider.models import Operation, Stance, Task, can
from slider.queries import fleet, fleet_hosts, fleet_profiles, fleet_stuck, fleet_tasks
from slider.views import access

STANCES: dict[str, Stance | None] = {"paused": Stance.PAUSED, "draining": Stance.DRAINING, "go": None}
_DONE = {
    Stance.PAUSED: "Paused: within a second nothing new begins.",
    Stance.DRAINING: "Draining: what is held is finished, nothing more is taken.",
    None: "Resumed: it goes on with the next hint.",
}


@never_cache
@require_safe
def task(request: HttpRequest, task_id: int) -> HttpResponse:
    """How a task and its workers stand, what of it is stuck, and what was done to it."""
    return _task(request, access.operated_or_404(request, task_id))


def _task(
    request: HttpRequest, one: Task, *, error: str = "", of: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    (row,) = fleet_tasks.rows([one])
    context = {
        "task": one,
        "row": row,
        "profiles": fleet_profiles.profiles([one.pk], fleet_hosts.processes()),
        "outcomes": fleet_stuck.outcomes(one.pk),
        "results": fleet_stuck.dry(one.pk, "publications"),
        "operations": fleet.operations([one.pk], most=20),
        "most": flow.MOST,
        "error": error,
        "error_of": of,
        "reason": reason,
    }
    return render(request, "fleet/task.html", context, status=status)


@require_POST
def stand_task(request: HttpRequest, task_id: int) -> HttpResponse:
    """Pause, drain or resume a task, or one worker of it that the form names."""
    one = access.operated_or_404(request, task_id)
    profile, reason = request.POST.get("profile", ""), request.POST.get("reason", "")
    try:
        _stand(request, Target(one.pk, profile), reason)
    except operate.Unfit as error:
        return _task(request, one, error=str(error), of=profile, reason=reason, status=422)
    return redirect("fleet-task", task_id=one.pk)


def _stand(request: HttpRequest, target: Target, reason: str) -> Operation | None:
    wanted = request.POST.get("stance", "")
    if wanted not in STANCES:
        raise operate.Unfit("Choose one of the buttons: pause, drain or resume.")
    stance = STANCES[wanted]
    done = operate.stand(target, stance, by=access.person(request).pk, reason=reason)
    if done is None:
        messages.info(request, "It stood so already: nothing was changed.")
    else:
        messages.success(request, _DONE[stance])
    return done


@never_cache
@require_safe
def host(request: HttpRequest, host: str) -> HttpResponse:
    """A machine, its processes, and what was done to it."""
    access.machines_or_404(request)
    return _host(request, _host_or_404(host))


def _host_or_404(name: str) -> fleet_hosts.Host:
    found = [one for one in fleet_hosts.hosts(fleet_hosts.processes()) if one.name == name]
    if not found:
        raise Http404(f"No process of a machine {name[:60]} has said anything lately.")
    return found[0]


def _host(
    request: HttpRequest, one: fleet_hosts.Host, *, error: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    done = Operation.objects.filter(host=one.name).select_related("by", "task")[:20]
    context = {"host": one, "operations": done, "error": error, "reason": reason, "silent_s": fleet_hosts.SILENT_S}
    return render(request, "fleet/host.html", context, status=status)


@require_POST
def stand_host(request: HttpRequest, host: str) -> HttpResponse:
    """Pause, drain or resume the pumps of a machine."""
    access.machines_or_404(request)
    one, reason = _host_or_404(host), request.POST.get("reason", "")
    try:
        _stand(request, Target(host=one.name), reason)
    except operate.Unfit as error:
        return _host(request, one, error=str(error), reason=reason, status=422)
    return redirect("fleet-host", host=one.name)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def requeue(request: HttpRequest, task_id: int) -> HttpResponse:
    """A dry run by GET; by POST the same, for no more than what the dry run has shown."""
    one = access.operated_or_404(request, task_id)
    sent = request.POST if request.method == "POST" else request.GET
    what, outcome, reason = sent.get("what", ""), sent.get("outcome", ""), sent.get("reason", "")
    if what not in fleet_stuck.WHATS or (outcome and outcome not in fleet_stuck.OUTCOME_WORDS):
        raise Http404("There is nothing of that kind to send on its way: begin at the page of the task.")
    if request.method != "POST":
        return _dry(request, one, what, outcome)
    upto = sent.get("upto", "")
    if not (upto.isascii() and upto.isdigit() and len(upto) < 19):
        return _dry(request, one, what, outcome, error="Look at what would move first.", reason=reason)
    order = flow.Order(one.pk, int(upto), access.person(request).pk, reason)
    try:
        moved = flow.no_answer(order, outcome=outcome) if what == "no_answer" else flow.publications(order)
    except operate.Unfit as error:
        return _dry(request, one, what, outcome, error=str(error), reason=reason)
    if moved:
        where = "back to their worker" if what == "no_answer" else "to be sent again at once"
        messages.success(request, f"{moved:,} went {where}.")
    else:
        messages.info(request, "Nothing moved: somebody else was faster, or people have begun to look at them.")
    return redirect("fleet-task", task_id=one.pk)


def _dry(
    request: HttpRequest, one: Task, what: str, outcome: str, *, error: str = "", reason: str = ""
) -> HttpResponse:
    (row,) = fleet_tasks.rows([one])
    context = {
        "task": one,
        "row": row,
        "dry": fleet_stuck.dry(one.pk, what, outcome=outcome),
        "outcome_words": fleet_stuck.OUTCOME_WORDS.get(outcome, ""),
        "named": can(request.user, "see items", one.project),
        "error": error,
        "reason": reason,
    }
    return render(request, "fleet/requeue.html", context, status=422 if error else 200)
