"""What a look was given with: who handed, assigned or flagged it, to whom, and the words that came with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef

from slider.models import BESIDE, Decline, Handing, HandingKind, Membership, Review, ReviewState
from slider.models.project import RIGHTS

SHOWN = 5  # the newest notes of a look

_REVIEWING = [role for role, verbs in RIGHTS.items() if "review" in verbs]


@dataclass(frozen=True, slots=True)
class Words:
    """One hand-over of a look, as it is told to whoever has it now."""

    said: str
    note: str
    at: datetime
    is_flag: bool


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person that a look can be given to."""

    user_id: int
    name: str


def words_on(review: Review) -> list[Words]:
    """What came with a look, newest first; what was only assigned without a word needs none."""
    if not getattr(review, "has_words", True):
        return []  # whoever has read the look whole knows that there are none
    found = Handing.objects.filter(review=review).exclude(note="").select_related("by", "to").order_by("-pk")[:SHOWN]
    return [_words(one, review) for one in found]


def _words(one: Handing, review: Review) -> Words:
    """To whom stands there for whoever was meant alone: what was given to others and comes here is of what kind?"""
    said = told(one)
    if one.kind != HandingKind.FREED and (one.to_id is None or one.to_id != review.holder_id):
        said = told(one, names=False)
    return Words(said, one.note, one.created_at, one.kind == HandingKind.FLAGGED)


def told(one: Handing, *, names: bool = True) -> str:
    """A hand-over in a few words; with `names`, to whom."""
    by = one.by.get_username()
    to = one.to.get_username() if one.to is not None else ""
    if not names and one.kind in (HandingKind.ASSIGNED, HandingKind.HANDED):
        return f"{by} {'assigned it' if one.kind == HandingKind.ASSIGNED else 'handed it on'}"
    return {
        HandingKind.ASSIGNED: f"{by} assigned it to {to}",
        HandingKind.FREED: f"{by} gave it back to everybody",
        HandingKind.HANDED: f"{by} handed it on to {to or 'anybody else'}",
        HandingKind.FLAGGED: f"{by} flagged it to a lead",
    }[HandingKind(one.kind)]


def colleagues(project_id: int) -> list[Somebody]:
    """Everybody who reviews in a project, by name."""
    members = Membership.objects.filter(project_id=project_id, role__in=_REVIEWING, user__is_active=True)
    found = members.order_by("user__username").values_list("user_id", "user__username")
    return [Somebody(*one) for one in found]


def others(review: Review, person: int) -> list[Somebody]:
    """Everybody else who reviews in the project of a look, by name."""
    team: list[dict[str, Any]] | None = getattr(review, "team", None)
    found = colleagues(review.task.project_id) if team is None else [Somebody(one["id"], one["name"]) for one in team]
    return [one for one in found if one.user_id != person]


@dataclass(frozen=True, slots=True)
class Owed:
    """A look at an item that is still to come, for whoever gives it to people. Its kind is nobody's business."""

    review_id: int
    number: int
    holder: str
    assignee: str
    for_lead: bool
    skills: tuple[str, ...]


def owed(item_id: int) -> list[Owed]:
    """The looks at an item that can be given to somebody.

    Of known answers and second looks only those that somebody has had in hands, as everywhere: see `items._SECRET`.
    """
    looks = Review.objects.filter(item=item_id, state__in=[ReviewState.OPEN, ReviewState.HELD])
    looks = looks.exclude(kind__in=BESIDE, token=0).select_related("holder", "assignee").order_by("pk")
    meant = _meant([one.pk for one in looks])
    return [
        Owed(
            one.pk,
            number,
            one.holder.get_username() if one.holder else "",
            one.assignee.get_username() if one.assignee else meant.get(one.pk, ""),
            one.for_lead,
            tuple(one.skills or ()),
        )
        for number, one in enumerate(looks, start=1)
    ]


def _meant(review_ids: list[int]) -> dict[int, str]:
    """To whom these looks were given last, by name, while they review there and have not passed them on.

    A known answer that was given to somebody who has had its item is anybody's, and nothing may tell it from others.
    """
    newest = Handing.objects.filter(review__in=review_ids).order_by("review", "-pk").distinct("review")
    found = Handing.objects.filter(pk__in=newest.values("pk"), to__isnull=False, to__is_active=True)
    found = found.filter(to__memberships__project=F("review__task__project"), to__memberships__role__in=_REVIEWING)
    passed_on = Decline.objects.filter(review=OuterRef("review"), user=OuterRef("to"))
    return dict(found.exclude(Exists(passed_on)).values_list("review_id", "to__username"))
