"""The pages and pieces of the desk: a look, an honest empty desk, and a look that somebody else has."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from slider.flow.marking import Remark
from slider.models import Review, Task, Undone, Verdict
from slider.queries import clock, desk, handed, hidden, own_keys, practice, reviewed, settling, sheet, turns
from slider.queries.reviewed import Reviewed
from slider.templatetags import formatted
from slider.views import access, mark_form, schema_form

FORMS = ("fix", "reject", "mark", "hand", "flag", "keys")  # what an address may ask to stand open
_PAGE = re.compile(r"[0-9a-f-]{8,36}", re.ASCII)
NO_TASK = "There is no such task that you may review."
SAID = {Verdict.ACCEPT: "Accepted", Verdict.FIX: "Fixed", Verdict.REJECT: "Rejected"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person had put into the forms when the page has to show them again."""

    form: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    note: str = ""
    doing: str = ""  # "fix", "reject", "mark", "hand" or "flag": which form stands open
    marks: tuple[Remark, ...] = ()
    marks_error: str = ""
    hand_to: str = ""
    hand_note: str = ""
    hand_error: str = ""
    focus: str | None = None  # the pointer of what to go on with, where the form has got another shape


def wanted(request: HttpRequest) -> str:
    """The task that the person wants to review alone, as they gave it; empty: all of them."""
    return request.POST.get("task", "") or request.GET.get("task", "")


def page_of(request: HttpRequest) -> str:
    """The name that an open page with a script has given itself; empty without one."""
    page = request.POST.get("page", "")
    return page if _PAGE.fullmatch(page) else ""


def number(text: str) -> int:
    """An id or a token from a form; 0, which none is, where it is no number or too long for one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def person_in(text: str) -> int | None:
    """Whom a form gives a look to; nobody by name where it says none, and 0, whom nobody is, where it says nonsense."""
    return number(text) if text else None


def may_review(request: HttpRequest) -> list[Task]:
    """The tasks that this person may review. A right that is missing is said."""
    user_id = the_same_person(request)
    return desk.tasks_of(user_id) or _none(user_id)


def reviewed_by(request: HttpRequest) -> list[Reviewed]:
    """The same without all that a page says of a task: for what an open desk asks again and again."""
    user_id = the_same_person(request)
    return reviewed.tasks(user_id) or _none(user_id)


def the_same_person(request: HttpRequest) -> int:
    """Who is signed in, if it is still whoever the page was opened by."""
    user_id = access.person(request).pk
    if request.POST.get("person", str(user_id)) != str(user_id):
        raise PermissionDenied("Somebody else has signed in here since that page was opened. Nothing was changed.")
    return user_id


def _none(user_id: int) -> list[Any]:
    """No tasks, for somebody who reviews in a project that has none yet."""
    if not desk.reviews_anywhere(user_id):
        raise PermissionDenied(
            "You review in no project. The desk is for people with the role Reviewer or Admin: "
            "ask an admin of your project for it."
        )
    return []


def wanted_of(request: HttpRequest, tasks: list[Task]) -> list[Task]:
    """Of the tasks that they may review, the one that they asked for; else all that they have not hidden."""
    if only := wanted(request):
        tasks = [task for task in tasks if str(task.pk) == only]
        if not tasks:
            raise Http404(NO_TASK)
        return tasks
    hidden = desk.hidden_of(access.person(request).pk)
    return [task for task in tasks if task.pk not in hidden]


def shown_of(request: HttpRequest, tasks: list[Reviewed]) -> list[Reviewed]:
    """The same of what an open desk asks for."""
    if only := wanted(request):
        tasks = [task for task in tasks if str(task.task_id) == only]
        if not tasks:
            raise Http404(NO_TASK)
        return tasks
    return [task for task in tasks if not task.hidden]


def address_of(review_id: int, request: HttpRequest) -> str:
    """Where a look is shown, within the task that was asked for."""
    return reverse("desk-review", args=[review_id]) + _query(request)


def _query(request: HttpRequest) -> str:
    task = wanted(request)
    return f"?{urlencode({'task': task})}" if task else ""


def _said(request: HttpRequest, decided: Review | None = None) -> dict[str, Any]:
    """What can be taken back, for the line that says so; what was `decided` in this very moment is it."""
    last_said = None if decided is None else desk.just_said(decided)
    if last_said is None:
        only = number(wanted(request)) if wanted(request) else None
        last_said = desk.last_said(access.person(request).pk, only=only)
    return {
        "last_said": last_said,
        "said_words": SAID[last_said.verdict] if last_said else "",
        "wanted": wanted(request),
        "keys": own_keys.of(access.person(request)),
    }


def _page(request: HttpRequest, piece: str, context: dict[str, Any], *, status: int, address: str) -> HttpResponse:
    context |= _said(request) | {"piece": piece, "desk_address": address}
    context |= {"presence_s": settings.ENV.SLIDER_PRESENCE_S}
    template = "review/_desk.html" if request.htmx else "review/desk.html"  # type: ignore[attr-defined]  # as above
    response = render(request, template, context, status=status)
    response["X-Desk-Address"] = address
    response["Cache-Control"] = "no-store"
    return response


def said_alone(request: HttpRequest, *, trouble: str = "", decided: Review | None = None) -> HttpResponse:
    """The line above the desk alone, for a page that has the next look already."""
    response = render(request, "review/_said.html", _said(request, decided) | {"trouble": trouble})
    response["X-Desk-Address"] = reverse("desk") + _query(request)
    response["Cache-Control"] = "no-store"
    return response


def look(request: HttpRequest, review: Review, typed: Typed, *, status: int = 200, trouble: str = "") -> HttpResponse:
    """The sheet of a look with its forms; what was typed stands in them, or what was said before it was taken back."""
    template, context = _of_look(review, typed, person=access.person(request).pk)
    seen = context["sheet"]
    load = seen.task.pictures and "pictures" in request.GET
    context |= {"trouble": trouble, "show_all": "all" in request.GET, "load_pictures": load}
    page = _page(request, template, context, status=status, address=address_of(review.pk, request))
    if load:  # this one page may load from the very sites that its own pictures name, and from no other
        texts = [*(field.value for field in seen.source), *(line.value for line in seen.lines)]
        page._csp_update = {"img-src": formatted.origins(texts)}  # type: ignore[attr-defined]  # django-csp reads it
    return page


def sheet_alone(request: HttpRequest, review: Review) -> str:
    """The sheet of a look that waits ahead in an open page."""
    template, context = _of_look(review, Typed(), person=access.person(request).pk)
    context |= {"wanted": wanted(request), "keys": own_keys.of(access.person(request))}
    return render_to_string(template, context, request)


def _of_look(review: Review, typed: Typed, *, person: int) -> tuple[str, dict[str, Any]]:
    """The template of a look and what stands in it; of a hidden draft nothing does before the person has answered."""
    seen, own = sheet.of(review), hidden.own_answer(review, person)
    if own is None and hidden.is_hidden(review, seen.proposal):
        return "review/_own_first.html", _own_first(seen, typed)
    if not typed.form and (before := desk.taken_back(review, person)) is not None:
        typed = _as_before(seen, before, typed)
    fields = schema_form.draw(
        seen.task.output_schema, seen.proposal, typed=typed.form or None, errors=typed.errors, focus=typed.focus
    )
    fields = sorted(fields, key=lambda field: field.is_bulky)
    now = getattr(review, "read_at", None) or clock.now()
    context = {
        "sheet": seen,
        "review": review,
        "turn": turns.words(review, now),
        "fields": fields,
        "typed": typed,
        "form_error": schema_form.loose(fields, typed.errors),
        "reasons": list(enumerate(seen.task.reason_words.items(), start=1)),
        "lease_left": _seconds_left(review, now),
        "own": hidden.beside(own, seen) if own is not None else None,
        "handed": handed.words_on(review),
        "colleagues": handed.others(review, person),
        "peers": settling.peers(review, seen),
    }
    if typed.doing == "mark":
        context["listing"] = mark_form.listing(seen.task, proposal=seen.proposal, source=seen.body, chosen=typed.marks)
    return "review/_sheet.html", context


def _own_first(seen: sheet.Sheet, typed: Typed) -> dict[str, Any]:
    """What the sheet holds without the draft, and without anything that was made from it: the person answers first."""
    fields = schema_form.draw(seen.task.output_schema, typed=typed.form or None, errors=typed.errors, focus=typed.focus)
    return {
        "sheet": hidden.bare(seen),
        "review": seen.review,
        "fields": sorted(fields, key=lambda field: field.is_bulky),
        "form_error": schema_form.loose(fields, typed.errors),
        "lease_left": _seconds_left(seen.review, clock.now()),
    }


def _seconds_left(review: Review, now: datetime) -> int:
    return 0 if review.lease_until is None else desk.seconds(review.lease_until - now)


def _as_before(seen: sheet.Sheet, before: Undone, typed: Typed) -> Typed:
    """A fix that was taken back stands in the form again: nobody types it twice."""
    if before.verdict != Verdict.FIX:
        return replace(typed, note=typed.note or before.note)
    form = schema_form.fill(seen.task.output_schema, before.answer, whole=True)
    return replace(typed, form=form, note=typed.note or before.note)


def empty(request: HttpRequest, tasks: list[Task], *, may_take: bool = False, trouble: str = "") -> HttpResponse:
    """What there is, honestly. The script takes the next item by itself, but not from a desk found empty."""
    context = _of_empty(request, tasks)
    found = context["found"]
    take_itself = may_take and (found.open > 0 or found.beyond) and "looked" not in request.GET
    context |= {"take_itself": take_itself, "trouble": trouble}
    return _page(request, "review/_empty.html", context, status=200, address=reverse("desk") + _query(request))


def empty_alone(request: HttpRequest) -> str:
    """The honest empty desk for an open page that has nothing left."""
    context = _of_empty(request, may_review(request)) | {"wanted": wanted(request)}
    return render_to_string("review/_empty.html", context, request)


def _of_empty(request: HttpRequest, tasks: list[Task]) -> dict[str, Any]:
    shown = wanted_of(request, tasks)
    user_id = access.person(request).pk
    filtered = [task for task in desk.tasks_of(user_id) if task not in shown]
    barred = practice.barred(user_id, shown)
    found = desk.elsewhere(user_id, [task for task in shown if task not in barred], hidden=filtered)
    return {
        "found": found,
        "lone_task": shown if wanted(request) else [],
        "barred": [practice.progress(task, user_id) for task in barred],
    }


def lost(request: HttpRequest, review: Review, why: str, typed: Typed) -> HttpResponse:
    """Somebody else has it: who and why, and what was typed here, to copy."""
    kept = [f"{name}: {text}" for key, text in typed.form.items() if text and (name := schema_form.shown(key))]
    kept += [f"note: {note}" for note in (typed.note, typed.hand_note) if note]
    kept += [mark_form.in_words(one) for one in typed.marks]
    review = desk.look(review.pk, [review.task]) or review
    other = review.holder if review.holder_id != access.person(request).pk else None
    context = {"why": why, "other": other, "review": review, "kept": "\n".join(kept)}
    response = _page(request, "review/_lost.html", context, status=409, address=address_of(review.pk, request))
    response["X-Desk-Outcome"] = "lost"
    return response


def kept_aside(request: HttpRequest, review: Review, why: str) -> HttpResponse:
    """It came too late and is kept as a second opinion: where, and what it changes."""
    review = desk.look(review.pk, [review.task]) or review
    context: dict[str, Any] = {"why": why, "other": review.holder, "review": review}
    response = _page(request, "review/_aside.html", context, status=200, address=address_of(review.pk, request))
    response["X-Desk-Outcome"] = "aside"
    return response
