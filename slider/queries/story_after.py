"""The chapters of what came after a look: taken back, too late, settled, corrected, published."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Prefetch

from slider.models import (
    Adjudication,
    Correction,
    Delivery,
    Item,
    OwnAnswer,
    Parcel,
    Publication,
    ReviewKind,
    SecondOpinion,
    Undone,
    Verdict,
)
from slider.queries import shape
from slider.queries.chapters import Chapter, Fact


def told(item: Item, *, blind: bool) -> list[Chapter]:
    """All of it, in no order; to the `blind` nothing of known answers."""
    return [*_published(item), *_settled(item), *_afterwards(item, blind=blind)]


def _published(item: Item) -> list[Chapter]:
    """Every result and correction that was owed, and what became of it."""
    parcels = Parcel.objects.filter(endpoint__removed_at=None).select_related("endpoint").order_by("pk")
    found = Publication.objects.filter(item=item).order_by("number")
    return [_publication(one) for one in found.prefetch_related(Prefetch("parcels", parcels))]


def _publication(publication: Publication) -> Chapter:
    what = "Result" if publication.number == 1 else f"Correction {publication.number - 1}"
    facts = [fact for parcel in publication.parcels.all() for fact in _parcel(parcel)]
    return Chapter(
        publication.created_at,
        f"{what}: {publication.get_ending_display()}",
        "",
        tuple(facts) or (Fact("delivery", "no webhook"),),
        anchor=f"result-{publication.number}",
    )


def _parcel(parcel: Parcel) -> Iterator[Fact]:
    """What became of a result on its way to one receiver."""
    yield Fact("delivery", f"{Delivery(parcel.state).label}, {urlsplit(parcel.endpoint.url).hostname}")
    if parcel.tries:
        yield Fact("tries", str(parcel.tries))
    if parcel.delivered_at is not None:
        yield Fact("delivered", f"{parcel.delivered_at:%Y-%m-%d %H:%M:%S} UTC")
    if parcel.last_problem:
        yield Fact("last problem", parcel.last_problem)


def _settled(item: Item) -> list[Chapter]:
    """What a lead said where two looks disagreed."""
    found = Adjudication.objects.filter(look__item=item).select_related("by", "look")
    return [
        Chapter(
            word.at,
            f"{word.by.get_username()} settled it: {word.get_stands_display()}",
            word.words,
            anchor=f"settled-{word.pk}",
        )
        for word in found
    ]


def _afterwards(item: Item, *, blind: bool) -> list[Chapter]:
    """What was taken back, what came too late, and what was corrected: each as it was said, by whom and when."""
    untold = [ReviewKind.KNOWN] if blind else []
    found = [
        Chapter(
            one.decided_at,
            f"{one.get_verdict_display().capitalize()} by {one.by.get_username()}, and taken back",
            f"{(one.created_at - one.decided_at).total_seconds():,.0f} s later, before it had any effect",
            _said_with(item, one),
            anchor=f"undone-{one.pk}",
        )
        for one in Undone.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("by")
    ]
    found += [
        Chapter(
            one.created_at,
            f"Second opinion by {one.by.get_username()}: {one.get_verdict_display()}",
            "It came when somebody else had taken the item; it changes nothing and is not counted.",
            _said_with(item, one),
            anchor=f"opinion-{one.pk}",
        )
        for one in SecondOpinion.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("by")
    ]
    for own in OwnAnswer.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("by"):
        said = "the same as the draft" if own.same else "" if own.answer is not None else "that no answer can be given"
        title = f"{own.by.get_username()} answered before they saw the draft"
        facts = () if own.same else _fields(item, own.answer)
        found.append(Chapter(own.at, title, said, facts, anchor=f"own-{own.pk}"))
    for one in Correction.objects.filter(item=item).select_related("by"):
        undone = ", and taken back" if one.undone_at is not None else ""
        title = f"Corrected by {one.by.get_username()}: {one.get_verdict_display()}{undone}"
        found.append(Chapter(one.created_at, title, "", _said_with(item, one), anchor=f"correction-{one.pk}"))
    return found


def _said_with(item: Item, said: Undone | SecondOpinion | Correction) -> tuple[Fact, ...]:
    """The answer field by field, the reason and the note; an answer that was only accepted stands elsewhere."""
    facts: list[Fact] = []
    if said.verdict == Verdict.FIX:
        facts += _fields(item, said.answer)
    facts += [Fact("reason", item.task.reason_words.get(said.reason, said.reason))] if said.reason else []
    return tuple(facts + ([Fact("note", said.note)] if said.note else []))


def _fields(item: Item, answer: Any) -> tuple[Fact, ...]:
    if answer is None:
        return ()
    parts = shape.parts(item.task.output_schema, answer)
    pairs = [(part.label, shape.as_text(shape.held(answer, part))) for part in parts]
    return tuple(Fact(label, text) for label, text in pairs if text)
