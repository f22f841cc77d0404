"""Bring your history: past outputs that people have judged open a slider before its first live item."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from slider.flow import histories, policies
from slider.flow.past.meaning import Meaning
from slider.models import Gauge, Past, PastState, Task
from slider.queries import past as told
from slider.queries import shares
from slider.queries.frame import rights
from slider.views import access, uploads
from slider.views.past_forms import AnswersForm, ColumnsForm


class ConfirmForm(forms.Form):
    """The reason, and the policy that the person was looking at."""

    reason = forms.CharField(
        max_length=policies.REASON_MOST - 240,  # what is put before it names the file
        error_messages={"required": "Say why these rows are a fair sample: whoever reads the history needs it."},
    )
    expected = forms.IntegerField(min_value=1, max_value=2**31 - 1)


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give a file of past outputs; what it is to hold, what it proves, and the earlier ones."""
    task = access.task_or_404(request, task_id, "intake")
    if request.method != "POST":
        return _upload(request, task)
    try:
        past = uploads.take(request, task, receive=histories.receive)
    except histories.Unfit as error:
        return _upload(request, task, str(error))
    return redirect("history-show", past_id=past.pk)


def _upload(request: HttpRequest, task: Task, error: str = "") -> HttpResponse:
    policy = Gauge.objects.select_related("policy__worker").get(pk=task.pk).policy
    context = {
        "task": task,
        "policy": policy,
        "error": error,
        "earlier": told.earlier(task),
        "here": "import",
    } | uploads.limits()
    return render(request, "past/new.html", context, status=422 if error else 200)


@require_GET
def show(request: HttpRequest, past_id: int) -> HttpResponse:
    """One history: what was found in it, what is asked, and what it would allow."""
    return _show(request, _past(request, past_id))


@require_GET
def piece(request: HttpRequest, past_id: int) -> HttpResponse:
    """The part of the page that the browser asks for again each second while the file is read."""
    return _show(request, _past(request, past_id), template="past/_history.html")


@require_POST
def read(request: HttpRequest, past_id: int) -> HttpResponse:
    """Take what a person said about the columns, or their answers, and have the file read anew by it."""
    past = _past(request, past_id)
    if past.state not in (PastState.ASKING, PastState.READY):
        messages.warning(request, f"This history {past.get_state_display()}: nothing was changed.")
        return redirect("history-show", past_id=past.pk)
    form: ColumnsForm | AnswersForm
    if "columns" in request.POST:
        form = ColumnsForm(past, request.POST)
        if not form.is_valid():
            return _show(request, past, columns=form, status=422)
        meaning = form.meaning()
    else:
        form = AnswersForm(past, request.POST)
        if not form.is_valid():
            return _show(request, past, answers=form, status=422)
        meaning = replace(Meaning.from_json(past.answers), **form.cleaned_data)
    try:
        histories.reread(past, meaning)
    except histories.Unfit as error:
        messages.warning(request, _said(error))
    return redirect("history-show", past_id=past.pk)


@require_POST
def confirm(request: HttpRequest, past_id: int) -> HttpResponse:
    """Put a history into force."""
    past = _past(request, past_id, "steer")
    form = ConfirmForm(request.POST)
    if not form.is_valid():
        return _show(request, past, form=form, status=422)
    said, by = form.cleaned_data, access.person(request).pk
    try:
        histories.confirm(past.pk, reason=said["reason"], by=by, expected=said["expected"])
    except histories.Unfit as error:
        form.add_error("reason", _said(error))
        return _show(request, _past(request, past_id, "steer"), form=form, status=422)
    except policies.Superseded as error:
        form.add_error(
            "reason",
            f"The slider was moved meanwhile ({error.newest.reason}). Nothing of yours was applied: look again.",
        )
        form.data = request.POST.dict() | {"expected": str(error.newest.number)}
        return _show(request, past, form=form, status=409)
    messages.success(request, "The history is in force from the next item on.")
    return redirect("slider", task_id=past.task_id)


@require_POST
def drop(request: HttpRequest, past_id: int) -> HttpResponse:
    """Forget a history that is not in force."""
    past = _past(request, past_id)
    try:
        histories.drop(past, by=access.person(request).pk)
    except histories.Unfit as error:
        messages.warning(request, _said(error))
        return redirect("history-show", past_id=past.pk)
    messages.success(request, f"{past.name} is dropped: its rows and its file are gone.")
    return redirect("history", task_id=past.task_id)


@require_GET
def refused(request: HttpRequest, past_id: int) -> StreamingHttpResponse:
    """Every row that was refused as a CSV file."""
    past = _past(request, past_id)
    return uploads.refused_csv(past.file, name=f"history-{past.pk}-refused.csv")


def _show(
    request: HttpRequest,
    past: Past,
    *,
    template: str = "past/show.html",
    columns: ColumnsForm | None = None,
    answers: AnswersForm | None = None,
    form: ConfirmForm | None = None,
    status: int = 200,
) -> HttpResponse:
    gauge = Gauge.objects.select_related("policy__worker").get(pk=past.task_id)
    context: dict[str, Any] = {
        "task": past.task,
        "past": past,
        "policy": gauge.policy,
        "may": rights(request.user, past.task.project),
        "form": form,
        "here": "import",
    }
    if past.findings and past.state not in (PastState.READING, PastState.FAILED, PastState.DROPPED):
        context |= _found(past, gauge, answers)
        if past.state != PastState.IN_FORCE and past.file_id:
            context["columns"] = columns or ColumnsForm(past)
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _found(past: Past, gauge: Gauge, answers: AnswersForm | None) -> dict[str, Any]:
    asked = past.findings.get("questions", [])
    proof = told.proof(past, past.policy or gauge.policy)
    return {
        "found": past.findings,
        "questions": [told.question(code, past) for code in asked if code != "reading"],
        "readings": told.readings(past) if "reading" in asked else None,
        "reading": None if {"task", "model"} & set(asked) else told.read_as(past),
        "order": told.order_words(past),
        "answers": (answers or AnswersForm(past)) if set(asked) & {"task", "model", "reading"} else None,
        "proof": proof,
        "asked_share": shares.said(gauge.policy.requested),
        "is_current": past.worker_id == gauge.policy.worker_id,
        "evidence_ends": gauge.policy.labels,
    } | uploads.refused(past.file)


def _said(error: histories.Unfit) -> str:
    words = str(error)
    return words[:1].upper() + words[1:]


def _past(request: HttpRequest, past_id: int, verb: str = "intake") -> Past:
    found = Past.objects.select_related("task__project", "worker", "file", "by", "policy")
    past = found.filter(pk=min(past_id, access.BIGGEST_ID)).first()
    if past is None:
        raise Http404(f"There is no history {past_id} in your projects.")
    access.task_or_404(request, past.task_id, verb)
    return past
