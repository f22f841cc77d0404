"""All that is held under one external id, in every task of a project: for whoever an item is about, and asks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from slider.models import Archived, Emptied, IdKey, Item, PastRow, Project, Task
from slider.models.emptied import erased_id, spelt
from slider.models.holding import HOLDINGS, Holding


@dataclass(frozen=True, slots=True)
class Held:
    """One item and what stands where: rows by the names of their places, as JSON; empty places are left out."""

    item: Item
    emptied: Emptied | None
    places: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def counts(self) -> list[tuple[str, int]]:
        return [(name, len(rows)) for name, rows in self.places.items()]


def find(project: Project, external_id: str) -> list[Held]:
    """What is held under this id, task by task; of an erased item that it was, and what is counted of it."""
    ids = Q(pk__in=[])
    for task in Task.objects.filter(project=project).order_by("pk"):
        names = [external_id]
        if kept := IdKey.objects.filter(pk=task.pk).first():
            names.append(erased_id(kept.secret, external_id))
        ids |= Q(task=task, external_id__in=names)
    items = Item.objects.select_related("task").filter(ids).order_by("pk")
    return [held(item) for item in items]


def held(item: Item) -> Held:
    """What is held of one item."""
    places: dict[str, list[dict[str, Any]]] = {}
    values: dict[str, Any] = {"ids": [item.pk], "spelt": [spelt(item.external_id)]}
    with connection.cursor() as cursor:
        for place in HOLDINGS:
            cursor.execute(_rows(place), values | {"hides": list(place.hides)})
            if rows := [json.loads(row) for (row,) in cursor.fetchall()]:
                places[place.name] = rows
    if kept := Archived.objects.filter(pk=item.pk).first():
        places["archive"] = [kept.told]
    past = PastRow.objects.filter(past__task=item.task_id, external_id=item.external_id)
    if rows := list(past.values("past_id", "place", "own", "signals", "correct")):
        places["rows of histories"] = [dict(row) for row in rows]
    return Held(item, Emptied.objects.filter(pk=item.pk).first(), places)


def document(project: Project, external_id: str, found: Sequence[Held]) -> dict[str, Any]:
    """What is handed out: JSON that a person and a program can read."""
    return {
        "external_id": external_id,
        "project": project.slug,
        "made_at": timezone.now().isoformat(),
        "items": [_told(one) for one in found],
    }


def _rows(place: Holding) -> str:
    """The rows of a place, as SQL with the parameters `ids` and `hides`. Nothing but words of ours goes into it."""
    return (
        f"SELECT (to_jsonb(t) - %(hides)s::text[])::text FROM {place.table} t "  # noqa: S608
        f"WHERE {place.of} ORDER BY t.{place.key}"
    )


def _told(one: Held) -> dict[str, Any]:
    item, gone = one.item, one.emptied
    return {
        "task": item.task.slug,
        "item": item.pk,
        "state": item.state,
        "created_at": item.created_at.isoformat(),
        "finished_at": item.finished_at.isoformat() if item.finished_at else None,
        "due_at": item.due_at.isoformat() if item.due_at else None,
        "deleted": None if gone is None else {"at": gone.at.isoformat(), "why": gone.cause},
        "held": dict(one.places),
    }
