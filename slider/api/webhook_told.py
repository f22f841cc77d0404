"""Endpoints and deliveries as the API tells them: never a secret, and of items only to who may see them."""

import json
from typing import Any

from slider.models import Delivery, Parcel
from slider.queries.receivers import Receiver


def told(receiver: Receiver) -> dict[str, Any]:
    """One endpoint."""
    one = receiver.endpoint
    return {
        "id": one.pk,
        "url": one.url,
        "description": one.description,
        "events": list(one.events),
        "on": one.is_on,
        "off_since": one.disabled_at,
        "off_why": one.disabled_why,
        "failing_since": one.failing_since,
        "old_secret_until": one.old_until if receiver.has_old_secret else None,
        "created_at": one.created_at,
        "due": receiver.counts.due,
        "dead": receiver.counts.dead,
    }


def delivery(parcel: Parcel, *, sees_items: bool) -> dict[str, Any]:
    """One delivery."""
    if parcel.publication is not None:
        item: int | None = parcel.publication.item_id
        name: str | None = parcel.publication.item.external_id
    else:
        data = json.loads(parcel.body or "{}").get("data", {})
        item, name = data.get("item"), data.get("external_id")
    return {
        "id": parcel.pk,
        "event": parcel.event,
        "webhook_id": str(parcel.webhook_id),
        "item": item,
        "external_id": name if sees_items else None,
        "state": parcel.state,
        "tries": parcel.tries,
        "created_at": parcel.created_at,
        "due_at": parcel.due_at,
        "next_try_at": parcel.next_try_at if parcel.state == Delivery.DUE else None,
        "delivered_at": parcel.delivered_at,
        "problem": parcel.last_problem,
    }
