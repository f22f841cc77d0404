"""What was sent to a receiver: a test, one delivery with its tries, and what is sent again."""

from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from slider.flow import endpoints, operate, replays
from slider.models import Delivery, Endpoint, can
from slider.models.replayable import Which
from slider.queries import receivers
from slider.queries.advice import advice
from slider.views import access
from slider.views.webhook_forms import ReplayForm
from slider.views.webhooks import endpoint_or_404, page


@require_POST
def test(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """Send a test, and show how it goes."""
    endpoint = endpoint_or_404(request, endpoint_id, "operate")
    try:
        parcel = endpoints.test(endpoint)
    except endpoints.Unfit as error:
        words = str(error)
        return page(request, endpoint, error=f"{words[:1].upper()}{words[1:]}.", status=422)
    return redirect("webhook-delivery", endpoint_id=endpoint.pk, parcel_id=parcel.pk)


@never_cache
@require_safe
def delivery(request: HttpRequest, endpoint_id: int, parcel_id: int) -> HttpResponse:
    """One delivery: what it carries, and each try. While it is on its way, htmx asks again for the piece."""
    endpoint = endpoint_or_404(request, endpoint_id, "operate")
    return _delivery(request, endpoint, parcel_id)


def _delivery(
    request: HttpRequest, endpoint: Endpoint, parcel_id: int, *, error: str = "", reason: str = "", status: int = 200
) -> HttpResponse:
    parcel = receivers.parcel(endpoint, min(parcel_id, access.BIGGEST_ID))
    if parcel is None:
        raise Http404("There is no such delivery.")
    sees_items = can(request.user, "see items", endpoint.task.project)
    log = list(parcel.log.order_by("-pk")[:100])
    shown: dict[str, Any] = {
        "task": endpoint.task,
        "endpoint": endpoint,
        "parcel": parcel,
        "body": receivers.told(parcel, sees_items=sees_items),
        "log": log,
        "advice": advice(log[0].reason, log[0].status) if log and log[0].reason else "",
        "on_its_way": parcel.state == Delivery.DUE and parcel.event == "webhook.test",
        "sees_items": sees_items,
        "error": error,
        "reason": reason,
    }
    piece = "webhooks/_delivery.html" if request.headers.get("HX-Request") == "true" else "webhooks/delivery.html"
    return render(request, piece, shown, status=status)


@require_POST
def again(request: HttpRequest, endpoint_id: int, parcel_id: int) -> HttpResponse:
    """Send one delivery again, whether it was given up, waits or was delivered."""
    endpoint = endpoint_or_404(request, endpoint_id, "operate")
    parcel = receivers.parcel(endpoint, min(parcel_id, access.BIGGEST_ID))
    if parcel is None:
        raise Http404("There is no such delivery.")
    which = {Delivery.FAILED: Which.DEAD, Delivery.SENT: Which.SENT}.get(Delivery(parcel.state), Which.LATE)
    reason = request.POST.get("reason", "")
    order = replays.Order(endpoint, which, parcel.pk, access.person(request).pk, reason, one=parcel.pk)
    try:
        sent = replays.replay(order)
    except operate.Unfit as error:
        return _delivery(request, endpoint, parcel_id, error=str(error), reason=reason, status=422)
    if sent:
        messages.success(request, "It is sent again at once, with all its tries.")
    else:
        messages.info(request, "Nothing was to be done: it is on its way this very moment, or it is a test.")
    return redirect("webhook-delivery", endpoint_id=endpoint.pk, parcel_id=parcel.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def replay(request: HttpRequest, endpoint_id: int) -> HttpResponse:
    """A dry run by GET; by POST the same is sent again, and no more than the dry run has shown."""
    endpoint = endpoint_or_404(request, endpoint_id, "operate")
    sent = request.POST if request.method == "POST" else request.GET
    form = ReplayForm(sent if "which" in sent else {"which": Which.DEAD})
    if not form.is_valid():
        return _replay(request, endpoint, form, None, status=422)
    said = form.cleaned_data
    since = said["since"].astimezone(UTC) if said["since"] else None
    which, event = Which(said["which"]), said["event"]
    above = _id(sent.get("above", "")) or 0
    sight = receivers.sight(endpoint, which, event=event, since=since, above=above)
    if request.method != "POST":
        return _replay(request, endpoint, form, sight)
    upto, reason = _id(sent.get("upto", "")), sent.get("reason", "")
    if upto is None:
        return _replay(
            request, endpoint, form, sight, error="Look at what would be sent first.", reason=reason, status=422
        )
    order = replays.Order(endpoint, which, upto, access.person(request).pk, reason, event, since, above=above)
    try:
        count = replays.replay(order)
    except operate.Unfit as error:
        return _replay(request, endpoint, form, sight, error=str(error), reason=reason, status=422)
    if count:
        messages.success(request, f"{count:,} are sent again at once, with all their tries.")
    else:
        messages.info(request, "Nothing was sent again: somebody else was faster.")
    if sight.more:
        rest = {"which": which, "event": event, "since": sent.get("since", ""), "above": upto}
        return redirect(f"{reverse('webhook-replay', args=[endpoint.pk])}?{urlencode(rest)}")
    return redirect("webhook", endpoint_id=endpoint.pk)


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _replay(
    request: HttpRequest,
    endpoint: Endpoint,
    form: ReplayForm,
    sight: receivers.Sight | None,
    *,
    error: str = "",
    reason: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = {
        "task": endpoint.task,
        "endpoint": endpoint,
        "form": form,
        "sight": sight,
        "error": error,
        "reason": reason,
        "sees_items": can(request.user, "see items", endpoint.task.project),
    }
    return render(request, "webhooks/replay.html", shown, status=status)
