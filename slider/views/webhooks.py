"""The receivers of a task: listed, added, changed, turned on and off, given new secrets and removed."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from slider.flow import endpoints
from slider.models import Endpoint, Task, can
from slider.queries import receivers
from slider.views import access
from slider.views.webhook_forms import NewReceiverForm, ReceiverForm, SecretForm

TRIES_A_PAGE = 50


@never_cache
@require_safe
def index(request: HttpRequest, task_id: int) -> HttpResponse:
    """Where a task's results and news go."""
    task = access.task_or_404(request, task_id, "operate")
    return _index(request, task, NewReceiverForm())


@never_cache
@require_POST
def add(request: HttpRequest, task_id: int) -> HttpResponse:
    """Add a receiver; its secret is shown in this answer and never again."""
    task = access.task_or_404(request, task_id, "administer")
    form = NewReceiverForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            saved = endpoints.make(
                task,
                url=said["url"],
                description=said["description"],
                events=said["events"],
                secret=said["secret"].strip(),
            )
        except endpoints.Unfit as error:
            form.blame(error)
        else:
            return page(request, saved.endpoint, saved=saved)
    return _index(request, task, form, status=422)


@never_cache
@require_safe
def show(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """One receiver: how it does, its settings, and the log of what was tried."""
    return page(request, endpoint_or_404(request, endpoint_id, "operate"))


@never_cache
@require_POST
def change(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Save a receiver's settings."""
    endpoint = endpoint_or_404(request, endpoint_id, "administer")
    form = ReceiverForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        wish = endpoints.Wish(said["url"], said["description"], said["events"])
        try:
            saved = endpoints.change(endpoint, wish, by=access.person(request).get_username())
        except endpoints.Unfit as error:
            form.blame(error)
        else:
            if saved.new_secret:
                return page(request, saved.endpoint, saved=saved)
            messages.success(request, "Saved. The signing secret is the same as before.")
            return redirect("webhook", endpoint_id=endpoint.pk)
    return page(request, endpoint, form=form, status=422)


@require_POST
def switch(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Turn a receiver off, or on again; which of the two stands in the form."""
    endpoint = endpoint_or_404(request, endpoint_id, "administer")
    on = request.POST.get("on") == "yes"
    why = " ".join(request.POST.get("why", "").replace("\x00", "").split())
    try:
        endpoints.change(endpoint, endpoints.Wish(on=on, why=why), by=access.person(request).get_username())
    except endpoints.Unfit as error:
        messages.error(request, f"It was not changed: {error}.")
    else:
        words = (
            "On: what is owed to it is sent from now on." if on else "Off: nothing is sent, and nothing new is owed."
        )
        messages.success(request, words)
    return redirect("webhook", endpoint_id=endpoint.pk)


@never_cache
@require_POST
def secret(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Replace the signing secret; the new one is shown in this answer and never again."""
    endpoint = endpoint_or_404(request, endpoint_id, "administer")
    form = SecretForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            saved = endpoints.rotate(endpoint, overlap_h=said["overlap_h"], secret=said["secret"].strip())
        except endpoints.Unfit as error:
            form.blame(error)
        else:
            return page(request, saved.endpoint, saved=saved)
    return page(request, endpoint, secret_form=form, status=422)


@require_POST
def remove(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Send nothing more there, and forget it."""
    endpoint = endpoint_or_404(request, endpoint_id, "administer")
    endpoints.remove(endpoint)
    messages.success(request, f"{endpoint} is removed: nothing is sent there any more.")
    return redirect("webhooks", task_id=endpoint.task_id)


def endpoint_or_404(request: HttpRequest, endpoint_id: int, verb: str) -> Endpoint:
    """The receiver, if the person belongs to its project and may `verb` there."""
    found = Endpoint.objects.select_related("task__project")
    endpoint = found.filter(pk=min(endpoint_id, access.BIGGEST_ID), removed_at=None).first()
    if endpoint is None:
        raise Http404(f"There is no receiver {endpoint_id} in your projects.")
    access.task_or_404(request, endpoint.task_id, verb)
    return endpoint


def _index(request: HttpRequest, task: Task, form: NewReceiverForm, *, status: int = 200) -> HttpResponse:
    shown = {
        "task": task,
        "receivers": receivers.of_task(task),
        "form": form,
        "administer": can(request.user, "administer", task.project),
        "most": endpoints.MOST,
    }
    return render(request, "webhooks/index.html", shown, status=status)


def page(
    request: HttpRequest,
    endpoint: Endpoint,
    *,
    form: ReceiverForm | None = None,
    secret_form: SecretForm | None = None,
    saved: endpoints.Saved | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    """One receiver's page."""
    endpoint = Endpoint.objects.select_related("task__project").get(pk=endpoint.pk)
    before = request.GET.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    tries = receivers.tries(endpoint, before=place, most=TRIES_A_PAGE + 1)
    shown: dict[str, Any] = {
        "task": endpoint.task,
        "one": receivers.one(endpoint),
        "form": form or ReceiverForm.of(endpoint),
        "secret_form": secret_form or SecretForm(),
        "saved": saved,
        "error": error,
        "tries": tries[:TRIES_A_PAGE],
        "older": tries[TRIES_A_PAGE - 1].pk if len(tries) > TRIES_A_PAGE else None,
        "newest": place is None,
        "administer": can(request.user, "administer", endpoint.task.project),
        "sees_items": can(request.user, "see items", endpoint.task.project),
    }
    return render(request, "webhooks/show.html", shown, status=status)
