"""Like items of a task in a list: choose some, see what it would do, decide them in one go, take it back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from slider.flow import together as deciding
from slider.flow.review import Said
from slider.models import Task, Verdict
from slider.queries import together
from slider.views import access

NAMED = 10  # items that are named one by one in a message
_VERDICTS = {Verdict.ACCEPT.value: Verdict.ACCEPT, Verdict.REJECT.value: Verdict.REJECT}


@never_cache
@require_safe
def show(request: HttpRequest, task_id: int) -> HttpResponse:
    """The like items of a task; or, once some are chosen, what would be said of each."""
    task = access.task_or_404(request, task_id, "review")
    if request.GET.get("step") == "preview":
        return _preview(request, task)
    return _list(request, task)


def _list(request: HttpRequest, task: Task, *, error: str = "") -> HttpResponse:
    user_id, asked = access.person(request).pk, request.POST if request.method == "POST" else request.GET
    answer, why, like = asked.get("answer", ""), asked.get("why", ""), _number(asked.get("like", ""))
    context = {
        "task": task,
        "found": together.find(task, user_id, answer=answer, why=why, like=like),
        "said": together.said(task, user_id),
        "picked": set(_ids(asked)),
        "answer": answer,
        "why": why,
        "like": like,
        "verdict": asked.get("verdict", ""),
        "reason": asked.get("reason", ""),
        "reasons": task.reason_words.items(),
        "most": together.MOST,
        "error": error,
        "here": "together",
    }
    return render(request, "together/show.html", context, status=422 if error else 200)


def _preview(request: HttpRequest, task: Task) -> HttpResponse:
    ids, verdict, reason = _ids(request.GET), request.GET.get("verdict", ""), request.GET.get("reason", "")
    if error := _problem(task, ids, verdict, reason):
        return _list(request, task, error=error)
    rows = together.chosen(task, access.person(request).pk, ids)
    gone = len(set(ids)) - len(rows)
    if not rows:
        return _list(request, task, error="None of them can be decided together any more: choose again.")
    context = {
        "task": task,
        "rows": rows,
        "gone": gone,
        "distrusted": sum(row.distrusted for row in rows) if verdict == Verdict.ACCEPT else 0,
        "verdict": verdict,
        "verb": "Accept" if verdict == Verdict.ACCEPT else "Reject",
        "reason": reason,
        "reason_words": task.reason_words.get(reason, ""),
        "here": "together",
    }
    return render(request, "together/preview.html", context)


@require_POST
def decide(request: HttpRequest, task_id: int) -> HttpResponse:
    """Give the verdict to each that was chosen, and say which could not have it."""
    task = access.task_or_404(request, task_id, "review")
    ids, verdict, reason = _ids(request.POST), request.POST.get("verdict", ""), request.POST.get("reason", "")
    if error := _problem(task, ids, verdict, reason):
        return _list(request, task, error=error)
    user_id = access.person(request).pk
    said = Said(_VERDICTS[verdict], reason=reason if verdict == Verdict.REJECT else "")
    named = {row.review_id: row.title for row in together.chosen(task, user_id, ids)}
    outcome = deciding.decide(ids, task=task, user_id=user_id, said=said)
    if outcome.done:
        messages.success(request, f"{_VERDICTS[verdict].label.capitalize()}: {_items(len(outcome.done))}.")
    for review_id, words in outcome.left[:NAMED]:
        messages.warning(request, f"Not decided: {named.get(review_id, 'an item of the list')}: {words}.")
    if len(outcome.left) > NAMED:
        messages.warning(request, f"And {_items(len(outcome.left) - NAMED)} more that were not decided.")
    return HttpResponseRedirect(reverse("together", args=[task.pk]))


@require_POST
def take_back(request: HttpRequest, task_id: int) -> HttpResponse:
    """Take back one of them, or all that can still be."""
    task = access.task_or_404(request, task_id, "review")
    outcome = deciding.take_back(_ids(request.POST), task_id=task.pk, user_id=access.person(request).pk)
    if outcome.done:
        messages.success(request, f"Taken back: {_items(len(outcome.done))}. Nothing of it has left.")
    if outcome.left:
        messages.warning(request, f"{_items(len(outcome.left)).capitalize()} stayed as decided: {outcome.left[0][1]}.")
    if not outcome.done and not outcome.left:
        messages.warning(request, "There was nothing to take back any more.")
    return HttpResponseRedirect(reverse("together", args=[task.pk]))


def _problem(task: Task, ids: list[int], verdict: str, reason: str) -> str:
    if not ids:
        return "Choose one item or more."
    if len(set(ids)) > together.MOST:
        return f"{len(set(ids))} items are chosen; at most {together.MOST} are decided in one go."
    if verdict not in _VERDICTS:
        return "Say whether they are accepted or rejected."
    if verdict == Verdict.REJECT and reason not in task.reason_words:
        return "Choose a reason for the rejection."
    return ""


def _items(count: int) -> str:
    return f"{count} item{'' if count == 1 else 's'}"


def _ids(sent: QueryDict) -> list[int]:
    return [number for number in map(_number, sent.getlist("look")) if number]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
