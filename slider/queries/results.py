"""Reads for programs: items by keyset, and results once they are due, so that a poller misses none."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from slider.models import Attempt, Gauge, Item, State, Task
from slider.models.publication import TAKING_BACK
from slider.queries import items


@dataclass(frozen=True, slots=True)
class Published:
    """A result that is due, with the place it has in its task's list."""

    publication_id: int
    item: int
    external_id: str
    number: int
    ending: str
    answer: Any
    reason: str | None
    lane: str | None
    due_at: datetime

    @property
    def corrects(self) -> int | None:
        return self.number - 1 if self.number > 1 else None


@dataclass(frozen=True, slots=True)
class Told:
    """One item as a program sees it; `results` are those that are due, first to last."""

    item: Item
    lane: str | None
    attempts: Sequence[Attempt]
    results: Sequence[Published]


_COLUMNS = """
SELECT p.id, p.item_id, i.external_id, p.number, p.ending, p.answer::text, nullif(p.reason, ''), d.lane, p.due_at
FROM slider_publication p
JOIN slider_item i ON i.id = p.item_id
LEFT JOIN slider_decision d ON d.item_id = p.item_id
"""


def horizon() -> datetime:
    """The moment up to which the list of results is complete and will not change any more.

    A transaction that is still open may commit a result that was due since it began, so the list ends where the
    oldest one that writes has begun. Autovacuum writes no result, and may take minutes on a large table. Read this in
    a statement of its own, before the list.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT least(clock_timestamp(), (
                SELECT min(xact_start) FROM pg_stat_activity
                WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
                  AND backend_type IS DISTINCT FROM 'autovacuum worker'
            ))
            """
        )
        (moment,) = cursor.fetchone()
        assert isinstance(moment, datetime)
        return moment


def settled(task_id: int) -> datetime:
    """A moment, as late as can be, before which no result of the task is being taken back any more.

    Whoever takes one back holds the other side of this lock and asks the clock under it: what was due by now is out,
    and what they still take back from here on is due later.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH alone AS MATERIALIZED (SELECT pg_advisory_xact_lock(%s, %s))
            SELECT clock_timestamp() FROM alone
            """,
            [TAKING_BACK, task_id % 2**31],
        )
        (moment,) = cursor.fetchone()
        assert isinstance(moment, datetime)
        return moment


def published(task: Task, *, after: tuple[datetime, int] | None, most: int) -> list[Published]:
    """Up to `most` results of a task that are due, in the order in which they became so, behind `after`."""
    until = horizon()
    moment, publication_id = after or (None, 0)
    with connection.cursor() as cursor:
        cursor.execute(
            _COLUMNS
            + """
            WHERE p.task_id = %(task)s AND p.due_at < %(until)s
              AND (%(moment)s::timestamptz IS NULL OR (p.due_at, p.id) > (%(moment)s::timestamptz, %(id)s))
            ORDER BY p.due_at, p.id LIMIT %(most)s
            """,
            {"task": task.pk, "until": until, "moment": moment, "id": publication_id, "most": most},
        )
        return [_published(row) for row in cursor.fetchall()]


def _published(row: Sequence[Any]) -> Published:
    publication_id, item, external_id, number, ending, answer, reason, lane, due_at = row
    told = None if answer is None else json.loads(answer)
    return Published(publication_id, item, external_id, number, ending, told, reason, lane, due_at)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items: in a state, of one external id, behind the item `before`.

    `blind` is for people who review: while an item is audited it stands as one that waits for people.
    """

    state: str | None = None
    named: str | None = None
    before: int | None = None
    blind: bool = False


def listed(task: Task, wanted: Wanted, *, most: int) -> list[Item]:
    """Up to `most` items of a task, newest first."""
    found = Item.objects.filter(task=task)
    if wanted.state is not None:
        found = found.filter(state=wanted.state)
    if wanted.blind and wanted.state == State.DONE:
        found = found.exclude(pk__in=items.in_secret(task).values("item_id"))
    if wanted.named is not None:
        found = found.filter(external_id=wanted.named)
    if wanted.before is not None:
        found = found.filter(pk__lt=wanted.before)
    if wanted.blind and wanted.state == State.REVIEW:
        return _with_secret(task, wanted, found, most)
    return list(found.order_by("-pk")[:most])


def _with_secret(task: Task, wanted: Wanted, waiting: QuerySet[Item], most: int) -> list[Item]:
    """Items that wait for people, and among them those that are looked at in secret."""
    audited = Item.objects.filter(task=task, pk__in=items.in_secret(task).values("item_id"))
    if wanted.named is not None:
        audited = audited.filter(external_id=wanted.named)
    if wanted.before is not None:
        audited = audited.filter(pk__lt=wanted.before)
    both = {one.pk: one for one in [*waiting.order_by("-pk")[:most], *audited.order_by("-pk")[:most]]}
    return [both[pk] for pk in sorted(both, reverse=True)[:most]]


def secret(item_ids: Sequence[int]) -> frozenset[int]:
    """Which of these items are audited now: nobody who may review them should know it."""
    return frozenset(items.audited(item_ids))


def told(project_id: int, item_id: int) -> Told | None:
    """An item of the project with its attempts and its due results; None if it is not there."""
    known = Item.objects.select_related("task", "decision")
    item = known.filter(pk=item_id, task__project_id=project_id).first()
    if item is None:
        return None
    until = settled(item.task_id)  # in a statement of its own, before the results
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS + " WHERE p.item_id = %s AND p.due_at <= %s ORDER BY p.number", [item_id, until])
        results = [_published(row) for row in cursor.fetchall()]
    attempts = Attempt.objects.filter(item=item).select_related("worker").defer("raw", "answer", "samples", "fields")
    decision = getattr(item, "decision", None)
    return Told(item, None if decision is None else decision.lane, list(attempts.order_by("pk")), results)


def task_named(project_id: int, slug: str) -> Task | None:
    """The project's task of this short name."""
    return Task.objects.filter(project_id=project_id, slug=slug).first()


def tasks(project_id: int, *, after: str, most: int) -> list[Gauge]:
    """Up to `most` of the project's tasks with their sliders, by short name, behind the one called `after`."""
    found = Gauge.objects.filter(task__project_id=project_id, task__slug__gt=after)
    return list(found.select_related("task", "policy").order_by("task__slug")[:most])


def gauge(task: Task) -> Gauge:
    """The task's slider as it stands."""
    return Gauge.objects.select_related("policy").get(pk=task.pk)
