"""Flags on the lead's page: taking the item oneself, or saying what to do and giving it back to everybody."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from slider.flow import flags, handing
from slider.models import Review, Task
from slider.views import access, lead


@require_POST
def answer(request: HttpRequest, task_id: int, review_id: int) -> HttpResponse:
    """Take a flagged look and go to it."""
    task = _task(request, task_id, review_id)
    lease_s = settings.ENV.SLIDER_REVIEW_LEASE_S
    try:
        flags.answer(review_id, by=access.person(request).pk, lease_s=lease_s)
    except (flags.Gone, flags.Barred) as error:
        return lead.page(request, task, lead.Wrong(f"Nothing was taken: {error}.", section="flags"), status=409)
    return HttpResponseRedirect(reverse("desk-review", args=[review_id]))


@require_POST
def take_off(request: HttpRequest, task_id: int, review_id: int) -> HttpResponse:
    """Take the flag off a look, with a note for whoever takes it next."""
    task, note = _task(request, task_id, review_id), request.POST.get("note", "")
    try:
        flags.take_off(review_id, by=access.person(request).pk, note=note)
    except handing.Unfit as error:
        words = f"{str(error)[:1].upper()}{str(error)[1:]}."
        wrong = lead.Wrong(words, section="flags", review_id=review_id, typed=note)
        return lead.page(request, task, wrong, status=422)
    except flags.Gone as error:
        wrong = lead.Wrong(f"The flag was not taken off: {error}.", section="flags", typed=note)
        return lead.page(request, task, wrong, status=409)
    messages.success(request, "The flag is off: it is open again, with your note.")
    return HttpResponseRedirect(reverse("lead", args=[task.pk]))


def _task(request: HttpRequest, task_id: int, review_id: int) -> Task:
    task = access.task_or_404(request, task_id, "lead")
    if not Review.objects.filter(pk=min(review_id, access.BIGGEST_ID), task=task).exists():
        raise Http404("There is no such look in this task.")
    return task
