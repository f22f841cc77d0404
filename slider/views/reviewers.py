"""The people who review: to those who answer for a task all of them, to each person their own work."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from slider.flow import adjudicate, known
from slider.flow import practice as practising
from slider.models import Gauge, Known, Review, ReviewKind, Stands
from slider.queries import clock, desk, disagreements, practice, reviewers, sway
from slider.views import access

BIGGEST_ID = 2**63 - 1


@require_safe
def show(request: HttpRequest, task_id: int) -> HttpResponse:
    """Everybody who reviews a task, what known answers say of them, and what waits for a lead's word."""
    return _show(request, task_id)


def _show(request: HttpRequest, task_id: int, *, error: str = "", of: int = 0, words: str = "") -> HttpResponse:
    task = access.task_or_404(request, task_id, "administer")
    policy = Gauge.objects.select_related("policy").get(pk=task.pk).policy
    context = {
        "task": task,
        "team": reviewers.team(task),
        "taken": reviewers.taken(policy),
        "to_measure": reviewers.to_measure(task.pk),
        "sway": sway.of(task),
        "has_texts": sway.has_texts(task),
        "gym": practice.gym(task),
        "splits": disagreements.splits(task),
        "error": error,
        "error_of": of,
        "words": words,
        "here": "reviewers",
    }
    return render(request, "reviewers/show.html", context, status=422 if error else 200)


@require_POST
def settle(request: HttpRequest, task_id: int, look_id: int) -> HttpResponse:
    """Say which of two looks stands."""
    task = access.task_or_404(request, task_id, "administer")
    ours = Review.objects.filter(pk=min(look_id, BIGGEST_ID), task=task, kind=ReviewKind.SECOND)
    if not ours.exists():
        raise Http404("There is no such second look in this task.")
    stands, words = request.POST.get("stands", ""), _words(request)
    if stands not in Stands.values:
        return _show(request, task_id, error="Choose which of the two looks stands.", of=look_id, words=words)
    by = access.person(request).pk
    return _done(
        request,
        lambda: adjudicate.say(look_id, stands=Stands(stands), words=words, by=by),
        said="Settled. It is a known answer now, with your words.",
        again=lambda error: _show(request, task_id, error=error, of=look_id, words=words),
        to=reverse("reviewers", args=[task.pk]),
    )


@require_POST
def let_in(request: HttpRequest, task_id: int) -> HttpResponse:
    """Let somebody begin with live items, without practice."""
    task = access.task_or_404(request, task_id, "administer")
    person = request.POST.get("person", "")
    try:
        if not (person.isascii() and person.isdigit() and len(person) < 10):
            raise practising.Stranger("no person was named")
        practising.let_in(task, int(person), by=access.person(request).pk)
    except practising.Stranger as error:
        raise Http404(f"Nobody was let in: {error}.") from error
    messages.success(request, "Let in: live items of this task go to this person as well.")
    return HttpResponseRedirect(reverse("reviewers", args=[task.pk]))


def _done(
    request: HttpRequest,
    deed: Callable[[], object],
    *,
    said: str,
    again: Callable[[str], HttpResponse],
    to: str,
) -> HttpResponse:
    """Do it and go on, or show the page again with what was wrong."""
    try:
        deed()
    except (known.Unfit, adjudicate.Settled) as error:
        words = str(error)
        return again(f"{words[0].upper()}{words[1:]}.")
    messages.success(request, said)
    return HttpResponseRedirect(to)


@require_POST
def mark(request: HttpRequest, item_id: int) -> HttpResponse:
    """Make a known answer of a finished item."""
    item = access.item_or_404(request, min(item_id, BIGGEST_ID), "administer")
    to, right = reverse("item", args=[item.pk]), request.POST.get("draft", "")

    def again(error: str) -> HttpResponse:
        messages.error(request, error)
        return HttpResponseRedirect(to)

    if right not in ("right", "wrong"):
        return again("Say whether the draft was right or wrong.")
    by = access.person(request).pk
    return _done(
        request,
        lambda: known.mark(item, draft_right=right == "right", words=_words(request), by=by),
        said="It is a known answer now. Nothing that has left is changed by it.",
        again=again,
        to=to,
    )


@require_POST
def retire(request: HttpRequest, item_id: int) -> HttpResponse:
    """Take a known answer out: it was none."""
    item = access.item_or_404(request, min(item_id, BIGGEST_ID), "administer")
    if not Known.objects.filter(pk=item.pk, retired_at=None).exists():
        raise Http404("This item is no known answer.")
    known.retire(item.pk, task_id=item.task_id)
    messages.success(request, "It is no known answer any more, and counts for nobody.")
    return HttpResponseRedirect(reverse("item", args=[item.pk]))


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """A person's own work. Known answers count from the day after, so that no look can be told by watching the page."""
    user = access.person(request)
    if not desk.reviews_anywhere(user.pk):
        raise PermissionDenied(
            "You review in no project, so there is no work of yours to show: ask an admin of your project."
        )
    tasks = desk.tasks_of(user.pk)
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    rows = [(task, one) for task in tasks for one in reviewers.persons(task, user_id=user.pk, before=today)]
    context = {"rows": rows, "lessons": disagreements.lessons(user.pk, tasks, before=today)}
    return render(request, "reviewers/mine.html", context)


def _words(request: HttpRequest) -> str:
    return request.POST.get("words", "").replace("\r\n", "\n")
