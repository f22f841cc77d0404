"""Marks: what a person says of fields and passages, checked against the texts, and written with their verdict."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from slider import strict
from slider.models import Mark, MarkKind, MarkSide, Task, Verdict
from slider.models import mark as marks

MOST = 100  # that a person may make on one item
_MOST_FIXED = marks.MOST - MOST


class Refused(ValueError):
    """A mark that can't be taken; the words say which and what to do."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A mark as a person made it: a field that is right or wrong, or a passage with its reason."""

    kind: MarkKind
    path: str
    side: MarkSide = MarkSide.ANSWER
    start: int | None = None
    end: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Texts:
    """What marks point into. `source` reads the item as it came in, and only where a mark asks for it."""

    task: Task
    proposal: Any
    source: Callable[[], Any]


def settle(remarks: Sequence[Remark], texts: Texts, *, verdict: Verdict, answer: Any) -> list[Mark]:
    """The marks of a verdict, in order: fields first, each once. Raises Refused.

    A field that a fix gives another value is fixed, whatever was said of it. The rest counts as said: nothing is
    made right by silence.
    """
    if len(remarks) > MOST:
        raise Refused(f"there are {len(remarks)} marks; at most {MOST} fit on one item")
    made = list(dict.fromkeys(remarks))
    fields: dict[str, Remark] = {}
    for one in made:
        _check(one, texts)
        if one.kind != MarkKind.SPAN and fields.setdefault(one.path, one) != one:
            raise Refused(f"{_named(one.path)} is marked twice: keep one of the two")
    if verdict == Verdict.FIX:
        fields |= {path: _fixed(path, fields.get(path)) for path in _changed(texts.proposal, answer)}
    _contradict_nothing(fields.values(), texts, verdict=verdict, answer=answer)
    spans = sorted((one for one in made if one.kind == MarkKind.SPAN), key=_place)
    return [
        Mark(number=n, side=one.side, path=one.path, kind=one.kind, start=one.start, end=one.end, reason=one.reason)
        for n, one in enumerate([*fields.values(), *spans], start=1)
    ]


def write(review_id: int, made: Sequence[Mark]) -> None:
    """Write the marks of a review in place of any that a verdict taken back may have left."""
    Mark.objects.filter(review_id=review_id).delete()
    for mark in made:
        mark.review_id = review_id
    Mark.objects.bulk_create(made)


def _place(one: Remark) -> tuple[bool, str, int, int, str]:
    return one.side == MarkSide.ANSWER, one.path, one.start or 0, one.end or 0, one.reason


def _named(path: str) -> str:
    return strict.shown(path) if path else "the answer"


def _check(one: Remark, texts: Texts) -> None:
    if len(one.path) > marks.LONGEST_PATH:
        raise Refused(f"a mark's path has {len(one.path)} characters; at most {marks.LONGEST_PATH} fit")
    if one.reason and one.reason not in texts.task.reason_words:
        known = ", ".join(texts.task.reason_words)
        raise Refused(f"{strict.shown(one.reason)} is no reason of this task; choose one of {known}")
    if one.side == MarkSide.ANSWER and texts.proposal is None:
        raise Refused("there is no proposal, so none of it can be marked")
    if one.kind == MarkKind.SPAN:
        _check_span(one, texts)
    else:
        _check_field(one, texts)


def _check_field(one: Remark, texts: Texts) -> None:
    if one.kind == MarkKind.FIXED:
        raise Refused("a field is fixed by giving it another value, not by a mark")
    if one.side != MarkSide.ANSWER or (one.start, one.end) != (None, None):
        raise Refused("only a field of the answer is right or wrong; mark a passage of what came in")
    if one.kind == MarkKind.RIGHT and one.reason:
        raise Refused(f"{_named(one.path)} is marked right, so it takes no reason")
    if not _has(texts.proposal, one.path) and not _is_known(texts.task, one.path):
        raise Refused(f"the answer has no field {_named(one.path)}")


def _check_span(one: Remark, texts: Texts) -> None:
    if not one.reason:
        raise Refused("a marked passage needs a reason: choose one")
    whole = texts.proposal if one.side == MarkSide.ANSWER else texts.source()
    text = strict.follow(whole, one.path) if _has(whole, one.path) else None
    if not isinstance(text, str):
        raise Refused(f"there is no text at {_named(one.path)} of {one.side.label}")
    if one.start is None or one.end is None or not 0 <= one.start < one.end <= len(text):
        raise Refused(
            f"the passage {one.start} to {one.end} is not in the text at {_named(one.path)}, "
            f"which has {len(text)} characters"
        )


def _has(value: Any, path: str) -> bool:
    try:
        strict.follow(value, path)
    except LookupError:
        return False
    return True


def _is_known(task: Task, path: str) -> bool:
    """Whether the answer could have this field: one that is missing may be what is wrong."""
    properties = task.output_schema.get("properties")
    return isinstance(properties, dict) and any(strict.pointer(name) == path for name in properties)


def _changed(proposal: Any, answer: Any) -> list[str]:
    """The fields whose value a fix has changed."""
    if not isinstance(proposal, dict) or not isinstance(answer, dict):
        return [""] if proposal is not None and _differ(proposal, answer) else []
    paths = [strict.pointer(name) for name in {**proposal, **answer}]
    changed = [path for path in paths if not _is_as_before(path, proposal, answer)]
    return [path for path in changed if len(path) <= marks.LONGEST_PATH][:_MOST_FIXED]


def _differ(one: Any, other: Any) -> bool:
    return strict.canonical(one) != strict.canonical(other)


def _fixed(path: str, said: Remark | None) -> Remark:
    return Remark(MarkKind.FIXED, path, reason=said.reason if said else "")


def _contradict_nothing(fields: Iterable[Remark], texts: Texts, *, verdict: Verdict, answer: Any) -> None:
    """Refuse to send out an answer that the same person calls wrong in part."""
    for one in fields:
        if one.kind != MarkKind.WRONG:
            continue
        if verdict == Verdict.ACCEPT:
            raise Refused(f"{_named(one.path)} is marked wrong: fix it, reject the whole, or take the mark away")
        if verdict == Verdict.FIX and _is_as_before(one.path, texts.proposal, answer):
            raise Refused(f"{_named(one.path)} is marked wrong and has its old value: give it another, or reject")


def _is_as_before(path: str, proposal: Any, answer: Any) -> bool:
    if not _has(answer, path) or not _has(proposal, path):
        return _has(answer, path) == _has(proposal, path)
    return not _differ(strict.follow(proposal, path), strict.follow(answer, path))
