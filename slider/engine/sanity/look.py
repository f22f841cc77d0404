"""What one item and its answer tell the sentinels by themselves, without knowing what else a task has seen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from slider.engine import percents
from slider.engine.arrays import Ints
from slider.engine.sanity import echo, familiar, gibberish, hollow, languages, near, read, repetition
from slider.engine.sanity.names import Finding, Sentinel

OF_ITEM, OF_PROMPT = "item", "prompt"


@dataclass(frozen=True, slots=True)
class Brief:
    """What a worker was given: the task's two schemas and its own instructions."""

    input_schema: Mapping[str, object]
    output_schema: Mapping[str, object]
    instructions: str
    prompt: echo.Source = field(init=False)
    language: str | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "prompt", echo.source(self.instructions))
        object.__setattr__(self, "language", languages.main(self.instructions))


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
    """Look at one item and its answer. Never raises; reads at most 6,000 characters of each.

    Args:
        item: the item's body.
        answer: the worker's answer; without meaning where `answered` is False.
        brief: what the worker was given.
    """
    came = read.parts(item, schema=brief.input_schema)
    went = read.parts(answer if answered else None, schema=brief.output_schema)
    findings = [*_nonsense(came, "item"), *(_nonsense(went, "answer") if answered else ())]
    source = echo.source(came.whole) if went.texts else echo.Source(frozenset())
    copies = []
    for text in went.texts if answered else ():
        shares = {OF_PROMPT: echo.copied(text.value, brief.prompt), OF_ITEM: echo.overlap(text.value, source)}
        copies += [(kind, named("answer", text.where), s) for kind, s in shares.items() if s is not None]
    longest = max(went.texts, key=lambda text: len(text.value), default=read.Text("", ""))
    return Look(
        findings=tuple(findings),
        grams=familiar.grams(came.whole),
        item_language=languages.main(came.whole) if longest.value else None,
        answer_language=languages.main(longest.value) if longest.value else None,
        answer_where=named("answer", longest.where),
        copies=tuple(copies),
        key=went.closed,
        prompt_language=brief.language,
        prints=(near.fingerprint(came.whole), near.fingerprint(went.whole)) if went.texts else (None, None),
        answered=answered,
    )


def _nonsense(parts: read.Parts, of: str) -> Iterator[Finding]:
    """Gibberish and repetition in the free texts of an item or of an answer."""
    for text in parts.texts:
        where = named(of, text.where)
        loop = repetition.loop(text.value)
        if loop.share >= loop.threshold:
            share = percents.said(loop.share, digits=0)
            words = f"{where} says “{loop.thing}” {loop.times} times ({share} of its letters)"
            yield Finding(Sentinel.REPETITION, where, "repeated share", loop.share, loop.threshold, words)
            continue
        bits, broken = gibberish.bits(text.value), gibberish.broken(text.value)
        if bits is not None and bits > gibberish.MOST_BITS:
            words = f"{where} makes no words ({bits:.1f} bits a letter; prose has 3.1 to 4.7)"
            yield Finding(Sentinel.GIBBERISH, where, "bits a letter", bits, gibberish.MOST_BITS, words)
        elif broken > gibberish.MOST_BROKEN:
            words = f"{where} has broken characters ({percents.said(broken, digits=0)} of its signs)"
            yield Finding(Sentinel.GIBBERISH, where, "broken share", broken, gibberish.MOST_BROKEN, words)
        elif of == "answer" and hollow.is_hollow(text.value):
            words = f"{where} says nothing: “{text.value.strip()}”"
            yield Finding(Sentinel.GIBBERISH, where, "hollow", 1.0, 0.0, words)


def named(of: str, where: str) -> str:
    """A text's place in words: "the item's subject", "the answer"."""
    return f"the {of}'s {where}" if where else f"the {of}"
