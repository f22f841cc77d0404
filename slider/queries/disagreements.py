"""Where two looks at one item disagree and no lead has said which stands; and what somebody got wrong, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from slider.models import QUIET, Known, Payload, Review, ReviewKind, ReviewState, Task, Verdict

MOST = 50


@dataclass(frozen=True, slots=True)
class Split:
    """An item on which two people disagree."""

    title: str
    item_id: int
    first: Review
    second: Review


@dataclass(frozen=True, slots=True)
class Lesson:
    """A known answer that somebody got wrong: what they said, what is right, and why."""

    title: str
    item_id: int
    task: Task
    said: str
    right: str
    answer: Any
    explanation: str
    at: datetime


def splits(task: Task) -> list[Split]:
    """Those that wait for a lead's word, oldest first."""
    seconds = Review.objects.filter(task=task, kind=ReviewKind.SECOND, state=ReviewState.DECIDED, adjudication=None)
    found = {look.item_id: look for look in seconds.select_related("holder", "item").order_by("pk")}
    firsts = Review.objects.filter(item__in=found, slot=1, state=ReviewState.DECIDED).exclude(kind__in=QUIET)
    pairs = [(first, found[first.item_id]) for first in firsts.select_related("holder")]
    apart = [(one, two) for one, two in pairs if (one.verdict, one.answer) != (two.verdict, two.answer)]
    apart = sorted(apart, key=lambda pair: pair[1].pk)[:MOST]
    bodies = _bodies([two.item_id for _, two in apart])
    return [Split(task.title(bodies[two.item_id], two.item.external_id), two.item_id, one, two) for one, two in apart]


def lessons(user_id: int, tasks: Sequence[Task], *, before: datetime) -> list[Lesson]:
    """The known answers that this person got wrong before a moment, newest first."""
    looks = Review.objects.filter(
        holder_id=user_id, task__in=tasks, kind=ReviewKind.KNOWN, state=ReviewState.DECIDED, decided_at__lt=before
    ).select_related("item__known", "task")
    wrong = looks.filter(item__known__retired_at=None).exclude(
        Q(item__known__draft_right=True, verdict=Verdict.ACCEPT)
        | (Q(item__known__draft_right=False) & ~Q(verdict=Verdict.ACCEPT))
    )
    found = list(wrong.order_by("-decided_at")[:MOST])
    bodies = _bodies([look.item_id for look in found])
    return [_lesson(look, look.item.known, bodies[look.item_id]) for look in found]


def _lesson(look: Review, known: Known, body: dict[str, Any]) -> Lesson:
    return Lesson(
        title=look.task.title(body, look.item.external_id),
        item_id=look.item_id,
        task=look.task,
        said=look.get_verdict_display(),
        right="the draft was right" if known.draft_right else "the draft was wrong",
        answer=None if known.draft_right else known.answer,
        explanation=known.explanation or "Two people said so, each without the other.",
        at=look.decided_at or look.created_at,
    )


def _bodies(item_ids: list[int]) -> dict[int, Any]:
    return dict(Payload.objects.filter(pk__in=item_ids).values_list("pk", "body"))
