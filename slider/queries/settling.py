"""Where several people disagree about an item: what each said, side by side, for the lead who decides."""

from dataclasses import dataclass
from typing import Any

from slider.models import Review, ReviewKind, ReviewState
from slider.queries import shape
from slider.queries.shape import Part
from slider.queries.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an answer, and whether it is another than the worker's."""

    part: Part
    value: Any
    changed: bool


@dataclass(frozen=True, slots=True)
class Peer:
    """What one of them said."""

    review_id: int
    who: str
    said: str
    verdict: str
    answer: Any
    reason: str
    reason_words: str
    note: str
    fields: tuple[Field, ...]


def is_settling(review: Review) -> bool:
    """Whether it is a lead's look at what several people have said."""
    return review.kind == ReviewKind.GATE and review.looks is not None


def peers(review: Review, sheet: Sheet) -> tuple[Peer, ...]:
    """What several people said, to whoever settles it; nothing on any other look, whose reader must not know."""
    if not is_settling(review):
        return ()
    looks = Review.objects.filter(item_id=review.item_id, kind=ReviewKind.PEER, state=ReviewState.DECIDED)
    return tuple(_peer(one, sheet) for one in looks.select_related("holder").order_by("slot"))


def chosen(sheet: Sheet, picked: str) -> Peer | None:
    """The one whose word the lead takes, if a button said so."""
    return next((one for one in peers(sheet.review, sheet) if str(one.review_id) == picked), None) if picked else None


def _peer(look: Review, sheet: Sheet) -> Peer:
    parts = () if look.answer is None else shape.parts(sheet.task.output_schema, look.answer)
    pairs = [(part, shape.held(look.answer, part), shape.held(sheet.proposal, part)) for part in parts]
    return Peer(
        look.pk,
        look.holder.get_username() if look.holder is not None else "somebody",
        look.get_verdict_display(),
        look.verdict,
        look.answer,
        look.reason,
        sheet.task.reason_words.get(look.reason, look.reason),
        look.note,
        tuple(Field(part, held, held != drafted) for part, held, drafted in pairs if held is not None),
    )
