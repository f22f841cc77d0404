"""Reads for the review desk: which tasks a person reviews, what they hold, and what waits with whom."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now

from slider.models import (
    BESIDE,
    Decline,
    Handing,
    HandingKind,
    Hidden,
    Item,
    Membership,
    Review,
    ReviewState,
    State,
    Task,
    Undone,
    Verdict,
)
from slider.models.afterwards import UNDO_DEEP
from slider.models.project import RIGHTS
from slider.models.standing import Given, Standing
from slider.queries import offered

MANY = 1000  # counting stops here

_REVIEWING = [role for role, verbs in RIGHTS.items() if "review" in verbs]


def _own() -> QuerySet[Membership, Any]:
    """The projects in which the given person reviews."""
    return Membership.objects.filter(user_id=Given("user"), role__in=_REVIEWING).values("project")


_TASKS = Standing(
    lambda: Task.objects.filter(project__in=_own()).select_related("project").order_by("project__name", "name")
)
_MINE = Standing(
    lambda: Review.objects.filter(pk=Given("id"), task__project__in=_own()).select_related("holder", "task__project")
)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where the looks of a person's tasks are, when there is none to take; counts stop at `MANY`."""

    open: int
    with_others: int
    oldest_until: datetime | None
    yours: int  # held by this person's other pages, or by one that was closed without a word
    yours_until: datetime | None
    skipped: int
    with_workers: int
    later: int  # to be tried again by a worker, not before `later_at`
    later_at: datetime | None
    hidden: int  # open in tasks that the person's filters leave out
    for_others: int  # open, and taking a skill that the person lacks, given to somebody, or for a lead
    beyond: bool  # so much is open that only the first looks of each task were counted, and others may be behind them
    tasks: tuple[Task, ...]
    hidden_tasks: tuple[Task, ...]

    @property
    def paused(self) -> list[Task]:
        """The tasks whose workers stand still."""
        return [task for task in self.tasks if task.paused]

    @property
    def nothing_at_all(self) -> bool:
        """Whether nothing is anywhere: not with people, not with workers, not hidden."""
        there = (self.open, self.with_others, self.yours, self.skipped, self.with_workers, self.later)
        return not any((*there, self.hidden, self.for_others, self.beyond))


def tasks_of(user_id: int) -> list[Task]:
    """The tasks that a person may review, over all their projects."""
    return _TASKS.all(user=user_id)


def hidden_of(user_id: int) -> set[int]:
    """The tasks that a person has taken off their desk."""
    return set(Hidden.objects.filter(user=user_id).values_list("task_id", flat=True))


def elsewhere(user_id: int, tasks: list[Task], *, hidden: list[Task]) -> Elsewhere:
    """What waits in these tasks and with whom, from this person's chair, and how much their filters hide.

    Of known answers and second looks that are only for somebody else none is counted, but for those that this person
    had in hands: a count that stays as it was would tell what they have just passed on.
    """
    ids = [task.pk for task in tasks]
    looks = Review.objects.filter(task__in=ids)
    is_beyond = offered.beyond(ids)
    front = looks.filter(offered.in_front(ids)) if is_beyond else looks
    skipped = Q(item__in=Decline.objects.filter(user_id=user_id).values("review__item")) & ~_given(user_id)
    held = looks.filter(state=ReviewState.HELD)
    others = held.exclude(holder_id=user_id).aggregate(count=Count("pk"), until=Min("lease_until"))
    own = held.filter(holder_id=user_id).aggregate(count=Count("pk"), until=Min("lease_until"))
    to_come = Item.objects.filter(task__in=ids, state__in=[State.READY, State.WORKING])
    not_before = Q(state=State.READY, run_at__gt=Now())
    return Elsewhere(
        open=_open(user_id, ids),
        with_others=others["count"],
        oldest_until=others["until"],
        yours=own["count"],
        yours_until=own["until"],
        skipped=front.filter(skipped, state=ReviewState.OPEN).values("pk")[:MANY].count(),
        with_workers=to_come.exclude(not_before).values("pk")[:MANY].count(),
        later=to_come.filter(not_before).values("pk")[:MANY].count(),
        later_at=to_come.filter(not_before, tries__gte=1).aggregate(at=Min("run_at"))["at"],
        hidden=_open(user_id, [task.pk for task in hidden]),
        tasks=tuple(tasks),
        hidden_tasks=tuple(hidden),
        for_others=_for_others(front, user_id, skipped),
        beyond=is_beyond,
    )


def _given(user_id: int) -> Q:
    """What this person has handed to somebody by name or flagged to a lead."""
    named = Q(kind=HandingKind.FLAGGED) | Q(kind=HandingKind.HANDED, to__isnull=False)
    return Q(pk__in=Handing.objects.filter(named, by=user_id).values("review"))


def _for_others(looks: QuerySet[Review], user_id: int, skipped: Q) -> int:
    """Open looks that take what this person doesn't know, were given to somebody, or are for a lead."""
    bound = (Q(skills__isnull=False) | Q(assignee__isnull=False) | Q(for_lead=True)) & ~Q(kind__in=BESIDE)
    found = looks.filter(bound | _given(user_id), state=ReviewState.OPEN)
    return found.exclude(offered.to(user_id)).exclude(skipped).values("pk")[:MANY].count()


def _open(user_id: int, task_ids: list[int]) -> int:
    """How many looks of these tasks would be given to this person, of the first of each task where they are many."""
    looks = Review.objects.filter(offered.to(user_id), state=ReviewState.OPEN, task__in=task_ids)
    if offered.beyond(task_ids):
        looks = looks.filter(offered.in_front(task_ids))
    return looks.exclude(declines__user_id=user_id).values("pk")[:MANY].count()


@dataclass(frozen=True, slots=True)
class Row:
    """A task that a person may review: whether it comes to their desk, and how much of it waits for them."""

    task: Task
    shown: bool
    open: int


def by_task(user_id: int, tasks: list[Task]) -> list[Row]:
    """Each task that a person may review."""
    hidden = hidden_of(user_id)
    return [Row(task, task.pk not in hidden, _open(user_id, [task.pk])) for task in tasks]


def look(review_id: int, tasks: list[Task]) -> Review | None:
    """A look at one of these tasks' items, whoever has it; None when it is not there for this person."""
    return Review.objects.select_related("holder").filter(pk=review_id, task__in=[t.pk for t in tasks]).first()


def mine(review_id: int, user_id: int) -> Review | None:
    """A look at an item of a task that this person may review, whoever has it; None when there is none."""
    return _MINE.first(id=review_id, user=user_id)


def held(user_id: int, tasks: list[Task]) -> Review | None:
    """The look that this person holds, and no open page of theirs."""
    looks = Review.objects.filter(holder_id=user_id, state=ReviewState.HELD, page="", task__in=[t.pk for t in tasks])
    return looks.order_by("pk").first()


def reviews_anywhere(user_id: int) -> bool:
    """Whether a person may review in some project, with tasks in it or without."""
    return Membership.objects.filter(user_id=user_id, role__in=_REVIEWING).exists()


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


def _undoable() -> QuerySet[Review, Review]:
    """The given person's decisions that can still be taken back, newest first, and how many they took back since."""
    undone = Undone.objects.filter(by=Given("user"), created_at__gt=OuterRef("decided_at")).order_by()
    since = Coalesce(Subquery(undone.values("by").annotate(times=Count("pk")).values("times")), 0)
    looks = Review.objects.filter(task__project__in=_own(), undo_until__gt=Now(), holder_id=Given("user"))
    return looks.select_related("item__payload", "task").annotate(left=LEFT, since=since).order_by("-decided_at", "-pk")


_LAST_SAID = Standing(lambda: _undoable()[:1])
_LAST_SAID_OF_TASK = Standing(lambda: _undoable().filter(task_id=Given("task"))[:1])


def last_said(user_id: int, *, only: int | None = None) -> LastSaid | None:
    """The decision that an undo would take back now; None where there is none, or enough were taken back since.

    `only`: of this task alone.
    """
    found = _LAST_SAID.all(user=user_id) if only is None else _LAST_SAID_OF_TASK.all(user=user_id, task=only)
    review: Any = next(iter(found), None)
    if review is None or review.since >= UNDO_DEEP:
        return None
    return _to_take_back(review, review.left)


def just_said(review: Review) -> LastSaid | None:
    """The same of what its holder has decided since it was read; None of what was decided before, or stays."""
    read_at = getattr(review, "read_at", None)
    if read_at is None or review.decided_at is None or review.undo_until is None or review.decided_at < read_at:
        return None
    left = review.undo_until - review.decided_at
    return _to_take_back(review, left) if left > timedelta(0) else None


def _to_take_back(review: Review, left: timedelta) -> LastSaid:
    title = review.task.title(review.item.payload.body, review.item.external_id)
    return LastSaid(review.pk, review.token, Verdict(review.verdict), title, seconds(left))


def taken_back(review: Review, user_id: int) -> Undone | None:
    """What this person had said of a look last, before they took it back, where nobody has decided it since.

    They may have let it go meanwhile and taken it anew, under a later claim: it is theirs to go on with all the same.
    """
    if review.token < 2:
        return None  # under its first claim nothing was ever taken back
    return Undone.objects.filter(review=review, token__lt=review.token, by=user_id).order_by("-token").first()
