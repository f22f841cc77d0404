"""Reads for the review desk: which tasks a person reviews, what they hold, and what waits with whom."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Q
from django.db.models.functions import Now

from slider.models import Decline, Item, Membership, Review, ReviewState, State, Task, Undone, Verdict
from slider.models.afterwards import UNDO_DEEP
from slider.models.project import RIGHTS
from slider.queries import offered

MANY = 1000  # counting stops here


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the looks of a person's tasks are, when there is none to take; counts stop at `MANY`."""

    open: int
    with_others: int
    oldest_until: datetime | None
    skipped: int
    with_workers: int
    tasks: tuple[Task, ...]


def tasks_of(user_id: int) -> list[Task]:
    """The tasks that a person may review, over all their projects."""
    roles = [role for role, verbs in RIGHTS.items() if "review" in verbs]
    projects = Membership.objects.filter(user_id=user_id, role__in=roles).values("project")
    return list(Task.objects.filter(project__in=projects).select_related("project").order_by("project__name", "name"))


def elsewhere(user_id: int, tasks: list[Task]) -> Elsewhere:
    """What waits in these tasks and with whom, from this person's chair."""
    ids = [task.pk for task in tasks]
    looks = Review.objects.filter(task__in=ids)
    skipped = Q(item__in=Decline.objects.filter(user_id=user_id).values("review__item"))
    held = looks.filter(state=ReviewState.HELD).exclude(holder_id=user_id)
    others = held.aggregate(count=Count("pk"), until=Min("lease_until"))
    to_come = Item.objects.filter(task__in=ids, state__in=[State.READY, State.WORKING])
    return Elsewhere(
        open=looks.filter(offered.to(user_id), state=ReviewState.OPEN).values("pk")[:MANY].count(),
        with_others=others["count"],
        oldest_until=others["until"],
        skipped=looks.filter(skipped, state=ReviewState.OPEN).values("pk")[:MANY].count(),
        with_workers=to_come.values("pk")[:MANY].count(),
        tasks=tuple(tasks),
    )


def look(review_id: int, tasks: list[Task]) -> Review | None:
    """A look at one of these tasks' items, whoever has it; None when it is not there for this person."""
    return Review.objects.select_related("holder").filter(pk=review_id, task__in=[t.pk for t in tasks]).first()


def held(user_id: int, tasks: list[Task]) -> Review | None:
    """The look that this person holds."""
    looks = Review.objects.filter(holder_id=user_id, state=ReviewState.HELD, task__in=[t.pk for t in tasks])
    return looks.order_by("pk").first()


def reviews_anywhere(user_id: int) -> bool:
    """Whether a person may review in some project, with tasks in it or without."""
    roles = [role for role, verbs in RIGHTS.items() if "review" in verbs]
    return Membership.objects.filter(user_id=user_id, role__in=roles).exists()


@dataclass(frozen=True, slots=True)
class LastSaid:
    """A person's newest decision that can still be taken back, and for how long."""

    review_id: int
    token: int
    verdict: Verdict
    title: str
    left_s: int


LEFT = ExpressionWrapper(F("undo_until") - Now(), output_field=DurationField())


def seconds(left: timedelta) -> int:
    """Whole seconds for a countdown; one that has begun counts."""
    return max(0, math.ceil(left.total_seconds()))


def last_said(user_id: int, tasks: list[Task]) -> LastSaid | None:
    """The decision that an undo would take back now; None where there is none, or enough were taken back since."""
    looks = Review.objects.filter(task__in=[t.pk for t in tasks], undo_until__gt=Now(), holder_id=user_id)
    looks = looks.select_related("item__payload", "task").annotate(left=LEFT)
    review = looks.order_by("-decided_at", "-pk").first()
    if review is None or Undone.objects.filter(by=user_id, created_at__gt=review.decided_at).count() >= UNDO_DEEP:
        return None
    title = review.task.title(review.item.payload.body, review.item.external_id)
    return LastSaid(review.pk, review.token, Verdict(review.verdict), title, seconds(review.left))


def taken_back(review: Review) -> Undone | None:
    """What its holder had said of a look before they took it back and hold it again."""
    return Undone.objects.filter(review=review, token=review.token - 1, by=review.holder_id).first()
