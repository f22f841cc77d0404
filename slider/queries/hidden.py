"""Looks whose draft is hidden until the person has answered: what they may see before, and what stands beside after."""

from dataclasses import dataclass, replace
from typing import Any

from slider import strict
from slider.models import OwnAnswer, Review
from slider.queries import shape
from slider.queries.shape import Part
from slider.queries.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Beside:
    """A field of the own answer beside the draft's."""

    part: Part
    own: Any
    differs: bool


@dataclass(frozen=True, slots=True)
class Own:
    """What the person had answered; `can_keep` where it is an answer at all."""

    fields: tuple[Beside, ...]
    can_keep: bool


def own_answer(review: Review, user_id: int) -> OwnAnswer | None:
    """What this person said of a look before they saw its draft."""
    if not review.hidden_chance:
        return None
    return OwnAnswer.objects.filter(review=review, by=user_id).first()


def is_hidden(review: Review, proposal: Any) -> bool:
    """Whether the draft of a look is hidden from whoever has not answered yet."""
    return proposal is not None and review.is_drawn_hidden


def bare(seen: Sheet) -> Sheet:
    """A sheet without the draft and all that was made from it: the doubts, the chance, the other answers."""
    return replace(seen, lines=(), proposal=None, raw="", reason="", p_correct=None, distrusted=False)


def beside(own: OwnAnswer, seen: Sheet) -> Own:
    """The own answer, field by field, and where the draft says something else."""
    if own.answer is None:
        return Own((), can_keep=False)
    parts = shape.parts(seen.task.output_schema, own.answer)
    pairs = [(part, shape.held(own.answer, part), shape.held(seen.proposal, part)) for part in parts]
    fields = [Beside(part, mine, strict.canonical(mine) != strict.canonical(drafts)) for part, mine, drafts in pairs]
    return Own(tuple(field for field in fields if field.own is not None or field.differs), can_keep=True)
