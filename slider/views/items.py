"""A task's items, one item's whole story, taking an item back, and correcting what has left."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from slider.flow import corrections as correcting
from slider.flow import intake, moves
from slider.flow.corrections import NotOut
from slider.flow.review import Unfit
from slider.flow.undo import TooLate
from slider.models import Cause, Correction, Emptied, Item, Known, State, archived
from slider.models.states import FINAL
from slider.queries import corrections, frame, handed, items, shape, story
from slider.views import access, correction_form, schema_form
from slider.views.correction_form import Typed

LONGEST_REASON = 250


@require_GET
def index(request: HttpRequest, task_id: int) -> HttpResponse:
    """The items of a task, newest first, narrowed by what becomes of them or found by their id."""
    task = access.task_or_404(request, task_id, "see items")
    begins = request.GET.get("id", "").strip().replace("\x00", "")
    show = request.GET.get("show", "")
    if show not in items.Show.values:
        raise Http404(f"There is no filter {show[:40]!r}: take one of the list.")
    blind = access.is_blind(request, task.project)
    if begins:
        page = items.search(task, begins[:255], blind=blind)
    else:
        page = items.page(task, show=items.Show(show), before=_before(request), blind=blind)
    context = {"task": task, "page": page, "show": show, "begins": begins, "shows": items.Show.choices, "here": "items"}
    return render(request, "items/index.html", context | {"most": items.MOST_FOUND})


@require_GET
def item(request: HttpRequest, item_id: int) -> HttpResponse:
    """One item and all that happened to it."""
    return shown(request, item_id)


@require_POST
def withdraw(request: HttpRequest, item_id: int) -> HttpResponse:
    """Take an item back that is not final yet, with a reason."""
    found = access.item_or_404(request, _id(item_id), "intake")
    reason = " ".join(request.POST.get("reason", "").replace("\x00", "").split())
    if not reason:
        return shown(request, item_id, error="Say why: whoever reads the story later needs the reason.")
    if len(reason) > LONGEST_REASON:
        return shown(request, item_id, error=f"The reason has {len(reason)} characters; at most {LONGEST_REASON} fit.")
    try:
        intake.withdraw(found.pk, by=access.person(request).pk, reason=f"withdrawn: {reason}")
    except moves.Lost:
        return shown(
            request, item_id, error="It is final by now: a result that is out can't be taken back.", status=409
        )
    messages.success(request, "The item is withdrawn; nothing is owed for it.")
    return HttpResponseRedirect(reverse("item", args=[found.pk]))


@require_POST
def correct(request: HttpRequest, item_id: int) -> HttpResponse:
    """Publish another answer than the one that has left, or that it was wrong, with a reason."""
    found = access.item_or_404(request, _id(item_id), "review")
    holds = None if _is_hidden(request, found) else corrections.holds(found)
    if holds is None:
        words = "There is no result to correct: people have to decide it first."
        return shown(request, item_id, trouble=words, kept=correction_form.in_words(request, found.task))
    if (wish := request.POST.get(schema_form.RESHAPE)) is not None:
        return shown(request, item_id, typed=correction_form.reshaped(request, found.task, holds, wish), status=200)
    said, typed = correction_form.read(request, found.task, holds)
    if typed.errors:
        return shown(request, item_id, typed=typed)
    try:
        made = correcting.correct(found.pk, user_id=access.person(request).pk, said=said)
    except NotOut as error:
        kept = correction_form.in_words(request, found.task)
        return shown(request, item_id, trouble=f"{str(error)[:1].upper()}{str(error)[1:]}.", kept=kept)
    except Unfit as error:
        return shown(request, item_id, typed=correction_form.refused(typed, said, error, found.task))
    messages.success(request, _told(made, seen=request.POST.get("number", "")))
    return HttpResponseRedirect(reverse("item", args=[found.pk]))


def _told(made: Correction, *, seen: str) -> str:
    words = f"Corrected: it goes out as correction {made.number - 1}."
    if seen.isascii() and seen.isdigit() and len(seen) < 10 and int(seen) < made.number - 1:
        words += " Somebody else corrected it while you looked; yours comes after theirs, and both are kept."
    return words


@require_POST
def uncorrect(request: HttpRequest, item_id: int, correction_id: int) -> HttpResponse:
    """Take one's own correction back before it leaves."""
    found = access.item_or_404(request, _id(item_id), "review")
    if not Correction.objects.filter(pk=_id(correction_id), item=found).exists():
        raise Http404("There is no such correction of this item.")
    try:
        correcting.undo(correction_id, user_id=access.person(request).pk)
    except TooLate as error:
        return shown(request, item_id, trouble=f"The correction stays: {error}.")
    messages.success(request, "The correction is taken back: nothing of it has left.")
    return HttpResponseRedirect(reverse("item", args=[found.pk]) + f"?again={correction_id}")


def _is_hidden(request: HttpRequest, found: Item) -> bool:
    """Whether a look is owed that this person must know nothing of."""
    return access.is_blind(request, found.task.project) and items.is_looked_at(found.pk)


def shown(
    request: HttpRequest,
    item_id: int,
    *,
    error: str = "",
    status: int = 422,
    typed: Typed | None = None,
    trouble: str = "",
    giving: dict[str, Any] | None = None,
    kept: str = "",
) -> HttpResponse:
    """The page of an item, with what was wrong and what was typed: `giving` is a look to a person, and the note.

    `kept` is what was typed where no form is left for it.
    """
    found = access.item_or_404(request, _id(item_id), "see items")
    task, carried = found.task, archived.carried(found.pk)
    body = carried.body
    blind = access.is_blind(request, task.project)
    told = story.tell(found, blind=blind)
    rights = frame.rights(request.user, task.project)
    source = [(part, shape.held(body, part)) for part in shape.parts(task.input_schema, body, first=task.title_field)]
    emptied = Emptied.objects.select_related("by").filter(pk=found.pk).first()
    erased = emptied is not None and emptied.cause == Cause.REQUEST
    context = {
        "task": task,
        "item": found,
        "origin": carried.origin,
        "title": f"Item {found.pk}" if erased else task.title(body, found.external_id),
        "erased": erased,
        "source": [(part, held) for part, held in source if held is not None],
        "story": told,
        "state": "waits for people" if told.is_cut else found.get_state_display(),
        "may_withdraw": "intake" in rights and found.state not in FINAL,
        "may_mark": "administer" in rights and found.state == State.DONE and emptied is None,
        "link": request.build_absolute_uri(reverse("item", args=[found.pk])),
        "stretched_h": task.stretched_h if told.is_cut or found.state == State.REVIEW else 0,
        "emptied": emptied,
        "goes_on": _goes_on(found) if emptied is None else None,
        "may_erase": "administer" in rights,
        "known": Known.objects.filter(pk=found.pk, retired_at=None).first(),
        "error": error,
        "trouble": trouble,
        "kept": kept,
        "reason": request.POST.get("reason", ""),
        "here": "items",
    }
    if "lead" in rights:
        context |= {"owed": handed.owed(found.pk), "colleagues": handed.colleagues(task.project_id)}
        context |= {"giving": giving}
    holds = corrections.holds(found) if "review" in rights and not told.is_cut else None
    if holds is not None:
        typed = typed or _again(request, found)
        context |= {"correcting": correction_form.context(task, holds, typed)}
        context |= {"own": corrections.own(found, access.person(request).pk)}
    is_refused = bool(error) or (typed is not None and request.method == "POST")
    return render(request, "items/item.html", context, status=409 if trouble else status if is_refused else 200)


def _goes_on(found: Item) -> datetime | None:
    """When the task's rule deletes what the item holds; None where there is no rule, or the item has not ended."""
    days = found.task.contents_days
    return None if days is None or found.finished_at is None else found.finished_at + timedelta(days=days)


def _again(request: HttpRequest, found: Item) -> Typed | None:
    """What this person said in a correction that they took back, to go on with it; where the address asks for it."""
    again = request.GET.get("again", "")
    if not (again.isascii() and again.isdigit() and len(again) < 19):
        return None
    mine = Correction.objects.filter(pk=int(again), item=found, by=access.person(request), undone_at__isnull=False)
    one = mine.first()
    return None if one is None else correction_form.taken_back(one, found.task)


def _id(number: int) -> int:
    if number > access.BIGGEST_ID:
        raise Http404("There is no such item.")
    return number


def _before(request: HttpRequest) -> int | None:
    before = request.GET.get("before", "")
    if not before:
        return None
    if not (before.isascii() and before.isdigit() and len(before) < 19):
        raise Http404("There is no such page of the list: start at its beginning.")
    return int(before)
