"""What was sent to an endpoint and how each try went; what it did not get, and sending that again."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest

from slider import strict
from slider.api import body, cursors, finding, keys
from slider.api import shapes_webhooks as forms
from slider.api.calls import LARGEST_PAGE, PAGED, USUAL_PAGE, Terms, call, query
from slider.api.faults import Fault, not_found
from slider.api.webhook_told import delivery
from slider.api.webhooks import TAG, endpoint
from slider.flow import operate, replays
from slider.models import Delivery, EventType, Scope
from slider.models.endpoint import WANTABLE
from slider.models.replayable import NEEDS_SINCE, Which
from slider.queries import receivers

_ONE = "/tasks/{task}/webhooks/{endpoint_id}"
_STATE = query("state", {"type": "string", "enum": [str(one) for one in Delivery]}, "Only those in this state.")
_ANY_EVENT = query("event", {"type": "string", "enum": [str(one) for one in EventType]}, "Only those of this event.")
_EVENT = query("event", {"type": "string", "enum": [str(one) for one in WANTABLE]}, "Only those of this event.")
_WHICH = query("which", {"type": "string", "enum": [str(one) for one in Which], "default": "dead"}, "What of it.")
_SINCE = query(
    "since",
    {"type": "string", "format": "date-time"},
    "Only what was due since then, with the time zone. `missed` and `sent` need it.",
)
_ABOVE = query(
    "above",
    {"type": "integer", "minimum": 0, "default": 0},
    "Only what comes after this id: the `upto` of the piece that was sent last.",
)


@call(
    "GET",
    f"{_ONE}/deliveries",
    Terms(Scope.ADMINISTER, {200: forms.DeliveriesOut}, "operate", queries=(_STATE, _ANY_EVENT, *PAGED), extra=TAG),
)
def deliveries(request: HttpRequest, task: str, endpoint_id: str) -> dict[str, Any]:
    """What is owed to an endpoint or was sent there."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request, "state", "event", "after", "limit")
    limit = body.number(request, "limit", usual=USUAL_PAGE, most=LARGEST_PAGE)
    state = body.choice(request, "state", [str(one) for one in Delivery])
    event = body.choice(request, "event", [str(one) for one in EventType])
    place = cursors.read(request.GET.get("after"), purpose := f"deliveries {found.pk} {state} {event}")
    wanted = receivers.Wanted(Delivery(state) if state else None, event or "", place[0] if place else None)
    rows = receivers.parcels(found, wanted, most=limit + 1)
    following = cursors.make(purpose, rows[limit - 1].pk) if len(rows) > limit else None
    sees = _sees_items(request)
    return {"deliveries": [delivery(one, sees_items=sees) for one in rows[:limit]], "next": following}


@call(
    "GET",
    f"{_ONE}/deliveries/{{delivery_id}}",
    Terms(Scope.ADMINISTER, {200: forms.OneDeliveryOut}, "operate", extra=TAG),
)
def one_delivery(request: HttpRequest, task: str, endpoint_id: str, delivery_id: str) -> dict[str, Any]:
    """One delivery with what it carries and each try."""
    found = endpoint(request, task, endpoint_id)
    parcel = receivers.parcel(found, body.identifier(delivery_id))
    if parcel is None:
        raise not_found()
    body.refuse_unknown(request)
    sees = _sees_items(request)
    log = [
        {
            "number": one.number,
            "at": one.at,
            "reason": one.reason,
            "status": one.status,
            "took_ms": one.took_ms,
            "problem": one.problem,
            "said": one.said if sees else None,
        }
        for one in parcel.log.order_by("-pk")[:LARGEST_PAGE]
    ]
    return delivery(parcel, sees_items=sees) | {"body": receivers.told(parcel, sees_items=sees), "log": log}


@call(
    "GET",
    f"{_ONE}/replay",
    Terms(Scope.ADMINISTER, {200: forms.DryReplayOut}, "operate", queries=(_WHICH, _EVENT, _SINCE, _ABOVE), extra=TAG),
)
def dry_replay(request: HttpRequest, task: str, endpoint_id: str) -> dict[str, Any]:
    """A dry run: what would be sent again."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request, "which", "event", "since", "above")
    which = Which(body.choice(request, "which", [str(one) for one in Which]) or Which.DEAD)
    event = body.choice(request, "event", [str(one) for one in WANTABLE])
    since = _moment(request.GET.get("since"))
    if which in NEEDS_SINCE and since is None:
        raise Fault(400, "filter", f"which is {which}: say since when.", where="since")
    sight = receivers.sight(found, which, event=event or "", since=since, above=_id(request.GET.get("above")))
    sees = _sees_items(request)
    examples = [delivery(one, sees_items=sees) for one in sight.examples]
    return {"which": which, "count": sight.count, "more": sight.more, "upto": sight.upto, "examples": examples}


@call(
    "POST",
    f"{_ONE}/replay",
    Terms(Scope.ADMINISTER, {200: forms.ReplayedOut}, "operate", takes=forms.WebhookReplay, extra=TAG),
)
def replay(request: HttpRequest, task: str, endpoint_id: str) -> dict[str, Any]:
    """Send again what the dry run has shown, at once and with all its tries; each keeps its webhook-id."""
    found = endpoint(request, task, endpoint_id)
    body.refuse_unknown(request)
    said = body.shaped(request, forms.WebhookReplay)
    order = replays.Order(
        endpoint=found,
        which=Which(said.which),
        upto=said.upto,
        by=finding.person(finding.key(request)),
        reason=said.reason,
        event=said.event or "",
        since=said.since,
        one=said.delivery,
        above=said.above,
    )
    try:
        return {"sent": replays.replay(order)}
    except operate.Unfit as error:
        where = "/since" if order.which in NEEDS_SINCE and order.since is None and said.reason.strip() else "/reason"
        raise Fault(422, "unfit", str(error), where=where) from None


def _id(text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Fault(400, "filter", f"above is {strict.shown(text)}: write the id that a dry run told.", where="above")
    return int(text)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 1970 <= found.year <= 9998:
        words = f"since is {strict.shown(text)}: write a moment with its time zone, such as 2026-01-31T08:00:00Z."
        raise Fault(400, "filter", words, where="since")
    return found.astimezone(UTC)


def _sees_items(request: HttpRequest) -> bool:
    key = finding.key(request)
    return key.person_id is None or keys.may(key, "see items")
