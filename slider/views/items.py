"""A task's items, one item's whole story, and taking an item back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from slider.flow import intake, moves
from slider.models import Known, State
from slider.models.states import FINAL
from slider.queries import frame, items, shape, story
from slider.views import access

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
    return _item(request, item_id)


@require_POST
def withdraw(request: HttpRequest, item_id: int) -> HttpResponse:
    """Take an item back that is not final yet, with a reason."""
    found = access.item_or_404(request, _id(item_id), "intake")
    reason = " ".join(request.POST.get("reason", "").replace("\x00", "").split())
    if not reason:
        return _item(request, item_id, error="Say why: whoever reads the story later needs the reason.")
    if len(reason) > LONGEST_REASON:
        return _item(request, item_id, error=f"The reason has {len(reason)} characters; at most {LONGEST_REASON} fit.")
    try:
        intake.withdraw(found.pk, by=access.person(request).pk, reason=f"withdrawn: {reason}")
    except moves.Lost:
        return _item(
            request, item_id, error="It is final by now: a result that is out can't be taken back.", status=409
        )
    messages.success(request, "The item is withdrawn; nothing is owed for it.")
    return HttpResponseRedirect(reverse("item", args=[found.pk]))


def _item(request: HttpRequest, item_id: int, *, error: str = "", status: int = 422) -> HttpResponse:
    found = access.item_or_404(request, _id(item_id), "see items")
    task, body = found.task, found.payload.body
    blind = access.is_blind(request, task.project)
    told = story.tell(found, blind=blind)
    rights = frame.rights(request.user, task.project)
    source = [(part, shape.held(body, part)) for part in shape.parts(task.input_schema, body, first=task.title_field)]
    context = {
        "task": task,
        "item": found,
        "title": task.title(body, found.external_id),
        "source": [(part, held) for part, held in source if held is not None],
        "story": told,
        "state": "waits for people" if told.is_cut else found.get_state_display(),
        "may_withdraw": "intake" in rights and found.state not in FINAL,
        "may_mark": "administer" in rights and found.state == State.DONE,
        "known": Known.objects.filter(pk=found.pk, retired_at=None).first(),
        "error": error,
        "reason": request.POST.get("reason", ""),
        "here": "items",
    }
    return render(request, "items/item.html", context, status=status if error else 200)


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
