"""Marks in a form: each is one text field with a little JSON; and the page that lists all there is to mark."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slider import strict
from slider.flow import marking
from slider.flow.marking import Remark
from slider.models import MarkKind, MarkSide, Task
from slider.queries import passages, shape

NAME = "mark"
_LONGEST = 2000
_KEYS = {"kind": str, "side": str, "path": str, "start": int, "end": int, "reason": str}


def read(sent: Sequence[str]) -> tuple[Remark, ...]:
    """The marks of a form; an empty field is none. Raises ValueError with words for a person."""
    texts = [text for text in sent if text]
    if len(texts) > 2 * marking.MOST:
        raise ValueError(f"there are {len(texts)} marks; at most {marking.MOST} fit on one item")
    return tuple(_read(text) for text in texts)


def _read(text: str) -> Remark:
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"a mark has {len(text)} characters; at most {_LONGEST} fit")
        said = strict.loads(text)
    except strict.StrictError as error:
        raise ValueError(f"a mark can't be read: {error}") from None
    if not isinstance(said, dict):
        raise ValueError(f"a mark can't be read: {strict.shown(text)} is no object")
    for key, held in said.items():
        if type(held) is not _KEYS.get(key):
            raise ValueError(f"a mark can't be read: {strict.shown(key)} is {strict.shown(str(held))}")
    try:
        kind, side = MarkKind(str(said.get("kind", ""))), MarkSide(str(said.get("side", MarkSide.ANSWER)))
    except ValueError as error:
        raise ValueError(f"a mark can't be read: {error}") from None
    given: dict[str, Any] = {key: said[key] for key in ("start", "end", "reason") if key in said}
    return Remark(kind, str(said.get("path", "")), side, **given)


def text_of(one: Remark) -> str:
    """A mark as its field holds it."""
    said: dict[str, Any] = {"kind": str(one.kind), "side": str(one.side), "path": one.path}
    said |= {"start": one.start, "end": one.end} if one.kind == MarkKind.SPAN else {}
    return strict.canonical(said | ({"reason": one.reason} if one.reason else {})).decode()


def in_words(one: Remark) -> str:
    """A mark as a line of text, for somebody who wants to make it again."""
    what = f"characters {one.start} to {one.end}" if one.kind == MarkKind.SPAN else str(one.kind)
    return f"marked in {one.side.label}, {one.path or 'the whole'}: {what} {one.reason}".rstrip()


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a list; `text` is what the form sends."""

    text: str
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A field or a sentence, with all that may be said of it."""

    label: str
    quote: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """All that can be marked, as lists to choose from; `more` are chosen marks that no list holds."""

    fields: tuple[Line, ...]
    answer: tuple[Line, ...]
    source: tuple[Line, ...]
    more: tuple[str, ...]


def listing(task: Task, *, proposal: Any, source: Any, chosen: Sequence[Remark]) -> Listing:
    """The lists for one item. `chosen` are marks made so far."""
    made, reasons = set(chosen), task.reason_words
    fields = tuple(_fields(task, proposal, made, reasons)) if proposal is not None else ()
    answer = tuple(_sentences(_prose(task.output_schema, proposal), MarkSide.ANSWER, made, reasons))
    below = tuple(_sentences(_prose(task.input_schema, source), MarkSide.SOURCE, made, reasons))
    listed = {option.text for line in (*fields, *answer, *below) for option in line.options}
    return Listing(fields, answer, below, tuple(text for one in chosen if (text := text_of(one)) not in listed))


def _fields(task: Task, proposal: Any, made: set[Remark], reasons: dict[str, str]) -> Iterator[Line]:
    for part in shape.parts(task.output_schema, proposal):
        path = strict.pointer(part.name) if part.name else ""
        said = [(Remark(MarkKind.RIGHT, path), "right"), (Remark(MarkKind.WRONG, path), "wrong")]
        said += [(Remark(MarkKind.WRONG, path, reason=code), f"wrong: {words}") for code, words in reasons.items()]
        quote = shape.as_text(shape.held(proposal, part))[:120]
        yield Line(part.label, quote, tuple(Option(text_of(one), words, one in made) for one, words in said))


def _prose(schema: Mapping[str, Any], whole: Any) -> Any:
    """What may hold sentences: without the fields that hold one of a few values, or a date."""
    if not isinstance(whole, dict):
        return whole
    parts = shape.parts(schema, whole)
    return {p.name: whole[p.name] for p in parts if p.name in whole and not p.choices and p.kind != shape.Kind.DATE}


def _sentences(whole: Any, side: MarkSide, made: set[Remark], reasons: dict[str, str]) -> Iterator[Line]:
    for found in passages.of(whole, side):
        said = [
            (Remark(MarkKind.SPAN, found.path, side, found.start, found.end, code), words)
            for code, words in reasons.items()
        ]
        label = found.path.removeprefix("/") or "text"
        yield Line(label, found.text, tuple(Option(text_of(one), words, one in made) for one, words in said))
