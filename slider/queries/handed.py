"""What a look was given with: who handed, assigned or flagged it, to whom, and the words that came with it."""

from dataclasses import dataclass
from datetime import datetime

from slider.models import BESIDE, Handing, HandingKind, Membership, Review, ReviewState
from slider.models.project import RIGHTS
from slider.models.standing import Given, Standing

SHOWN = 5  # the newest notes of a look

_REVIEWING = [role for role, verbs in RIGHTS.items() if "review" in verbs]
_MEMBERS = Standing(
    lambda: (
        Membership.objects.filter(project_id=Given("project"), role__in=_REVIEWING, user__is_active=True)
        .select_related("user")
        .order_by("user__username")
    )
)


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
    return [Words(told(one), one.note, one.created_at, one.kind == HandingKind.FLAGGED) for one in found]


def told(one: Handing) -> str:
    """A hand-over in a few words."""
    by = one.by.get_username()
    to = one.to.get_username() if one.to is not None else ""
    return {
        HandingKind.ASSIGNED: f"{by} assigned it to {to}",
        HandingKind.FREED: f"{by} gave it back to everybody",
        HandingKind.HANDED: f"{by} handed it on to {to or 'anybody else'}",
        HandingKind.FLAGGED: f"{by} flagged it to a lead",
    }[HandingKind(one.kind)]


def colleagues(project_id: int, *, without: int = 0) -> list[Somebody]:
    """Everybody who reviews in a project, but for one, by name."""
    members = _MEMBERS.all(project=project_id)
    return [Somebody(one.user_id, one.user.get_username()) for one in members if one.user_id != without]


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
    return [
        Owed(
            one.pk,
            number,
            one.holder.get_username() if one.holder else "",
            one.assignee.get_username() if one.assignee else "",
            one.for_lead,
            tuple(one.skills or ()),
        )
        for number, one in enumerate(looks, start=1)
    ]
