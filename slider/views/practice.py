"""The gym: known answers one after the other in the desk's own sheet, each explained, and nothing live is touched."""

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST, require_safe

from slider.flow import practice as practising
from slider.flow.review import Unfit
from slider.models import Review, Task
from slider.queries import desk, own_keys, practice, sheet
from slider.views import access, practice_form, schema_form
from slider.views.desk_pages import Typed, number


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The tasks that a person reviews, and how far they are with each."""
    user = access.person(request)
    if not desk.reviews_anywhere(user.pk):
        raise PermissionDenied(
            "You review in no project, so there is nothing to practise for: ask an admin of your project."
        )
    rows = [practice.progress(task, user.pk) for task in desk.tasks_of(user.pk)]
    return render(request, "practice/index.html", {"rows": rows})


@require_GET
def look(request: HttpRequest, task_id: int) -> HttpResponse:
    """The known answer that comes next, or why there is none."""
    doing = request.GET.get("do", "")
    return _next(request, _task(request, task_id), Typed(doing=doing if doing in ("fix", "reject", "keys") else ""))


@require_POST
def following(request: HttpRequest, task_id: int) -> HttpResponse:
    """Go on: to the next one, or to what came of it when all were tried."""
    task = _task(request, task_id)
    practising.begin(task)
    came_from = request.POST.get("after", "")
    user_id = access.person(request).pk
    told = practice.told(task, number(came_from), user_id)
    is_round = told is not None and told.practice.turn == 1 and not practice.progress(task, user_id).untried
    if is_round:
        return _to(request, task, "practice-summary", _summary)
    return _to(request, task, "practice-look", lambda request, task: _next(request, task, Typed()))


@require_POST
def say(request: HttpRequest, task_id: int, item_id: int) -> HttpResponse:
    """Keep what was said, and explain it."""
    task, user_id = _task(request, task_id), access.person(request).pk
    seen = practice.look_at(task, min(item_id, access.BIGGEST_ID), user_id)
    turn = request.POST.get("token", "")
    if seen is None or not (turn.isascii() and turn.isdigit() and len(turn) < 6):
        raise Http404("There is no such known answer for you to practise on.")
    held = sheet.of(seen)
    if (wish := request.POST.get(schema_form.RESHAPE)) is not None:
        return _sheet(request, seen, practice_form.reshaped(request, held, wish))
    said, typed = practice_form.read(request, held)
    if typed.errors:
        return _sheet(request, seen, typed, status=422)
    try:
        made = practising.say(task, seen.item_id, person=user_id, turn=int(turn), said=said)
    except practising.NotThere:
        return _to(request, task, "practice-look", lambda request, task: _next(request, task, Typed()))
    except Unfit as error:
        return _sheet(request, seen, practice_form.refused(held, said, typed, error), status=422)
    if _is_script(request):
        return _told(request, task, made.pk)
    return HttpResponseRedirect(reverse("practice-told", args=[task.pk, made.pk]))


@require_GET
def told(request: HttpRequest, task_id: int, practice_id: int) -> HttpResponse:
    """One's own answer, and what is right."""
    return _told(request, _task(request, task_id), practice_id)


@require_GET
def summary(request: HttpRequest, task_id: int) -> HttpResponse:
    """What came of it so far."""
    return _summary(request, _task(request, task_id))


def _task(request: HttpRequest, task_id: int) -> Task:
    """A task that this person reviews: to everybody else there is nothing to practise on."""
    found = [task for task in desk.tasks_of(access.person(request).pk) if task.pk == task_id]
    if not found:
        access.task_or_404(request, min(task_id, access.BIGGEST_ID), "review")
        raise Http404("There is no such task that you may review.")
    return found[0]


def _next(request: HttpRequest, task: Task, typed: Typed) -> HttpResponse:
    review = practice.next_look(task, access.person(request).pk)
    if review is None:
        context = {"progress": practice.progress(task, access.person(request).pk)}
        return _page(request, task, "practice/_nothing.html", context, address=_address(task, "practice-look"))
    return _sheet(request, review, typed)


def _sheet(request: HttpRequest, review: Review, typed: Typed, *, status: int = 200) -> HttpResponse:
    """The desk's own sheet, whose buttons lead to where nothing is live."""
    seen = sheet.of(review)
    fields = schema_form.draw(
        seen.task.output_schema, seen.proposal, typed=typed.form or None, errors=typed.errors, focus=typed.focus
    )
    context = {
        "sheet": seen,
        "review": review,
        "fields": sorted(fields, key=lambda field: field.is_bulky),
        "typed": typed,
        "form_error": schema_form.loose(fields, typed.errors),
        "show_all": "all" in request.GET,
        "reasons": list(enumerate(seen.task.reason_words.items(), start=1)),
        "decide_url": reverse("practice-say", args=[review.task_id, review.item_id]),
        "practice": practice.progress(review.task, access.person(request).pk),
    }
    address = _address(review.task, "practice-look")
    return _page(request, review.task, "practice/_sheet.html", context, address=address, status=status)


def _told(request: HttpRequest, task: Task, practice_id: int) -> HttpResponse:
    user_id = access.person(request).pk
    found = practice.told(task, min(practice_id, access.BIGGEST_ID), user_id)
    if found is None:
        raise Http404("There is no such answer of yours.")
    context = {"told": found, "practice": practice.progress(task, user_id)}
    address = reverse("practice-told", args=[task.pk, found.practice.pk])
    return _page(request, task, "practice/_told.html", context, address=address)


def _summary(request: HttpRequest, task: Task) -> HttpResponse:
    user_id = access.person(request).pk
    context = {"summary": practice.summary(task, user_id), "practice": practice.progress(task, user_id)}
    return _page(request, task, "practice/_summary.html", context, address=_address(task, "practice-summary"))


def _address(task: Task, name: str) -> str:
    return reverse(name, args=[task.pk])


def _is_script(request: HttpRequest) -> bool:
    return bool(request.htmx)  # type: ignore[attr-defined]  # set by django_htmx's middleware


def _to(request: HttpRequest, task: Task, name: str, piece: Any) -> HttpResponse:
    """The next page: its piece when a script asked, else by a redirect that can be reloaded."""
    response: HttpResponse = piece(request, task) if _is_script(request) else HttpResponseRedirect(_address(task, name))
    return response


def _page(
    request: HttpRequest, task: Task, piece: str, context: dict[str, Any], *, address: str, status: int = 200
) -> HttpResponse:
    context |= {"piece": piece, "task": task, "keys": own_keys.of(access.person(request))}
    template = "review/_desk.html" if _is_script(request) else "practice/desk.html"
    response = render(request, template, context, status=status)
    response["X-Desk-Address"] = address
    response["X-Desk-Said"] = json.dumps("")
    response["Cache-Control"] = "no-store"
    return response
