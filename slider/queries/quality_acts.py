"""What was done to a slider while the picture of its error runs: pull-backs, releases, new evidence, suspicions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery

from slider.models import Notice, NoticeKind, Policy
from slider.queries import history, quality_stretches

MOST = 30
# Acts that a policy tells already; the rest of the notices stand beside the policies.
_TOLD = (NoticeKind.PULLED_BACK, NoticeKind.RELEASED, NoticeKind.REOPENED)


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `kind` is held, released, epoch, share, or a notice's; `at` its place in the routing order."""

    number: int
    kind: str
    at: int
    when: datetime
    who: str
    what: list[str]
    reason: str

    @property
    def is_grave(self) -> bool:
        return self.kind in ("held", "suspicion", "quarantine")


def acts(task_id: int, course: quality_stretches.Course, *, blind: bool) -> list[Act]:
    """The newest acts in the span of the picture, oldest first and numbered from 1.

    `blind` people, who review, are told of policies alone: the rest speaks of audits.
    """
    notices = [] if blind else _notices(task_id)
    found = sorted([*_policies(task_id, blind=blind), *notices], key=lambda act: act.when)[-MOST:]
    places = places_of(task_id, [act.when for act in found], first=course.first, last=course.last)
    # What lies at the left edge happened before the picture begins, unless the picture begins with the task.
    inside = [(act, at) for act, at in zip(found, places, strict=True) if at > course.first or course.first == 0]
    return [
        Act(number, act.kind, at, act.when, act.who, act.what, act.reason)
        for number, (act, at) in enumerate(inside, start=1)
    ]


def _policies(task_id: int, *, blind: bool) -> list[Act]:
    """Policies that pulled back, released, began an epoch, or moved what is in effect."""
    before = Policy.objects.filter(task=OuterRef("task"), number=OuterRef("number") - 1)
    moved = Policy.objects.filter(task_id=task_id, number__gt=1).annotate(
        was_held=Subquery(before.values("held")[:1]),
        was_epoch=Subquery(before.values("epoch")[:1]),
        was_effective=Subquery(before.values("effective")[:1]),
    )
    moved = moved.filter(
        ~Q(held=F("was_held")) | ~Q(epoch=F("was_epoch")) | ~Q(effective=F("was_effective"))
    ).select_related("made_by", "worker")
    rows = list(moved.defer("calibration", "certificate").order_by("-number")[:MOST])
    return [_act(entry) for entry in history.entries(task_id, rows, blind=blind)]


def _act(entry: history.Entry) -> Act:
    policy, old = entry.policy, entry.before
    if old is not None and old.held != policy.held:
        kind = "held" if policy.held else "released"
    else:
        kind = "share" if old is None or old.epoch == policy.epoch else "epoch"
    return Act(0, kind, 0, policy.created_at, entry.who, entry.changes, entry.reason)


def _notices(task_id: int) -> list[Act]:
    rows = Notice.objects.filter(task_id=task_id).exclude(kind__in=_TOLD).select_related("by")[:MOST]
    return [
        Act(0, str(row.kind), 0, row.created_at, row.who, [row.get_kind_display().lower()], row.words) for row in rows
    ]


def places_of(task_id: int, moments: Sequence[datetime], *, first: int, last: int) -> list[int]:
    """Where in the routing order each moment falls, to within a hundredth of the picture."""
    wanted = sorted({*np.linspace(first, last, 120).astype(int).tolist()})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq, created_at FROM slider_decision WHERE task_id = %s AND seq = ANY(%s) ORDER BY seq",
            [task_id, wanted],
        )
        known: list[Any] = cursor.fetchall()
    if not known:
        return [last for _ in moments]
    times = np.maximum.accumulate([row[1].timestamp() for row in known])
    places = np.interp([moment.timestamp() for moment in moments], times, [row[0] for row in known])
    return [round(place) for place in places.tolist()]
