"""What one item and its answer tell the sentinels by themselves, without knowing what else a task has seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress

from slider.engine import percents
from slider.engine.arrays import Ints
from slider.engine.sanity import echo, familiar, gibberish, hollow, languages, near, read, repetition, words
from slider.engine.sanity.names import Finding, Sentinel

OF_ITEM, OF_PROMPT = "item", "prompt"
_AT_ONCE = 64
_NO_LOOP = repetition.Loop()


@dataclass(frozen=True, slots=True)
class Brief:
    """What a worker was given: the task's two schemas and its own instructions."""

    input_schema: Mapping[str, object]
    output_schema: Mapping[str, object]
    instructions: str
    items: read.Reader = field(init=False, compare=False, repr=False)
    answers: read.Reader = field(init=False, compare=False, repr=False)
    prompt: echo.Source = field(init=False)
    language: str | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", read.Reader(self.input_schema))
        object.__setattr__(self, "answers", read.Reader(self.output_schema))
        object.__setattr__(self, "prompt", echo.source(self.instructions))
        object.__setattr__(self, "language", languages.main(self.instructions))


@dataclass(frozen=True, slots=True)
class Case:
    """An item and the worker's answer to it, which is without meaning where `answered` is False."""

    item: object
    answer: object
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """What one item and its answer tell by themselves. To make one needs no state and may take a while."""

    findings: tuple[Finding, ...]
    grams: Ints
    item_language: str | None
    answer_language: str | None
    answer_where: str
    copies: tuple[tuple[str, str, float], ...]
    key: str
    prints: tuple[int | None, int | None]
    prompt_language: str | None
    answered: bool


def look(item: object, answer: object, brief: Brief, *, answered: bool = True) -> Look:
    """Look at one item and its answer: see `looks`."""
    return looks([Case(item, answer, answered)], brief)[0]


def looks(cases: Sequence[Case], brief: Brief) -> list[Look]:
    """Look at items and their answers, each by itself. Never raises; reads at most 6,000 characters of each.

    They are read some at a time, as numbers are cheaper to reckon together; each Look is what it would be alone.

    Args:
        cases: the items with the worker's answers.
        brief: what the worker was given.

    Returns:
        One a case, in order.
    """
    found: list[Look] = []
    for begin in range(0, len(cases), _AT_ONCE):
        found += _together(cases[begin : begin + _AT_ONCE], brief)
    return found


@dataclass(frozen=True, slots=True)
class _Side:
    """An item or an answer, taken apart and read."""

    parts: read.Parts
    words: list[list[str]]
    """Of each of its texts."""

    @property
    def all_words(self) -> list[str]:
        """Those of its whole text: no word reaches from one text into the next."""
        return self.words[0] if len(self.words) == 1 else [word for some in self.words for word in some]


def _side(parts: read.Parts) -> _Side:
    return _Side(parts, [words.words(text.value) for text in parts.texts])


def _together(cases: Sequence[Case], brief: Brief) -> list[Look]:
    came = [_side(brief.items.parts(case.item)) for case in cases]
    went = [_side(brief.answers.parts(case.answer if case.answered else None)) for case in cases]
    odd = iter(gibberish.may_be([text.value for side in (*came, *went) for text in side.parts.texts]))
    nonsense = [[*_nonsense(side, of, odd)] for of, sides in (("item", came), ("answer", went)) for side in sides]
    grams = familiar.grams_of([side.parts.whole for side in came])
    prints = _prints(came, went, grams)
    return [
        _look(case, brief, one, other, (*of_item, *of_answer), mine, both)
        for case, one, other, of_item, of_answer, mine, both in zip(
            cases, came, went, nonsense[: len(cases)], nonsense[len(cases) :], grams, prints, strict=True
        )
    ]


def _look(
    case: Case,
    brief: Brief,
    came: _Side,
    went: _Side,
    findings: tuple[Finding, ...],
    grams: Ints,
    prints: tuple[int | None, int | None],
) -> Look:
    texts = went.parts.texts
    longest = max(texts, key=lambda text: len(text.value), default=read.Text("", ""))
    return Look(
        findings=findings,
        grams=grams,
        item_language=languages.main(came.parts.whole) if texts else None,
        answer_language=languages.main(longest.value) if texts else None,
        answer_where=named("answer", longest.where),
        copies=_copies(came, went, brief) if texts else (),
        key=went.parts.closed,
        prints=prints,
        prompt_language=brief.language,
        answered=case.answered,
    )


def _copies(came: _Side, went: _Side, brief: Brief) -> tuple[tuple[str, str, float], ...]:
    """How much each text of an answer copies from the instructions and from the item; short ones copy by right."""
    source, found = echo.source_of(came.all_words), []
    for text, spoken in zip(went.parts.texts, went.words, strict=True):
        shares = echo.both(spoken, prompt=brief.prompt, item=source)
        if shares is not None:
            where = named("answer", text.where)
            found += [(OF_PROMPT, where, shares[0]), (OF_ITEM, where, shares[1])]
    return tuple(found)


def _prints(came: Sequence[_Side], went: Sequence[_Side], grams: Sequence[Ints]) -> list[tuple[int | None, int | None]]:
    """The fingerprints of items and answers, where an answer has a text: none of those of fewer than 12 words."""
    items = [
        len(one.all_words) >= near.LEAST_WORDS and bool(other.words) for one, other in zip(came, went, strict=True)
    ]
    answers = [len(side.all_words) >= near.LEAST_WORDS for side in went]
    of_answers = familiar.grams_of([side.parts.whole for side in compress(went, answers)])
    prints = iter(near.fingerprints([*compress(grams, items), *of_answers]))
    found = [[next(prints) if is_long else None for is_long in side] for side in (items, answers)]
    return list(zip(*found, strict=True))


def _nonsense(side: _Side, of: str, odd: Iterator[bool]) -> Iterator[Finding]:
    """Gibberish and repetition in the free texts of an item or of an answer; `odd` says which may be gibberish."""
    for text, spoken, may_be_gibberish in zip(side.parts.texts, side.words, odd, strict=False):
        where = named(of, text.where)
        loop = repetition.loop(text.value) if repetition.may_be(text.value, spoken) else _NO_LOOP
        if loop.share >= loop.threshold:
            share = percents.said(loop.share, digits=0)
            said = f"{where} says “{loop.thing}” {loop.times} times ({share} of its letters)"
            yield Finding(Sentinel.REPETITION, where, "repeated share", loop.share, loop.threshold, said)
            continue
        bits = gibberish.bits(text.value) if may_be_gibberish else None
        broken = gibberish.broken(text.value)
        if bits is not None and bits > gibberish.MOST_BITS:
            said = f"{where} makes no words ({bits:.1f} bits a letter; prose has 3.1 to 4.7)"
            yield Finding(Sentinel.GIBBERISH, where, "bits a letter", bits, gibberish.MOST_BITS, said)
        elif broken > gibberish.MOST_BROKEN:
            said = f"{where} has broken characters ({percents.said(broken, digits=0)} of its signs)"
            yield Finding(Sentinel.GIBBERISH, where, "broken share", broken, gibberish.MOST_BROKEN, said)
        elif of == "answer" and hollow.is_hollow(text.value):
            said = f"{where} says nothing: “{text.value.strip()}”"
            yield Finding(Sentinel.GIBBERISH, where, "hollow", 1.0, 0.0, said)


def named(of: str, where: str) -> str:
    """A text's place in words: "the item's subject", "the answer"."""
    return f"the {of}'s {where}" if where else f"the {of}"
