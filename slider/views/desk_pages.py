"""The pages and pieces of the desk: a look, an honest empty desk, and a look that somebody else has."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from slider.flow.marking import Remark
from slider.models import Review, Task, Undone, Verdict
from slider.queries import desk, own_keys, sheet
from slider.templatetags import formatted
from slider.views import access, mark_form, schema_form

SAID = {Verdict.ACCEPT: "Accepted", Verdict.FIX: "Fixed", Verdict.REJECT: "Rejected"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person had put into the forms when the page has to show them again."""

    form: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    note: str = ""
    doing: str = ""  # "fix", "reject" or "mark": which form stands open
    marks: tuple[Remark, ...] = ()
    marks_error: str = ""
    focus: str | None = None  # the pointer of what to go on with, where the form has got another shape


def wanted(request: HttpRequest) -> str:
    """The task that the person wants to review alone, as they gave it; empty: all of them."""
    return request.POST.get("task", "") or request.GET.get("task", "")


def address_of(review_id: int, request: HttpRequest) -> str:
    """Where a look is shown, within the task that was asked for."""
    return reverse("desk-review", args=[review_id]) + _query(request)


def _query(request: HttpRequest) -> str:
    task = wanted(request)
    return f"?{urlencode({'task': task})}" if task else ""


def tasks_of(request: HttpRequest) -> list[Task]:
    """The tasks that the person reviews; only the one that they asked for, if they did."""
    tasks, only = desk.tasks_of(access.person(request).pk), wanted(request)
    return [task for task in tasks if not only or str(task.pk) == only]


def _page(request: HttpRequest, piece: str, context: dict[str, Any], *, status: int, address: str) -> HttpResponse:
    last_said = desk.last_said(access.person(request).pk, tasks_of(request))
    context |= {
        "piece": piece,
        "wanted": wanted(request),
        "keys": own_keys.of(access.person(request).pk),
        "desk_address": address,
    }
    context |= {"last_said": last_said, "said_words": SAID[last_said.verdict] if last_said else ""}
    template = "review/_desk.html" if request.htmx else "review/desk.html"  # type: ignore[attr-defined]  # as above
    response = render(request, template, context, status=status)
    response["X-Desk-Address"] = address
    response["Cache-Control"] = "no-store"
    return response


def look(request: HttpRequest, review: Review, typed: Typed, *, status: int = 200, trouble: str = "") -> HttpResponse:
    """The sheet of a look with its forms; what was typed stands in them, or what was said before it was taken back."""
    seen = sheet.of(review)
    if not typed.form and (before := desk.taken_back(review)) is not None:
        typed = _as_before(seen, before, typed)
    fields = schema_form.draw(
        seen.task.output_schema, seen.proposal, typed=typed.form or None, errors=typed.errors, focus=typed.focus
    )
    fields = sorted(fields, key=lambda field: field.is_bulky)
    context = {
        "sheet": seen,
        "review": review,
        "fields": fields,
        "typed": typed,
        "form_error": schema_form.loose(fields, typed.errors),
        "reasons": list(enumerate(seen.task.reason_words.items(), start=1)),
        "lease_left": _seconds_left(review),
        "trouble": trouble,
        "show_all": "all" in request.GET,
        "load_pictures": (load := seen.task.pictures and "pictures" in request.GET),
    }
    if typed.doing == "mark":
        context["listing"] = mark_form.listing(seen.task, proposal=seen.proposal, source=seen.body, chosen=typed.marks)
    page = _page(request, "review/_sheet.html", context, status=status, address=address_of(review.pk, request))
    if load:  # this one page may load from the very sites that its own pictures name, and from no other
        texts = [*(field.value for field in seen.source), *(line.value for line in seen.lines)]
        page._csp_update = {"img-src": formatted.origins(texts)}  # type: ignore[attr-defined]  # django-csp reads it
    return page


def _as_before(seen: sheet.Sheet, before: Undone, typed: Typed) -> Typed:
    """A fix that was taken back stands in the form again: nobody types it twice."""
    if before.verdict != Verdict.FIX:
        return replace(typed, note=typed.note or before.note)
    form = schema_form.fill(seen.task.output_schema, before.answer)
    return replace(typed, form=form, note=typed.note or before.note)


def _seconds_left(review: Review) -> int:
    left = 0.0 if review.lease_until is None else (review.lease_until - timezone.now()).total_seconds()
    return max(0, round(left))


def empty(request: HttpRequest, tasks: list[Task], *, may_take: bool = False, trouble: str = "") -> HttpResponse:
    """What there is, honestly. The script takes the next item by itself, but not from a desk found empty."""
    found = desk.elsewhere(access.person(request).pk, tasks)
    take_itself = may_take and found.open > 0 and "looked" not in request.GET
    context: dict[str, Any] = {
        "found": found,
        "take_itself": take_itself,
        "lone_task": tasks if wanted(request) else [],
        "trouble": trouble,
    }
    return _page(request, "review/_empty.html", context, status=200, address=reverse("desk") + _query(request))


def lost(request: HttpRequest, review: Review, why: str, typed: Typed) -> HttpResponse:
    """Somebody else has it: who and why, and what was typed here, to copy."""
    kept = [f"{name}: {text}" for key, text in typed.form.items() if text and (name := schema_form.shown(key))]
    kept += [f"note: {typed.note}"] if typed.note else []
    kept += [mark_form.in_words(one) for one in typed.marks]
    review = desk.look(review.pk, [review.task]) or review
    other = review.holder if review.holder_id != access.person(request).pk else None
    context = {"why": why, "other": other, "review": review, "kept": "\n".join(kept)}
    return _page(request, "review/_lost.html", context, status=409, address=address_of(review.pk, request))


def kept_aside(request: HttpRequest, review: Review, why: str) -> HttpResponse:
    """It came too late and is kept as a second opinion: where, and what it changes."""
    review = desk.look(review.pk, [review.task]) or review
    context: dict[str, Any] = {"why": why, "other": review.holder, "review": review}
    return _page(request, "review/_aside.html", context, status=200, address=address_of(review.pk, request))
