"""The whole story of one item in time order, each chapter in plain words with its numbers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slider.models import (
    QUIET,
    Archived,
    Attempt,
    Correction,
    Decision,
    Item,
    Move,
    Review,
    ReviewKind,
    Score,
    archived,
)
from slider.queries import items, marked, shape, story_after, story_decision, story_looks, story_work
from slider.queries.chapters import Chapter
from slider.queries.marked import Said
from slider.queries.shape import Part


@dataclass(frozen=True, slots=True)
class Answer:
    """A field of the model's answer beside a person's; `changed` where they differ."""

    part: Part
    model: Any
    person: Any
    changed: bool


@dataclass(frozen=True, slots=True)
class Story:
    chapters: tuple[Chapter, ...]
    answers: tuple[Answer, ...]
    by_person: str  # whose answer stands beside the model's; empty: nobody's
    verdict: str  # what that person said, in a word
    marks: tuple[Said, ...]  # what people marked, in the order of their looks
    is_cut: bool  # told only up to the routing, to somebody who may have to look at it


def tell(item: Item, *, blind: bool) -> Story:
    """Everything that happened to an item.

    `blind` is for people who review: while a look is open, nothing is told from the routing on, whatever the lane,
    since it would tell an audit from a gate.
    """
    hidden = blind and items.is_looked_at(item.pk)
    attempts = list(Attempt.objects.filter(item=item).select_related("worker").order_by("pk"))
    moved = list(Move.objects.filter(item=item).select_related("by").order_by("pk"))
    kept = Archived.objects.filter(pk=item.pk).first()  # last: what left meanwhile was read, or is in here
    if kept is not None:
        kept.fill(attempts)
        moved = [*kept.moves(), *(move for move in moved if move.at > kept.at)]
    scores = Score.objects.in_bulk([attempt.pk for attempt in attempts])
    chapters = story_work.moves(moved, hidden=hidden)
    for attempt in attempts:
        chapters.append(story_work.attempt_made(attempt))
        if score := scores.get(attempt.pk):
            chapters.append(story_work.scored(score))
    looks = list(Review.objects.filter(item=item).select_related("holder").order_by("pk"))
    marks: tuple[Said, ...] = ()
    if not hidden:
        decision = Decision.objects.select_related("policy", "attempt", "task").filter(pk=item.pk).first()
        chapters += [story_decision.decided(decision)] if decision is not None else []
        told = [look for look in looks if not blind or look.kind != ReviewKind.KNOWN]
        judged = decision.attempt if decision is not None else None
        marks = marked.of(item, told, body=archived.carried(item.pk).body, answer=judged.answer if judged else None)
        chapters += story_looks.looked(item, told, marks, blind=blind)
        chapters += story_after.told(item, blind=blind)
    mine = [look for look in looks if look.kind not in QUIET or story_looks.stands(look)]
    last = None if hidden else _last_word(item, mine)
    return Story(
        tuple(sorted(chapters, key=lambda chapter: chapter.at)),
        _answers(item, attempts[-1] if attempts else None, last),
        last.who if last is not None else "",
        last.verdict if last is not None else "",
        marks,
        hidden,
    )


@dataclass(frozen=True, slots=True)
class _Word:
    """What a person said last of an item, in a look or as a correction."""

    at: datetime
    who: str
    verdict: str
    answer: Any


def _last_word(item: Item, looks: list[Review]) -> _Word | None:
    said = [
        _Word(look.decided_at, story_looks.who(look), look.get_verdict_display(), look.answer)
        for look in looks
        if look.verdict and look.decided_at is not None
    ]
    said += [
        _Word(one.created_at, one.by.get_username(), one.get_verdict_display(), one.answer)
        for one in Correction.objects.filter(item=item, undone_at=None).select_related("by")
    ]
    return max(said, key=lambda word: word.at, default=None)


def _answers(item: Item, attempt: Attempt | None, last: _Word | None) -> tuple[Answer, ...]:
    model = attempt.answer if attempt is not None else None
    person = last.answer if last is not None else None
    if model is None and person is None:
        return ()
    parts = shape.parts(item.task.output_schema, model if model is not None else person)
    pairs = [(part, shape.held(model, part), shape.held(person, part)) for part in parts]
    return tuple(Answer(part, m, p, changed=person is not None and m != p) for part, m, p in pairs)
