"""Reads for the pages and calls about receivers: which there are, how they do, what was tried, what is dead."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from slider.models import Delivery, Endpoint, Parcel, Task, Try
from slider.models.endpoint import told_at
from slider.models.replayable import HELD, NEEDS_SINCE, Which, fragment, order
from slider.queries import clock

COUNTED = 2_000
EXAMPLES = 20
_ALL = 2**62
HIDDEN = "hidden: you may not see items"


@dataclass(frozen=True, slots=True)
class Counts:
    """What an endpoint has coming, each counted up to `COUNTED`."""

    due: int = 0
    dead: int = 0
    delivered: datetime | None = None  # the last, among the newest tries
    tried: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """An endpoint as its pages show it."""

    endpoint: Endpoint
    counts: Counts
    now: datetime

    @property
    def has_old_secret(self) -> bool:
        until = self.endpoint.old_until
        return bool(self.endpoint.old_secret) and until is not None and until > self.now


@dataclass(frozen=True, slots=True)
class Sight:
    """A dry run behind `above`: `count` up to `COUNTED`; nothing above `upto` would move; and the first of it."""

    which: Which
    count: int
    upto: int
    examples: Sequence[Parcel]
    above: int = 0
    missed: Sequence[str] = ()  # external ids of results that have no parcel yet

    @property
    def more(self) -> bool:
        return self.count >= COUNTED


_COUNTS = f"""
SELECT e.id,
    (SELECT count(*) FROM (SELECT FROM slider_parcel p WHERE p.endpoint_id = e.id AND p.state = 'due'
                           AND p.due_at <= clock_timestamp() LIMIT %(most)s) AS a),
    (SELECT count(*) FROM (SELECT FROM slider_parcel p WHERE p.endpoint_id = e.id AND p.state = 'failed'
                           AND p.event <> 'webhook.test' AND {HELD} LIMIT %(most)s) AS b),
    (SELECT max(t.at) FROM (SELECT at, reason FROM slider_try WHERE endpoint_id = e.id ORDER BY id DESC LIMIT 100) AS t
     WHERE t.reason = ''),
    EXISTS (SELECT FROM slider_try t WHERE t.endpoint_id = e.id)
FROM slider_endpoint e WHERE e.id = ANY(%(ids)s)
"""  # noqa: S608  # nothing but the fragment goes into this text


def of_task(task: Task) -> list[Receiver]:
    """Every endpoint of a task, the oldest first."""
    return _with_counts(list(Endpoint.objects.filter(task=task, removed_at=None).order_by("pk")))


def one(endpoint: Endpoint) -> Receiver:
    (found,) = _with_counts([endpoint])
    return found


def _with_counts(endpoints: Sequence[Endpoint]) -> list[Receiver]:
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"ids": [one.pk for one in endpoints], "most": COUNTED})
        counts = {number: Counts(*rest) for number, *rest in cursor.fetchall()}
    return [Receiver(one, counts.get(one.pk, Counts()), now) for one in endpoints]


def tries(endpoint: Endpoint, *, before: int | None, most: int) -> list[Try]:
    """The newest tries at an endpoint, behind the one with the id `before`."""
    found = Try.objects.filter(endpoint=endpoint).select_related("parcel__publication__item").order_by("-pk")
    return list((found if before is None else found.filter(pk__lt=before))[:most])


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which parcels: in a state, of an event, behind the one with the id `before`."""

    state: Delivery | None = None
    event: str = ""
    before: int | None = None


def parcels(endpoint: Endpoint, wanted: Wanted, *, most: int) -> list[Parcel]:
    """The newest parcels of an endpoint."""
    found = Parcel.objects.filter(endpoint=endpoint).select_related("publication__item").order_by("-pk")
    if wanted.state is not None:
        found = found.filter(state=wanted.state)
    if wanted.event:
        found = found.filter(event=wanted.event)
    if wanted.before is not None:
        found = found.filter(pk__lt=wanted.before)
    return list(found[:most])


def parcel(endpoint: Endpoint, number: int) -> Parcel | None:
    return (
        Parcel.objects.filter(endpoint=endpoint, pk=number)
        .select_related("endpoint", "publication__item__task", "publication__item__decision")
        .first()
    )


def told(parcel: Parcel, *, sees_items: bool) -> dict[str, Any]:
    """What a parcel carries, for people: without what it says of an item where somebody may not see items."""
    if parcel.publication is None:
        found: dict[str, Any] = json.loads(parcel.body or "{}")
        data = found.get("data", {})
    else:
        result, item = parcel.publication, parcel.publication.item
        decision = getattr(item, "decision", None)
        data = {"item": item.pk, "external_id": item.external_id, "task": item.task.slug, "number": result.number}
        data |= {"ending": result.ending, "answer": result.answer, "reason": result.reason or None}
        data["lane"] = None if decision is None else decision.lane
        found = {"type": parcel.event, "timestamp": told_at(result.due_at), "data": data}
    if not sees_items:
        hidden = {name: HIDDEN for name in ("answer", "external_id", "reason") if data.get(name) is not None}
        if "item" in data:
            found["data"] = data | hidden
    return found


def sight(endpoint: Endpoint, which: Which, *, event: str = "", since: datetime | None = None, above: int = 0) -> Sight:
    """Look at what would be sent again; changes nothing. What needs a moment and has none is nothing.

    More than `COUNTED` is gone through piece by piece: `above` is the last one's `upto`.
    """
    if which in NEEDS_SINCE and since is None:
        return Sight(which, 0, 0, ())
    values: dict[str, Any] = {
        "endpoint": endpoint.pk,
        "above": above,
        "upto": _ALL,
        "event": event,
        "since": since,
        "one": None,
        "most": COUNTED,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT p.id {fragment(which)} ORDER BY {order(which)} LIMIT %(most)s", values)
        ids = [number for (number,) in cursor.fetchall()]
        if which == Which.MISSED:
            cursor.execute(
                "SELECT i.external_id FROM slider_publication p JOIN slider_item i ON i.id = p.item_id "
                "WHERE p.id = ANY(%s) ORDER BY p.id",
                [ids[:EXAMPLES]],
            )
            names = [name for (name,) in cursor.fetchall()]
            return Sight(which, len(ids), max(ids, default=0), (), above, names)
    shown = Parcel.objects.filter(pk__in=ids[:EXAMPLES]).select_related("publication__item").order_by("pk")
    return Sight(which, len(ids), max(ids, default=0), list(shown), above)
