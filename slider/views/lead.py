"""The lead's page of a task: who works on what, what waits and when it is done, and taking a look out of a hand."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from slider.flow import release as releasing
from slider.models import Review, Task
from slider.queries import clock, flags, lead
from slider.views import access


@never_cache
@require_safe
def show(request: HttpRequest, task_id: int) -> HttpResponse:
    """Everybody who works on a task right now, their pace, the backlog and its forecast."""
    return page(request, access.task_or_404(request, task_id, "lead"))


@dataclass(frozen=True, slots=True)
class Wrong:
    """What could not be done, in which section of the page; with a look, in the form of that look."""

    words: str
    section: str
    review_id: int = 0
    typed: str = ""


def page(request: HttpRequest, task: Task, wrong: Wrong | None = None, *, status: int = 200) -> HttpResponse:
    """The whole page. Whoever asks has the right."""
    now, waits = clock.now(), lead.waits(task)
    context = {
        "task": task,
        "held": lead.held(task),
        "most_held": lead.MOST_HELD,
        "flags": flags.standing(task),
        "most_flags": flags.MOST,
        "paces": lead.paces(task.pk),
        "waits": waits,
        "outlook": lead.outlook(task, waits, now=now),
        "level": lead.LEVEL,
        "spell": lead.spell_now(task.pk),
        "spells": lead.spells(task),
        "now": now,
        "wrong": wrong,
        "here": "lead",
    }
    return render(request, "lead/show.html", context, status=status)


@require_POST
def release(request: HttpRequest, task_id: int, review_id: int) -> HttpResponse:
    """Take a look out of somebody's hands, with a reason, under the claim that the page has shown."""
    task = access.task_or_404(request, task_id, "lead")
    if not Review.objects.filter(pk=min(review_id, access.BIGGEST_ID), task=task).exists():
        raise Http404("There is no such look in this task.")
    words, token = request.POST.get("words", ""), request.POST.get("token", "")
    number = int(token) if token.isascii() and token.isdigit() and len(token) < 19 else 0
    try:
        releasing.release(review_id, token=number, by=access.person(request).pk, words=words)
    except releasing.Unfit as error:
        wrong = Wrong(str(error), section="held", review_id=review_id, typed=words)
        return page(request, task, wrong, status=422)
    except releasing.Gone as error:
        return page(request, task, Wrong(f"Nothing was released: {error}.", section="held"), status=409)
    messages.success(request, "Released: it is open to everybody again. The story says that you did it, and why.")
    return HttpResponseRedirect(reverse("lead", args=[task.pk]))
