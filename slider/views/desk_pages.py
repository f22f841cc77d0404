"""The pages and pieces of the desk: a look, an honest empty desk, and a look that somebody else has."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from slider.flow.marking import Remark
from slider.models import Review, Task
from slider.queries import desk, shape, sheet
from slider.views import access, mark_form, schema_form

KEYS = (
    (("A",), "accept the proposal"),
    (("E",), "fix it: opens the form"),
    (("Ctrl", "Enter"), "send what you fixed; Esc leaves the form"),
    (("1", "9"), "take the alternative with this number"),
    (("R", "1", "9"), "reject, then the number of the reason"),
    (("M",), "mark fields and passages; arrows choose, a number says what is wrong, 0 that it is right"),
    (("M", "L"), "accept what is right for the wrong reason"),
    (("S",), "skip: it goes to somebody else"),
    (("D",), "show differences or the whole texts"),
    (("?",), "these keys"),
)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person had put into the forms when the page has to show them again."""

    form: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    note: str = ""
    doing: str = ""  # "fix", "reject" or "mark": which form stands open
    marks: tuple[Remark, ...] = ()
    marks_error: str = ""


def wanted(request: HttpRequest) -> str:
    """The task that the person wants to review alone, as they gave it; empty: all of them."""
    return request.POST.get("task", "") or request.GET.get("task", "")


def address_of(review_id: int, request: HttpRequest) -> str:
    """Where a look is shown, within the task that was asked for."""
    return reverse("desk-review", args=[review_id]) + _query(request)


def _query(request: HttpRequest) -> str:
    task = wanted(request)
    return f"?{urlencode({'task': task})}" if task else ""


def _page(request: HttpRequest, piece: str, context: dict[str, Any], *, status: int, address: str) -> HttpResponse:
    context |= {"piece": piece, "wanted": wanted(request), "keys": KEYS, "desk_address": address}
    template = piece if request.htmx else "review/desk.html"  # type: ignore[attr-defined]  # as above
    response = render(request, template, context, status=status)
    response["X-Desk-Address"] = address
    response["Cache-Control"] = "no-store"
    return response


def look(request: HttpRequest, review: Review, typed: Typed, *, status: int = 200) -> HttpResponse:
    """The sheet of a look with its forms; what was typed stands in them."""
    seen = sheet.of(review)
    drawn = schema_form.draw(seen.task.output_schema, seen.proposal, typed=typed.form or None, errors=typed.errors)
    fields = sorted(drawn, key=lambda field: shape.is_bulky(field.part))
    context = {
        "sheet": seen,
        "review": review,
        "fields": fields,
        "typed": typed,
        "form_error": typed.errors.get("") if fields[0].part.name else None,
        "reasons": list(enumerate(seen.task.reason_words.items(), start=1)),
        "lease_left": _seconds_left(review),
    }
    if typed.doing == "mark":
        context["listing"] = mark_form.listing(seen.task, proposal=seen.proposal, source=seen.body, chosen=typed.marks)
    return _page(request, "review/_sheet.html", context, status=status, address=address_of(review.pk, request))


def _seconds_left(review: Review) -> int:
    left = 0.0 if review.lease_until is None else (review.lease_until - timezone.now()).total_seconds()
    return max(0, round(left))


def empty(request: HttpRequest, tasks: list[Task], *, may_take: bool = False) -> HttpResponse:
    """What there is, honestly. The script takes the next item by itself, but not from a desk found empty."""
    found = desk.elsewhere(access.person(request).pk, tasks)
    take_itself = may_take and found.open > 0 and "looked" not in request.GET
    context: dict[str, Any] = {
        "found": found,
        "take_itself": take_itself,
        "lone_task": tasks if wanted(request) else [],
    }
    return _page(request, "review/_empty.html", context, status=200, address=reverse("desk") + _query(request))


def lost(request: HttpRequest, review: Review, why: str, typed: Typed) -> HttpResponse:
    """Somebody else has it: who and why, and what was typed here, to copy."""
    kept = [f"{key.removeprefix(schema_form.PREFIX)}: {text}" for key, text in typed.form.items() if text]
    kept += [f"note: {typed.note}"] if typed.note else []
    kept += [mark_form.in_words(one) for one in typed.marks]
    review = desk.look(review.pk, [review.task]) or review
    other = review.holder if review.holder_id != access.person(request).pk else None
    context = {"why": why, "other": other, "review": review, "kept": "\n".join(kept)}
    return _page(request, "review/_lost.html", context, status=409, address=address_of(review.pk, request))
