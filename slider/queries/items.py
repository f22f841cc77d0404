"""The list of a task's items: one page by keyset, quick however many rows there are, and without a count of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet, TextChoices
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Left

from slider.engine import calibration
from slider.models import (
    AFTER,
    BESIDE,
    OWED,
    Decision,
    Item,
    Lane,
    Review,
    ReviewKind,
    ReviewState,
    State,
    Task,
    Why,
    archived,
)

PAGE = 50
UNFITTED = calibration.prior().key  # before the first label, `p_correct` says nothing
MOST_FOUND = 200
# A known answer or second look that nobody has had in hands is no secret yet: an old item that waits would be one.
_SECRET = Q(kind__in=AFTER) | Q(kind__in=BESIDE, token__gt=0)


class Show(TextChoices):
    """What a page of the list is narrowed to."""

    ALL = "", "all items"
    READY = "ready", "waits for a worker"
    WORKING = "working", "with a worker"
    REVIEW = "review", "waits for people"
    PEOPLE = "people", "done by people"
    UNATTENDED = "unattended", "done unattended"
    WITHDRAWN = "withdrawn", "withdrawn"


@dataclass(frozen=True, slots=True)
class Row:
    """One item as the list shows it."""

    pk: int
    external_id: str
    title: str
    state: State
    lane: str
    p_correct: float | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first; `older` is where the next page begins, None on the last."""

    rows: tuple[Row, ...]
    older: int | None = None
    cut: bool = False  # a search that found more than it shows


def page(task: Task, *, show: Show, before: int | None, blind: bool) -> Page:
    """A page of the items with smaller ids than `before`.

    `blind` is for people who review: while an audit is open, its item stands as one that waits for people.
    """
    wanted = Item.objects.filter(task=task)
    if before is not None:
        wanted = wanted.filter(pk__lt=before)
    if show == Show.PEOPLE:
        ids = _by_people(task, before, blind=blind)
    elif show == Show.UNATTENDED:
        ids = _unattended(task, before, blind=blind)
    elif show == Show.REVIEW and blind:
        ids = _with_audits(task, wanted, before)
    else:
        ids = _ids(wanted if show == Show.ALL else wanted.filter(state=show.value))
    return Page(_rows(task, ids[:PAGE], blind=blind), ids[PAGE - 1] if len(ids) > PAGE else None)


def search(task: Task, begins: str, *, blind: bool) -> Page:
    """The items whose external id begins like this, newest first; at most `MOST_FOUND` of them."""
    found = Item.objects.filter(task=task, external_id__startswith=begins)
    ids = list(found.values_list("pk", flat=True)[: MOST_FOUND + 1])
    return Page(_rows(task, sorted(ids, reverse=True)[:MOST_FOUND], blind=blind), cut=len(ids) > MOST_FOUND)


def audited(item_ids: Sequence[int]) -> set[int]:
    """Which of these items are being audited: nobody who may review them should know it."""
    looks = Review.objects.filter(_SECRET, state__in=[ReviewState.OPEN, ReviewState.HELD])
    return set(looks.filter(item__in=item_ids).values_list("item_id", flat=True))


def is_looked_at(item_id: int) -> bool:
    """Whether a person's look at this item, of whatever kind, is still owed."""
    owed = Review.objects.filter(item=item_id, state__in=OWED)
    return owed.filter(_SECRET | Q(kind=ReviewKind.GATE)).exists()


def _ids(wanted: QuerySet[Item]) -> list[int]:
    return list(wanted.order_by("-pk").values_list("pk", flat=True)[: PAGE + 1])


def _by_people(task: Task, before: int | None, *, blind: bool) -> list[int]:
    """Items that a person's verdict has finished."""
    looks = Review.objects.filter(task=task, kind=ReviewKind.GATE, state=ReviewState.DECIDED)
    if before is not None:
        looks = looks.filter(item_id__lt=before)
    if blind:
        looks = looks.exclude(item__in=in_secret(task).values("item_id"))
    return list(looks.order_by("-item_id").values_list("item_id", flat=True)[: PAGE + 1])


def in_secret(task: Task) -> QuerySet[Review]:
    """The open looks of a task that nobody who reviews may know."""
    return Review.objects.filter(_SECRET, task=task, state__in=[ReviewState.OPEN, ReviewState.HELD])


def _unattended(task: Task, before: int | None, *, blind: bool) -> list[int]:
    decided = Decision.objects.filter(task=task, lane=Lane.UNATTENDED)
    if before is not None:
        decided = decided.filter(pk__lt=before)
    if blind:
        decided = decided.exclude(pk__in=in_secret(task).values("item_id"))
    return list(decided.order_by("-pk").values_list("pk", flat=True)[: PAGE + 1])


def _with_audits(task: Task, wanted: QuerySet[Item], before: int | None) -> list[int]:
    """Items that wait for people, and among them those that are audited."""
    looks = in_secret(task)
    if before is not None:
        looks = looks.filter(item_id__lt=before)
    audited = looks.order_by("-item_id").values_list("item_id", flat=True)[: PAGE + 1]
    return sorted({*_ids(wanted.filter(state=State.REVIEW)), *audited}, reverse=True)[: PAGE + 1]


def _rows(task: Task, ids: Sequence[int], *, blind: bool) -> tuple[Row, ...]:
    items = Item.objects.filter(pk__in=ids).select_related("decision").order_by("-pk")
    items = items.annotate(calibration=F("decision__attempt__score__calibration"))
    if task.title_field:
        items = items.annotate(named=Left(KeyTextTransform(task.title_field, "payload__body"), 200))
    found = list(items)
    nameless = [item.pk for item in found if not getattr(item, "named", None)]
    bodies = archived.bodies(nameless)
    hidden = audited(ids) if blind else set()
    return tuple(
        _row(task, item, bodies.get(item.pk, {task.title_field: getattr(item, "named", "")}), hidden=item.pk in hidden)
        for item in found
    )


def _row(task: Task, item: Item, body: dict[str, object], *, hidden: bool) -> Row:
    decision: Decision | None = getattr(item, "decision", None)
    lane = "" if decision is None else Lane.PEOPLE.label if hidden else decision.get_lane_display()
    return Row(
        pk=item.pk,
        external_id=item.external_id,
        title=task.title(body, item.external_id),
        state=State.REVIEW if hidden else State(item.state),
        lane=lane,
        p_correct=_known_p(decision, getattr(item, "calibration", None)),
        created_at=item.created_at,
        finished_at=None if hidden else item.finished_at,
    )


def _known_p(decision: Decision | None, fitted_by: str | None) -> float | None:
    """The chance of being right, where there is an answer to trust, and reviewed items to know it from."""
    if decision is None or decision.why in (Why.NO_ANSWER, Why.SENTINEL) or fitted_by in (None, UNFITTED):
        return None
    return decision.p_correct
