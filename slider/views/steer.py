"""The slider page: where it stands, what another share would mean, and the buttons that move it."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from slider.flow import policies, steer
from slider.models import Gauge, Mode, Policy, Task
from slider.queries import backtest, clock, errors, history, shares
from slider.queries import steer as asked
from slider.queries.frame import rights
from slider.views import access, chart


class ApplyForm(forms.Form):
    """Another share. `expected` is the policy that the person was looking at."""

    percent = forms.FloatField(
        min_value=0,
        max_value=100,
        error_messages={
            "required": "Give a share, 0 to 100.",
            "invalid": "A share is a number, 0 to 100.",
            "min_value": "A share is 0 or more.",
            "max_value": "A share is 100 or less.",
        },
    )
    mode = forms.ChoiceField(choices=Mode.choices, error_messages={"required": "Choose how it is held."})
    reason = forms.CharField(
        max_length=policies.REASON_MOST,
        error_messages={"required": "Say why: whoever reads the history later needs the reason."},
    )
    expected = forms.IntegerField(min_value=1, max_value=2**31 - 1)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=policies.REASON_MOST,
        error_messages={"required": "Say why: whoever reads the history later needs the reason."},
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the controls stand at: 0-1, and how it is to be held."""

    share: float
    mode: Mode


@require_safe
def show(request: HttpRequest, task_id: int) -> HttpResponse:
    task = access.task_or_404(request, task_id, "see")
    policy = _gauge(task).policy
    form = ApplyForm(initial=_start(request, policy))
    return render(request, "steer/slider.html", _page(request, task, form))


@require_safe
def what_if(request: HttpRequest, task_id: int) -> HttpResponse:
    """The numbers at another share, as the server has them: the piece that htmx swaps in."""
    task = access.task_or_404(request, task_id, "see")
    policy = _gauge(task).policy
    wanted = _wanted(_start(request, policy), policy)
    effects = _effects(policy, wanted, blind=access.is_blind(request, task.project))
    shown = {"task": task, "may": rights(request.user, task.project)} | effects
    return render(request, "steer/_what_if.html", shown)


@require_POST
def apply(request: HttpRequest, task_id: int) -> HttpResponse:
    task = access.task_or_404(request, task_id, "steer")
    form = ApplyForm(request.POST)
    if not form.is_valid():
        return render(request, "steer/slider.html", _page(request, task, form), status=422)
    said = form.cleaned_data
    try:
        policy = steer.apply(
            task.pk,
            share=said["percent"] / 100,
            mode=Mode(said["mode"]),
            reason=said["reason"],
            by=access.person(request).pk,
            expected=said["expected"],
        )
    except steer.Unfit as error:
        form.add_error("reason", str(error))
        return render(request, "steer/slider.html", _page(request, task, form), status=422)
    except policies.Superseded:
        return _superseded(request, task, form)
    messages.success(request, f"Applied from the next item on. {_words(task)}")
    return redirect("slider", task_id=policy.task_id)


def _superseded(request: HttpRequest, task: Task, form: ApplyForm) -> HttpResponse:
    """Somebody was quicker: show what they moved, keep what was asked, and let the person decide again."""
    newest = _gauge(task).policy
    seen = Policy.objects.filter(task=task, number=form.cleaned_data["expected"]).first()
    form.data = request.POST.dict() | {"expected": str(newest.number)}
    page = _page(request, task, form) | {
        "moved": history.Entry(newest, history.changes(seen, newest)),
        "kept_percent": form.cleaned_data["percent"],
    }
    return render(request, "steer/slider.html", page, status=409)


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
        policy = _gauge(task).policy
        page = _page(request, task, ApplyForm(initial=_start(request, policy))) | {which: form}
        return render(request, "steer/slider.html", page, status=422)
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
    return shares.shares(_gauge(task), now=clock.now()).words


def _gauge(task: Task) -> Gauge:
    return Gauge.objects.select_related("policy").get(pk=task.pk)


def _start(request: HttpRequest, policy: Policy) -> dict[str, Any]:
    """What the controls begin with: the address may ask for a share, a mode and a reason to start from."""
    form = ApplyForm({"reason": "-", "expected": "1", "mode": policy.mode} | request.GET.dict())
    form.full_clean()
    given = form.cleaned_data
    return {
        "percent": given.get("percent", round(policy.requested * 100, 2)),
        "mode": given.get("mode", policy.mode),
        "reason": request.GET.get("reason", "")[: policies.REASON_MOST],
        "expected": policy.number,
    }


def _wanted(values: dict[str, Any], policy: Policy) -> Wanted:
    try:
        share = float(values.get("percent") or 0) / 100
        mode = Mode(values.get("mode") or policy.mode)
    except ValueError:
        return Wanted(policy.requested, Mode(policy.mode))
    return Wanted(share if 0 <= share <= 1 else policy.requested, mode)


def _page(request: HttpRequest, task: Task, form: ApplyForm) -> dict[str, Any]:
    gauge = _gauge(task)
    policy = gauge.policy
    standing = shares.shares(gauge, now=clock.now())
    wanted = _wanted({name: form[name].value() for name in ("percent", "mode")}, policy)
    nines = request.GET.get("scale") == "nines"
    effects = _effects(policy, wanted, blind=access.is_blind(request, task.project))
    before, routine = request.GET.get("before", ""), request.GET.get("routine") == "shown"
    points, cap = effects["outlook"].points, policy.allowed or 0.0
    drawn = partial(chart.draw, points, limit=policy.error_limit, cap=cap, now=standing.effective, nines=nines)
    return effects | {
        "task": task,
        "gauge": gauge,
        "policy": policy,
        "shares": standing,
        "form": form,
        "may": rights(request.user, task.project),
        "chart": drawn(),
        "narrow": drawn(frame=chart.NARROW),
        "band_over_limit": chart.band_over_limit(points, limit=policy.error_limit, cap=cap),
        "offer": _offer(policy),
        "drag": _drag(policy, effects["outlook"]),
        "realised": backtest.realised(task.pk),
        "error": errors.unattended(policy),
        "history": history.page(
            task.pk,
            before=int(before) if before.isdecimal() and len(before) < 9 else None,
            routine=routine,
        ),
        "routine": routine,
        "reason_most": policies.REASON_MOST,
    }


def _offer(policy: Policy) -> float | None:
    """What would run if a trial were handed to the guard now; None where evidence allows nothing, or it isn't one."""
    if policy.mode != Mode.TRIAL or policy.held:
        return None
    proven = policy.certificate
    return policies.effective(requested=policy.requested, proven=proven, mode=Mode.GUARDED, held=False) or None


def _effects(policy: Policy, wanted: Wanted, *, blind: bool) -> dict[str, Any]:
    """What the wanted share would come to, beside what is in force."""
    outlook = asked.outlook(policy)
    share = policies.effective(requested=wanted.share, proven=policy.certificate, mode=wanted.mode, held=False)
    return {
        "outlook": outlook,
        "sentence": shares.verdict(policy, requested=wanted.share, mode=wanted.mode, effective=share),
        "then": asked.effects(share, outlook=outlook),
        "now": asked.effects(policy.effective, outlook=outlook),
        "backtest": backtest.backtest(policy.task_id, now=policy.effective, then=share, blind=blind),
    }


def _drag(policy: Policy, outlook: asked.Outlook) -> dict[str, Any]:
    """All that steer.js needs to redo the sums in each frame, without asking the server."""
    day = outlook.day
    return {
        "points": [[p.share, p.error, p.upper, p.certified] for p in outlook.points],
        "items": day.items,
        "fixed": day.fixed,
        "seconds": day.seconds_a_look,
        "modelCost": day.model_cost,
        "lookCost": day.look_cost,
        "auditChance": policy.audit_chance,
        "limit": policy.error_limit,
        "allowed": policy.allowed,
        "requested": policy.requested,
        "mode": policy.mode,
        "held": policy.held,
    }
