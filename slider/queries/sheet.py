"""The sheet of one look: the item, the proposal field by field, why a person should look, and the other answers."""

import math
from dataclasses import dataclass
from typing import Any

from rapidfuzz.distance import LCSseq

from slider.models import Attempt, Decision, Review, Task, Why
from slider.queries import items, rivals, shape
from slider.queries.rivals import Rival
from slider.queries.shape import Part
from slider.schema import Schema

MOST_KEYS = 9  # the digits of a keyboard
UNSURE = 0.9  # below this chance the model was not sure of a field


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value for a field, taken with one key; `answer` is the whole answer that it makes.

    `told` is where it differs from the proposal's value, for values that have parts of their own.
    """

    key: int
    label: str
    value: Any
    answer: Any
    support: str  # empty: nobody chose it, it is what the model nearly wrote
    told: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A field of the item."""

    name: str
    label: str
    value: Any
    is_long: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A field of the proposal; `doubt` marks it and says, before its label, what speaks against it."""

    part: Part
    value: Any
    doubt: str = ""
    alternatives: tuple[Alternative, ...] = ()
    changed: Source | None = None  # the text that came in, where this is a new wording of it


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a person sees of one look. Nothing in it tells why this item was drawn for people's eyes at all:
    an item that ran unattended and is looked at by chance makes the same sheet as one that waits for a verdict."""

    review: Review
    task: Task
    title: str
    external_id: str
    source: tuple[Source, ...]
    body: dict[str, Any]  # the item as it came in: what marks of its texts point into
    lines: tuple[Line, ...]
    proposal: Any
    raw: str
    reason: str
    p_correct: float | None  # None: no proposal, a distrusted one, or too few reviewed items to know
    distrusted: bool = (
        False  # a sentinel's veto: only items that wait for a verdict have one, so it gives no audit away
    )

    @property
    def alternatives(self) -> list[Alternative]:
        return [alternative for line in self.lines for alternative in line.alternatives]


def of(review: Review) -> Sheet:
    """The sheet of a look, from the item, its proposal and the evidence at the time of the decision."""
    item, task, decision = review.item, review.task, review.item.decision
    attempt, body = decision.attempt, item.payload.body
    proposal = attempt.answer if attempt is not None else None
    title, source = _headed(review)
    # Whoever has read the look whole knows whether there are any.
    others = rivals.workers(attempt) if attempt is not None and getattr(review, "has_others", True) else {}
    lines = _lines(task, attempt, others, source)
    return Sheet(
        review=review,
        task=task,
        title=title,
        external_id=item.external_id,
        source=source,
        body=body,
        lines=lines,
        proposal=proposal,
        raw=attempt.raw[:8000] if attempt is not None else "",
        reason=_reason(decision, lines, attempt),
        p_correct=decision.p_correct if proposal is not None and _may_tell(decision, attempt) else None,
        distrusted=decision.why == Why.SENTINEL,
    )


def heading(review: Review) -> str:
    """What a look is called: the heading of its sheet."""
    return _headed(review)[0]


def _headed(review: Review) -> tuple[str, tuple[Source, ...]]:
    item, task, body = review.item, review.task, review.item.payload.body
    return _titled(task.title(body, item.external_id), _source(task, body), task, item.external_id)


def _may_tell(decision: Decision, attempt: Attempt | None) -> bool:
    """Whether the chance of being right says anything: not before the first labels, nor where a sentinel doubts it."""
    if decision.why == Why.SENTINEL:
        return False
    score = getattr(attempt, "score", None)
    return score is not None and score.calibration != items.UNFITTED


def _source(task: Task, body: dict[str, Any]) -> tuple[Source, ...]:
    lines = [(part, shape.held(body, part)) for part in shape.parts(task.input_schema, body)]
    found = [
        Source(part.name, part.label, held, shape.is_bulky(part) or _is_long(held))
        for part, held in lines
        if held not in (None, "")
    ]
    return tuple(sorted(found, key=lambda source: not source.is_long))


def _titled(title: str, source: tuple[Source, ...], task: Task, name: str) -> tuple[str, tuple[Source, ...]]:
    """The heading and the fields below it, such that no text stands in both: a heading may be the beginning of one."""
    fields = tuple(field for field in source if field.name != task.title_field or _in_one_line(field.value) != title)
    if not fields or any(_in_one_line(field.value).startswith(title) for field in fields if field.is_long):
        return name, source
    return title, fields


def _in_one_line(held: Any) -> str:
    return " ".join(held[:2000].split()) if isinstance(held, str) else ""


def _is_long(held: Any) -> bool:
    return isinstance(held, dict | list) or (isinstance(held, str) and (len(held) > 60 or "\n" in held))


def _lines(task: Task, attempt: Attempt | None, others: dict[str, Any], source: tuple[Source, ...]) -> tuple[Line, ...]:
    if attempt is None or attempt.answer is None:
        return ()
    schema, proposal = Schema.compile(task.output_schema), attempt.answer
    evidence = {row["name"]: row for row in attempt.fields}
    parts = sorted(shape.parts(task.output_schema, proposal), key=shape.is_bulky)
    found = [
        (place, rival)
        for place, part in enumerate(parts)
        for rival in rivals.of(part, proposal, attempt.samples, others, evidence.get(part.name, {}))
        if schema.accepts(shape.with_held(proposal, part.name, rival.value))
    ]
    # The nine that most say; the digits then follow the page from top to bottom.
    kept = sorted(sorted(found, key=lambda pair: -pair[1].weight)[:MOST_KEYS], key=lambda pair: pair[0])
    lines = []
    for place, part in enumerate(parts):
        value = shape.held(proposal, part)
        offered = tuple(
            _alternative(key, part, proposal, rival) for key, (at, rival) in enumerate(kept, start=1) if at == place
        )
        doubt = _doubt(part, value, attempt.samples, evidence.get(part.name, {}))
        lines.append(Line(part, value, doubt, offered, _changed(value, source)))
    return tuple(lines)


def _alternative(key: int, part: Part, proposal: Any, rival: Rival) -> Alternative:
    answer = shape.with_held(proposal, part.name, rival.value)
    told = rivals.told(shape.held(proposal, part), rival.value)
    return Alternative(key, part.label, rival.value, answer, rival.support, told)


LIKE_ENOUGH = 0.5
_MOST_COMPARED = 50_000  # characters: of longer texts nobody is told whether they are alike


def _changed(value: Any, source: tuple[Source, ...]) -> Source | None:
    """The text that came in of which this one is a new wording: at least half of its words stand there, in order."""
    if not isinstance(value, str) or not 60 < len(value) <= _MOST_COMPARED:
        return None
    words = value.split()
    for one in source:
        if not isinstance(one.value, str) or not 0.5 <= len(one.value) / len(value) <= 2 or one.value == value:
            continue
        if LCSseq.normalized_similarity(one.value.split(), words) >= LIKE_ENOUGH:
            return one
    return None


def _doubt(part: Part, value: Any, samples: list[Any], row: dict[str, Any]) -> str:
    """What the evidence says against this field, to be followed by its name; or nothing."""
    if others := sum(rivals.differs(sample, part, value) for sample in samples):
        return f"{_of(others, len(samples) + 1)} {'differs' if others == 1 else 'differ'} in"
    chance = _chance(row)
    return f"the model gave a chance of {chance:.2f} to its" if chance < UNSURE else ""


def _chance(row: dict[str, Any]) -> float:
    logprob = row.get("logprob")
    return math.exp(logprob) if isinstance(logprob, int | float) else 1.0


def _reason(decision: Decision, lines: tuple[Line, ...], attempt: Attempt | None) -> str:
    """Why a person should look, in one line with the number behind it.

    The place in the ranking and the share in force stay out of it: they would tell an audit from the rest.
    """
    kept = {
        Why.RULE: f"A hard rule keeps it with people: {decision.detail}.",
        Why.NO_ANSWER: f"The worker gave no usable answer: {decision.detail}.",
        Why.SENTINEL: f"A sentinel distrusts it: {decision.detail}.",
        Why.HELD: "The slider is pulled back, so everything comes to people.",
        Why.FALLBACK: f"Nothing is known yet of who answered it: {decision.detail}.",
        Why.STALE: f"Nothing runs unattended just now: {decision.detail}.",
        Why.QUARANTINE: "Answers much like this one were found wrong, so all of them come to people.",
    }.get(Why(decision.why), "")
    if not lines or attempt is None:
        return kept
    doubts: dict[str, list[str]] = {}
    for line in lines:
        if line.doubt:
            doubts.setdefault(line.doubt, []).append(line.part.label)
    said = [f"{doubt} {_listed(labels)}" for doubt, labels in doubts.items()]
    if failed := sum(sample is None for sample in attempt.samples):
        said.append(f"{_of(failed, len(attempt.samples) + 1)} gave no usable answer")
    if decision.why == Why.SENTINEL and not said:
        return kept  # it has just named what stands out
    whole = "; ".join(said) or "no field stands out"
    return f"{kept} {whole[0].upper()}{whole[1:]}.".strip()


_WORDS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _of(count: int, total: int) -> str:
    """«two of five samples», in digits where words would be long."""
    said = [_WORDS[number] if number < len(_WORDS) else str(number) for number in (count, total)]
    return f"{said[0]} of {said[1]} samples"


def _listed(labels: list[str]) -> str:
    """«topic», «topic and reply», «topic, reply and amount»."""
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
