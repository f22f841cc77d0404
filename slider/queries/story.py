"""The whole story of one item in time order, each chapter in plain words with its numbers."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slider.engine import percents
from slider.models import (
    QUIET,
    Adjudication,
    Attempt,
    Correction,
    Decision,
    Decline,
    Delivery,
    Handing,
    Item,
    Move,
    Outcome,
    OwnAnswer,
    Publication,
    Review,
    ReviewKind,
    ReviewState,
    Score,
    SecondOpinion,
    Stands,
    Undone,
    Verdict,
)
from slider.queries import handed, items, marked, shape
from slider.queries.marked import Said
from slider.queries.shape import Part

_CLAIMED = "claimed by "  # how the reason of a claim's move begins; the machine's name follows


@dataclass(frozen=True, slots=True)
class Fact:
    """A number or word of a chapter, with what it is."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """Something that happened to the item."""

    at: datetime
    title: str
    text: str = ""
    facts: tuple[Fact, ...] = ()
    raw: str = ""
    aside: str = ""  # a name or number for whoever looks into logs


@dataclass(frozen=True, slots=True)
class Answer:
    """A field of the model's answer beside a person's; `changed` where they differ."""

    part: Part
    model: Any
    person: Any
    changed: bool


_LONGEST_QUOTE = 160
_ROUTING = {("working", "done"), ("working", "review"), ("ready", "review")}
_DECIDING = {("review", "done"), ("done", "review")}


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
    scores = Score.objects.in_bulk([attempt.pk for attempt in attempts])
    chapters = _moves(item, hidden=hidden)
    for attempt in attempts:
        chapters.append(_attempt(attempt))
        if score := scores.get(attempt.pk):
            chapters.append(_score(score))
    looks = list(Review.objects.filter(item=item).select_related("holder").order_by("pk"))
    marks: tuple[Said, ...] = ()
    if not hidden:
        decision = Decision.objects.select_related("policy", "attempt").filter(pk=item.pk).first()
        chapters += [_decision(decision)] if decision is not None else []
        chapters += [_publication(p) for p in Publication.objects.filter(item=item).order_by("number")]
        told = [look for look in looks if not blind or look.kind != ReviewKind.KNOWN]
        judged = decision.attempt if decision is not None else None
        marks = marked.of(item, told, body=item.payload.body, answer=judged.answer if judged else None)
        chapters += [_review(look, item, marks) for look in told if look.state == ReviewState.DECIDED]
        chapters += [_word(word) for word in Adjudication.objects.filter(look__item=item).select_related("by", "look")]
        chapters += _afterwards(item, blind=blind)
        chapters += _passed_on(item, blind=blind)
    mine = [look for look in looks if look.kind not in QUIET or _stands(look)]
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
        _Word(look.decided_at, _who(look), look.get_verdict_display(), look.answer)
        for look in looks
        if look.verdict and look.decided_at is not None
    ]
    said += [
        _Word(one.created_at, one.by.get_username(), one.get_verdict_display(), one.answer)
        for one in Correction.objects.filter(item=item, undone_at=None).select_related("by")
    ]
    return max(said, key=lambda word: word.at, default=None)


def _moves(item: Item, *, hidden: bool) -> list[Chapter]:
    """The moves but for the one that routed the item: the decision tells that, to those who may know it.

    While that is hidden, so are the moves of verdicts, also of those that were taken back: only a gate's verdict moves
    an item, and an item that people have finished before is a look at them.
    """
    left_out = _ROUTING | _DECIDING if hidden else _ROUTING
    moves = Move.objects.filter(item=item).select_related("by").order_by("pk")
    return [_move(move) for move in moves if (move.from_state, move.to_state) not in left_out]


def _move(move: Move) -> Chapter:
    title = "Came in" if not move.from_state else f"Moved from {move.from_state} to {move.to_state}"
    by, named = f", by {move.by}" if move.by else "", move.reason.removeprefix(_CLAIMED)
    if named != move.reason:
        return Chapter(move.at, title, "claimed by a worker", aside=named)
    return Chapter(move.at, title, move.reason + by)


def _attempt(attempt: Attempt) -> Chapter:
    outcome = Outcome(attempt.outcome)
    facts = [
        Fact("tokens in and out", f"{attempt.tokens_in:,} and {attempt.tokens_out:,}"),
        Fact("took", f"{attempt.latency_ms:,} ms"),
        Fact("cost", "price not known" if attempt.cost is None else f"{attempt.cost.normalize():f}"),
    ]
    if attempt.samples:
        facts.append(Fact("samples", str(len(attempt.samples) + 1)))
    return Chapter(
        attempt.created_at,
        f"{attempt.worker} tried: {outcome.label}",
        attempt.detail if outcome != Outcome.ANSWERED else "",
        tuple(facts),
        attempt.raw,
    )


_SIGNALS = {
    "token_logodds": "the tokens",
    "weakest_token": "the weakest token",
    "agreement": "the samples' agreement",
    "stated": "what it said of itself",
    "familiar": "items of this task as unusual as this",
}
_WORDS_FROM = ((2.5, "very sure"), (1.5, "sure"), (0.5, "rather sure"), (-0.5, "undecided"), (-1.5, "rather unsure"))


def in_words(log_odds: float) -> str:
    """How sure a signal speaks for the answer; log-odds of 0 are even chances, 2.5 are twelve to one."""
    words = next((words for least, words in _WORDS_FROM if log_odds >= least), "unsure")
    return f"{words} ({log_odds:.1f})"


def _said(name: str, value: float) -> str:
    # How usual an item is says nothing of how sure anybody is of its answer.
    return f"{100 / (1 + math.exp(-value)):.2g} %" if name == "familiar" else in_words(value)


def _measured(found: dict[str, Any]) -> str:
    """What a sentinel measured, beside the limit that it judges by."""
    return f"{found['where']}: {found['measure']} {found['value']:.4g}, limit {found['threshold']:.4g}"


def _score(score: Score) -> Chapter:
    facts = [Fact(_SIGNALS.get(name, name), _said(name, value)) for name, value in score.signals.items()]
    facts += [Fact(f"sentinel: {one['sentinel']}", _measured(one)) for one in score.sentinels]
    unknown = score.calibration == items.UNFITTED
    title = (
        "Scored: too few reviewed items to say how likely it is right"
        if unknown
        else (f"Scored: {score.p_correct:.2f} likely right")
    )
    return Chapter(score.created_at, title, "" if facts else "The answer gave no signals.", tuple(facts))


def _decision(decision: Decision) -> Chapter:
    facts = [Fact("share in force", percents.said(decision.share)), Fact("policy", str(decision.policy.number))]
    if decision.rank is not None:
        facts.append(Fact("harder than", f"{percents.said(decision.rank, digits=1)} of recent items"))
    if decision.audit:
        facts.append(Fact("audit", f"drawn, with a chance of {percents.said(decision.audit_chance)}"))
    elif decision.lane == "unattended":
        facts.append(Fact("audit", f"not drawn; the chance was {percents.said(decision.audit_chance)}"))
    title = "Left to run unattended" if decision.lane == "unattended" else "Sent to people"
    text = decision.get_why_display() + (f": {decision.detail}" if decision.detail else "")
    return Chapter(decision.created_at, title, text, tuple(facts))


_KINDS = {
    ReviewKind.GATE: "a gate",
    ReviewKind.AUDIT: "an audit",
    ReviewKind.LOOKBACK: "a look back",
    ReviewKind.KNOWN: "a known answer",
    ReviewKind.SECOND: "a second look",
    ReviewKind.PEER: "one of several looks",
}


def _stands(look: Review) -> bool:
    """Whether a lead said that this second look stands against the first."""
    return Adjudication.objects.filter(look=look, stands=Stands.SECOND).exists()


def _word(word: Adjudication) -> Chapter:
    return Chapter(word.at, f"{word.by.get_username()} settled it: {word.get_stands_display()}", word.words)


def _review(look: Review, item: Item, marks: tuple[Said, ...]) -> Chapter:
    kind = _KINDS[ReviewKind(look.kind)]
    facts = [Fact("reason", item.task.reason_words.get(look.reason, look.reason))] if look.reason else []
    facts += [Fact("right for the wrong reason", "it counts as evidence for nothing")] if look.lucky else []
    facts += [_mark(one) for one in marks if one.look == look.pk]
    if look.taken_at is not None and look.decided_at is not None:
        facts.append(Fact("looked for", f"{(look.decided_at - look.taken_at).total_seconds():,.0f} s"))
    facts += [Fact("note", look.note)] if look.note else []
    who = _who(look)
    if look.kind == ReviewKind.GATE and look.looks:
        kind = f"what most of {look.looks} looks say" if look.holder is None else "a lead, where the looks disagreed"
    at = look.decided_at or look.created_at
    return Chapter(at, f"{look.get_verdict_display().capitalize()} by {who}", f"as {kind}", tuple(facts))


def _who(look: Review) -> str:
    """Whose word a look is; of several people who agreed it is nobody's alone."""
    return look.holder.get_username() if look.holder is not None else "several people"


def _passed_on(item: Item, *, blind: bool) -> list[Chapter]:
    """Who skipped a look, handed it on, flagged it, or gave it to whom, with their words."""
    untold = [ReviewKind.KNOWN] if blind else []
    given = Handing.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("by", "to")
    skips = Decline.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("user")
    handed_on = {(one.review_id, one.by_id) for one in given}
    found = [Chapter(one.created_at, handed.told(one), one.note) for one in given]
    return found + [
        Chapter(one.created_at, f"Skipped by {one.user.get_username()}")
        for one in skips
        if (one.review_id, one.user_id) not in handed_on
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
        )
        for one in Undone.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("by")
    ]
    found += [
        Chapter(
            one.created_at,
            f"Second opinion by {one.by.get_username()}: {one.get_verdict_display()}",
            "It came when somebody else had taken the item; it changes nothing and is not counted.",
            _said_with(item, one),
        )
        for one in SecondOpinion.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("by")
    ]
    for own in OwnAnswer.objects.filter(review__item=item).exclude(review__kind__in=untold).select_related("by"):
        said = "the same as the draft" if own.same else "" if own.answer is not None else "that no answer can be given"
        title = f"{own.by.get_username()} answered before they saw the draft"
        found.append(Chapter(own.at, title, said, () if own.same else _fields(item, own.answer)))
    for one in Correction.objects.filter(item=item).select_related("by"):
        undone = ", and taken back" if one.undone_at is not None else ""
        title = f"Corrected by {one.by.get_username()}: {one.get_verdict_display()}{undone}"
        found.append(Chapter(one.created_at, title, "", _said_with(item, one)))
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


def _mark(one: Said) -> Fact:
    if one.is_span:
        quote = one.quote if len(one.quote) <= _LONGEST_QUOTE else f"{one.quote[:_LONGEST_QUOTE]}…"
        return Fact(f"passage {one.number}", f"“{quote}”: {one.reason}")
    return Fact(f"field {one.label}", f"{one.kind.label}{f': {one.reason}' if one.reason else ''}")


def _publication(publication: Publication) -> Chapter:
    what = "Result" if publication.number == 1 else f"Correction {publication.number - 1}"
    delivery = Delivery(publication.delivery)
    facts = [Fact("delivery", delivery.label)]
    if publication.tries:
        facts.append(Fact("tries", str(publication.tries)))
    if publication.delivered_at is not None:
        facts.append(Fact("delivered", f"{publication.delivered_at:%Y-%m-%d %H:%M:%S} UTC"))
    if publication.last_problem:
        facts.append(Fact("last problem", publication.last_problem))
    return Chapter(publication.created_at, f"{what}: {publication.get_ending_display()}", "", tuple(facts))


def _answers(item: Item, attempt: Attempt | None, last: _Word | None) -> tuple[Answer, ...]:
    model = attempt.answer if attempt is not None else None
    person = last.answer if last is not None else None
    if model is None and person is None:
        return ()
    parts = shape.parts(item.task.output_schema, model if model is not None else person)
    pairs = [(part, shape.held(model, part), shape.held(person, part)) for part in parts]
    return tuple(Answer(part, m, p, changed=person is not None and m != p) for part, m, p in pairs)
