"""What a correction starts from: the result that holds, and a person's own correction that can still be taken back."""

from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Now

from slider.models import Archived, Attempt, Correction, Emptied, Ending, Item, Publication, State
from slider.queries.desk import LEFT, seconds


@dataclass(frozen=True, slots=True)
class Holds:
    """The newest result of an item; `answer` is the worker's proposal where a person had rejected it."""

    number: int
    answer: Any
    rejected: bool


@dataclass(frozen=True, slots=True)
class Own:
    """A person's correction that has not left yet."""

    pk: int
    left_s: int


def holds(item: Item) -> Holds | None:
    """The result that holds; None where there is none to correct."""
    if item.state != State.DONE or Emptied.objects.filter(pk=item.pk).exists():
        return None
    newest = Publication.objects.filter(item=item).order_by("-number").first()
    if newest is None:
        return None
    if newest.ending != Ending.REJECTED:
        return Holds(newest.number, newest.answer, rejected=False)
    attempt = Attempt.objects.filter(item=item).order_by("-pk").first()
    if attempt is not None and (kept := Archived.objects.filter(pk=item.pk).first()) is not None:
        kept.fill([attempt])
    return Holds(newest.number, attempt.answer if attempt is not None else None, rejected=True)


def own(item: Item, user_id: int) -> Own | None:
    """This person's correction that they can take back: it is the newest result, and has not left."""
    mine = Correction.objects.filter(item=item, by=user_id, undone_at=None, undo_until__gt=Now())
    correction = mine.annotate(left=LEFT).order_by("-number").first()
    if correction is None or Publication.objects.filter(item=item, number__gt=correction.number).exists():
        return None
    return Own(correction.pk, seconds(correction.left))
