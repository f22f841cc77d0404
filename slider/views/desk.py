"""The review desk: take an item, look, decide; a GET changes nothing, and nothing a person typed is lost."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from slider.flow import moves
from slider.flow import review as reviewing
from slider.flow.review import NotYours, Said, Unfit
from slider.models import Review, ReviewState, Task, Verdict
from slider.queries import desk, shape
from slider.views import access, schema_form

BIGGEST_ID = 2**63 - 1
NO_CLAIM = -1  # what stands for a token that is none: no review has it
SAID = {Verdict.ACCEPT: "Accepted", Verdict.FIX: "Fixed", Verdict.REJECT: "Rejected"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person had put into the forms when the page has to show them again."""

    form: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    note: str = ""
    doing: str = ""  # "fix" or "reject": which form stands open


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """The look that this person holds, or what there is to take."""
    tasks = _tasks(request)
    held = desk.held(access.person(request).pk, tasks)
    if held is not None:
        return HttpResponseRedirect(_address(held.pk, request))
    return _empty(request, tasks, may_take=True)


@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take the next look and go to it."""
    return _next(request, _tasks(request))


@require_GET
def look(request: HttpRequest, review_id: int) -> HttpResponse:
    """One look, to whoever holds it or held it last."""
    tasks = _tasks(request)
    review = _review(review_id, tasks)
    if not _is_holders(request, review):
        return _lost(request, review, "this item is not in your hands now; somebody else may have it", Typed())
    doing = request.GET.get("do", "")
    return _sheet(request, review, Typed(doing=doing if doing in ("fix", "reject", "keys") else ""))


@require_POST
def decide(request: HttpRequest, review_id: int) -> HttpResponse:
    """Record the verdict and show the next look."""
    tasks = _tasks(request)
    review = _review(review_id, tasks)
    sheet = desk.sheet(review)
    said, typed = _said(request, sheet)
    if typed.errors:
        return _sheet(request, review, typed, status=422)
    try:
        decided = reviewing.decide(review.pk, user_id=access.person(request).pk, token=_token(request), said=said)
    except NotYours as error:
        return _lost(request, review, str(error), typed)
    except moves.Lost:
        return _lost(request, review, "the item was withdrawn meanwhile; nothing is owed for it", typed)
    except Unfit as error:
        known = {part.name for part in shape.parts(sheet.task.output_schema, sheet.proposal)}
        errors = schema_form.error_at(error.where, str(error))
        if not known.issuperset(errors):
            errors = {"": str(error)}
        doing = "reject" if said.verdict == Verdict.REJECT else "fix"
        return _sheet(request, review, Typed(typed.form, errors, typed.note, doing), status=422)
    return _next(request, tasks, said=f"{SAID[Verdict(decided.verdict)]}: {sheet.title}.")


@require_POST
def skip(request: HttpRequest, review_id: int) -> HttpResponse:
    """Pass the look on to somebody else and show the next."""
    tasks = _tasks(request)
    review = _review(review_id, tasks)
    try:
        reviewing.skip(review.pk, user_id=access.person(request).pk, token=_token(request))
    except NotYours as error:
        return _lost(request, review, str(error), Typed())
    return _next(request, tasks, said="Skipped: it goes to somebody else.")


@require_POST
def stay(request: HttpRequest, review_id: int) -> HttpResponse:
    """A reader's sign of life: 204 and the seconds that are left, or 409 when the look is somebody else's."""
    review = _review(review_id, _tasks(request))
    lease_s = settings.ENV.SLIDER_REVIEW_LEASE_S
    user_id = access.person(request).pk
    if not reviewing.stay(review.pk, user_id=user_id, token=_token(request), lease_s=lease_s):
        return HttpResponse("This item is not in your hands any more.", status=409, content_type="text/plain")
    return HttpResponse(status=204, headers={"X-Lease-Seconds": str(lease_s)})


def _tasks(request: HttpRequest) -> list[Task]:
    """The tasks this person may review, or the one that they asked for. A right that is missing is said."""
    tasks = desk.tasks_of(access.person(request).pk)
    if not tasks and not desk.reviews_anywhere(access.person(request).pk):
        raise PermissionDenied(
            "You review in no project. The desk is for people with the role Reviewer or Admin: "
            "ask an admin of your project for it."
        )
    if wanted := _wanted(request):
        tasks = [task for task in tasks if str(task.pk) == wanted]
        if not tasks:
            raise Http404("There is no such task that you may review.")
    return tasks


def _wanted(request: HttpRequest) -> str:
    return request.POST.get("task", "") or request.GET.get("task", "")


def _address(review_id: int, request: HttpRequest) -> str:
    wanted = _wanted(request)
    return reverse("desk-review", args=[review_id]) + (f"?{urlencode({'task': wanted})}" if wanted else "")


def _review(review_id: int, tasks: list[Task]) -> Review:
    review = desk.look(review_id, tasks) if review_id <= BIGGEST_ID else None
    if review is None:
        raise Http404("There is no such item on your desk.")
    return review


def _is_holders(request: HttpRequest, review: Review) -> bool:
    """Whether a verdict of this person would count: they hold it, or nobody has taken it since they did."""
    user_id = access.person(request).pk
    if review.state == ReviewState.OPEN:
        return review.last_holder_id == user_id
    return review.state == ReviewState.HELD and review.holder_id == user_id


def _token(request: HttpRequest) -> int:
    token = request.POST.get("token", "")
    return int(token) if token.isascii() and token.isdigit() and len(token) < 19 else NO_CLAIM


def _said(request: HttpRequest, sheet: desk.Sheet) -> tuple[Said, Typed]:
    """The verdict that the form means, and what was typed for it."""
    post, note = request.POST, request.POST.get("note", "").replace("\r\n", "\n")
    form = {key: post[key] for key in post if key.startswith(schema_form.PREFIX)}
    if pick := post.get("pick"):
        chosen = next((a for a in sheet.alternatives if str(a.key) == pick), None)
        if chosen is None:
            return Said(Verdict.FIX), Typed(form, {"": "That alternative is not offered any more."}, note, "fix")
        return Said(Verdict.FIX, chosen.answer), Typed({}, {}, note)
    verdict = post.get("verdict", "")
    if verdict == Verdict.REJECT:
        return Said(Verdict.REJECT, reason=post.get("reason", ""), note=note), Typed({}, {}, note, "reject")
    if verdict == Verdict.ACCEPT:
        return Said(Verdict.ACCEPT, note=note), Typed({}, {}, note)
    reading = schema_form.read(sheet.task.output_schema, form, before=sheet.proposal)
    return Said(Verdict.FIX, reading.value, note=note), Typed(form, dict(reading.errors), note, "fix")


def _next(request: HttpRequest, tasks: list[Task], *, said: str = "") -> HttpResponse:
    """The next look: as a piece when a script asked, else by a redirect that can be reloaded."""
    user_id = access.person(request).pk
    ids = [task.pk for task in tasks]
    review = reviewing.take(user_id, task_ids=ids, lease_s=settings.ENV.SLIDER_REVIEW_LEASE_S)
    if request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        response = _empty(request, tasks) if review is None else _sheet(request, review, Typed())
        response["X-Desk-Said"] = json.dumps(said)  # JSON: a header holds ASCII only
        return response
    if said:
        messages.success(request, said)
    wanted = _wanted(request)
    empty = reverse("desk") + "?" + urlencode({"looked": 1, **({"task": wanted} if wanted else {})})
    return HttpResponseRedirect(empty if review is None else _address(review.pk, request))


def _page(request: HttpRequest, piece: str, context: dict[str, Any], *, status: int, address: str) -> HttpResponse:
    wanted = _wanted(request)
    context |= {"piece": piece, "wanted": wanted, "keys": KEYS, "desk_address": address}
    template = piece if request.htmx else "review/desk.html"  # type: ignore[attr-defined]  # as above
    response = render(request, template, context, status=status)
    response["X-Desk-Address"] = address
    response["Cache-Control"] = "no-store"
    return response


def _sheet(request: HttpRequest, review: Review, typed: Typed, *, status: int = 200) -> HttpResponse:
    sheet = desk.sheet(review)
    drawn = schema_form.draw(sheet.task.output_schema, sheet.proposal, typed=typed.form or None, errors=typed.errors)
    fields = sorted(drawn, key=lambda field: shape.is_bulky(field.part))
    context = {
        "sheet": sheet,
        "review": review,
        "fields": fields,
        "typed": typed,
        "form_error": typed.errors.get("") if fields[0].part.name else None,
        "reasons": list(enumerate(reviewing.REASONS.items(), start=1)),
        "lease_left": _seconds_left(review),
    }
    return _page(request, "review/_sheet.html", context, status=status, address=_address(review.pk, request))


def _seconds_left(review: Review) -> int:
    left = 0.0 if review.lease_until is None else (review.lease_until - timezone.now()).total_seconds()
    return max(0, round(left))


def _empty(request: HttpRequest, tasks: list[Task], *, may_take: bool = False) -> HttpResponse:
    """What there is, honestly. The script takes the next item by itself, but not from a desk found empty."""
    found = desk.elsewhere(access.person(request).pk, tasks)
    take_itself = may_take and found.open > 0 and "looked" not in request.GET
    context: dict[str, Any] = {
        "found": found,
        "take_itself": take_itself,
        "lone_task": tasks if _wanted(request) else [],
    }
    wanted = _wanted(request)
    address = reverse("desk") + (f"?{urlencode({'task': wanted})}" if wanted else "")
    return _page(request, "review/_empty.html", context, status=200, address=address)


def _lost(request: HttpRequest, review: Review, why: str, typed: Typed) -> HttpResponse:
    """Somebody else has it: who and why, and what was typed here, to copy."""
    kept = [f"{key.removeprefix(schema_form.PREFIX)}: {text}" for key, text in typed.form.items() if text]
    kept += [f"note: {typed.note}"] if typed.note else []
    review = desk.look(review.pk, [review.task]) or review
    other = review.holder if review.holder_id != access.person(request).pk else None
    context = {"why": why, "other": other, "review": review, "kept": "\n".join(kept)}
    return _page(request, "review/_lost.html", context, status=409, address=_address(review.pk, request))


KEYS = (
    (("A",), "accept the proposal"),
    (("E",), "fix it: opens the form"),
    (("Ctrl", "Enter"), "send what you fixed; Esc leaves the form"),
    (("1", "9"), "take the alternative with this number"),
    (("R", "1", "5"), "reject, then the number of the reason"),
    (("S",), "skip: it goes to somebody else"),
    (("D",), "show differences or the whole texts"),
    (("?",), "these keys"),
)
