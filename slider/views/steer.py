"""The slider page: where it stands, what another share would mean, and the buttons that move it."""

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from slider.flow import policies, steer
from slider.models import Mode, Policy, Task
from slider.queries import clock, history, shares
from slider.queries.frame import rights
from slider.views import access, steer_forms
from slider.views.steer_forms import ApplyForm, PutBackForm, ReasonForm
from slider.views.steer_page import gauge, page, what_if

PAGE = "steer/slider.html"


@require_safe
def show(request: HttpRequest, task_id: int) -> HttpResponse:
    task = access.task_or_404(request, task_id, "see")
    form = ApplyForm(initial=steer_forms.start(request, gauge(task).policy))
    return render(request, PAGE, page(request, task, form))


@require_safe
def ask(request: HttpRequest, task_id: int) -> HttpResponse:
    """The numbers at another share, as the server has them: the piece that htmx swaps in."""
    task = access.task_or_404(request, task_id, "see")
    live = gauge(task)
    wanted = steer_forms.wanted(steer_forms.start(request, live.policy), live.policy)
    effects = what_if(task, live, wanted, now=clock.now(), blind=access.is_blind(request, task.project))
    shown = {"task": task, "may": rights(request.user, task.project)} | effects
    return render(request, "steer/_what_if.html", shown)


@require_POST
def apply(request: HttpRequest, task_id: int) -> HttpResponse:
    task = access.task_or_404(request, task_id, "steer")
    form = ApplyForm(request.POST)
    if not form.is_valid():
        return render(request, PAGE, page(request, task, form), status=422)
    said = form.cleaned_data
    try:
        steer.apply(
            task.pk,
            share=said["percent"] / 100,
            mode=Mode(said["mode"]),
            reason=said["reason"],
            by=access.person(request).pk,
            expected=said["expected"],
        )
    except steer.Unfit as error:
        form.add_error("reason", str(error))
        return render(request, PAGE, page(request, task, form), status=422)
    except policies.Superseded:
        return _superseded(request, task, form)
    messages.success(request, f"Applied from the next item on. {_words(task)}")
    return redirect("slider", task_id=task.pk)


@require_POST
def put_back(request: HttpRequest, task_id: int) -> HttpResponse:
    """One click in the history: what stood before is asked again."""
    task = access.task_or_404(request, task_id, "steer")
    form = PutBackForm(request.POST)
    if not form.is_valid():
        raise BadRequest("The button was incomplete: load the page anew and try again.")
    said = form.cleaned_data
    try:
        steer.put_back(task.pk, by=access.person(request).pk, **said)
    except steer.Unfit as error:
        raise BadRequest(f"Nothing was put back: {error}.") from None
    except policies.Superseded:
        stood = Policy.objects.get(task=task, number=said["number"])
        asked = {"percent": f"{round(stood.requested * 100, 4):g}", "mode": stood.mode}
        again = ApplyForm(said | asked)
        again.full_clean()
        return _superseded(request, task, again)
    messages.success(request, f"Put back from the next item on. {_words(task)}")
    return redirect("slider", task_id=task.pk)


def _superseded(request: HttpRequest, task: Task, form: ApplyForm) -> HttpResponse:
    """Somebody was quicker: show what they moved, keep what was asked, and let the person decide again."""
    newest = gauge(task).policy
    seen = Policy.objects.filter(task=task, number=form.cleaned_data["expected"]).first()
    form.data = dict(form.data.items()) | {"expected": str(newest.number)}
    shown = page(request, task, form) | {
        "moved": history.Entry(newest, history.changes(seen, newest)),
        "kept_percent": form.cleaned_data["percent"],
    }
    return render(request, PAGE, shown, status=409)


@require_POST
def pull_back(request: HttpRequest, task_id: int) -> HttpResponse:
    """Everything to people, now."""
    task = access.task_or_404(request, task_id, "pull back")
    return _with_reason(request, task, "pull_form")


@require_POST
def release(request: HttpRequest, task_id: int) -> HttpResponse:
    """End a pull-back."""
    task = access.task_or_404(request, task_id, "steer")
    return _with_reason(request, task, "release_form")


def _with_reason(request: HttpRequest, task: Task, which: str) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        start = ApplyForm(initial=steer_forms.start(request, gauge(task).policy))
        return render(request, PAGE, page(request, task, start) | {which: form}, status=422)
    by, reason = access.person(request).pk, form.cleaned_data["reason"]
    if which == "pull_form":
        steer.pull_back(task.pk, reason=reason, by=by)
        messages.warning(request, "Pulled back. Nothing more runs unattended until somebody releases it.")
    else:
        steer.release(task.pk, reason=reason, by=by)
        messages.success(request, f"Released. {_words(task)}")
    return redirect("slider", task_id=task.pk)


def _words(task: Task) -> str:
    """Where the slider stands after a change, in one sentence."""
    return shares.shares(gauge(task), now=clock.now()).words
