"""Planted canaries: nonsense of which it is known that it is wrong, to be put before whoever judges answers."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from slider.engine.sanity import read

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_UNITS = ("da", "no", "la", "ok ok", "yes sir", "the the", "I can help you.", "Please wait.")
_OPENERS = (":", "Thought process:", "Let's solve this problem step by step.", ".")
_LEAST_SLICE = 12
_TRIES = 50


class Kind(StrEnum):
    """The kinds of nonsense."""

    GIBBERISH = "gibberish"
    REPETITION = "repetition"
    PROMPT = "prompt"
    ITEM = "item"
    HOLLOW = "hollow"
    WRONG = "wrong"


KINDS: Mapping[Kind, str] = {
    Kind.GIBBERISH: "letters at random",
    Kind.REPETITION: "the same again and again",
    Kind.PROMPT: "the instructions copied",
    Kind.ITEM: "the item copied",
    Kind.HOLLOW: "an opening and nothing more",
    Kind.WRONG: "another item's answer",
}


@dataclass(frozen=True, slots=True)
class Known:
    """An item with an answer that is known to be right."""

    item: object
    answer: object


@dataclass(frozen=True, slots=True)
class Canary:
    """A planted case. Whoever calls its answer right is mistaken: that is its verdict, always."""

    kind: Kind
    item: object
    answer: object


def make(
    count: int,
    *,
    known: Sequence[Known],
    instructions: str,
    input_schema: Mapping[str, object],
    output_schema: Mapping[str, object],
    seed: int,
) -> list[Canary]:
    """Make canaries, the kinds in turn, as far as a task allows them.

    Nonsense goes into a free text of the answer. Where answers are labels alone, gibberish and repetition go into the
    item, and its answer, right as a label, is an answer to nothing; copies and openings are not possible then. `WRONG`
    takes the answer of another item, which differs in its labels (in anything, where there are none).

    Args:
        count: how many; fewer come back only when a task allows no kind at all.
        known: items with their right answers, as people's verdicts gave them.
        instructions: the worker's, to be copied.
        input_schema, output_schema: the task's, which say what is a free text.
        seed: the same seed and arguments make the same canaries.

    Returns:
        The canaries; none without `known`.
    """
    rng = random.Random(seed)  # noqa: S311  (made to be repeated, not to be secret)
    maker = _Maker(rng, list(known), instructions, input_schema, output_schema)
    makers: dict[Kind, Callable[[Known], Canary | None]] = {
        Kind.GIBBERISH: lambda case: maker.filled(Kind.GIBBERISH, case, maker.gibberish()),
        Kind.REPETITION: lambda case: maker.filled(Kind.REPETITION, case, maker.repetition()),
        Kind.PROMPT: maker.prompt,
        Kind.ITEM: maker.echo,
        Kind.HOLLOW: lambda case: maker.in_answer(Kind.HOLLOW, case, rng.choice(_OPENERS)),
        Kind.WRONG: maker.wrong,
    }
    made: list[Canary] = []
    left = dict.fromkeys(makers if known else (), _TRIES)
    while left and len(made) < count:
        for kind in tuple(left)[: count - len(made)]:
            canary = next((one for _ in range(left[kind]) if (one := makers[kind](rng.choice(maker.known)))), None)
            if canary is None:
                del left[kind]
            else:
                made.append(canary)
    return made


@dataclass(frozen=True, slots=True)
class _Maker:
    """What canaries of one task are made from."""

    rng: random.Random
    known: list[Known]
    instructions: str
    input_schema: Mapping[str, object]
    output_schema: Mapping[str, object]

    def gibberish(self) -> str:
        lengths = [self.rng.randint(3, 9) for _ in range(self.rng.randint(8, 16))]
        return " ".join("".join(self.rng.choices(_LETTERS, k=length)) for length in lengths)

    def repetition(self) -> str:
        return " ".join([self.rng.choice(_UNITS)] * self.rng.randint(8, 40))

    def filled(self, kind: Kind, case: Known, text: str) -> Canary | None:
        """Nonsense in the answer where that has a free text, else in the item."""
        if (canary := self.in_answer(kind, case, text)) is not None:
            return canary
        texts = read.parts(case.item, schema=self.input_schema).texts
        if not texts:
            return None
        item = case.item
        for one in texts:
            item = replaced(item, one.where, text)
        return Canary(kind, item, case.answer)

    def in_answer(self, kind: Kind, case: Known, text: str) -> Canary | None:
        texts = read.parts(case.answer, schema=self.output_schema).texts
        if not texts:
            return None
        longest = max(texts, key=lambda one: len(one.value))
        return Canary(kind, case.item, replaced(case.answer, longest.where, text))

    def prompt(self, case: Known) -> Canary | None:
        words = self.instructions.split()
        if len(words) < _LEAST_SLICE:
            return None
        length = self.rng.randint(_LEAST_SLICE, min(40, len(words)))
        start = self.rng.randint(0, len(words) - length)
        return self.in_answer(Kind.PROMPT, case, " ".join(words[start : start + length]))

    def echo(self, case: Known) -> Canary | None:
        whole = read.parts(case.item, schema=self.input_schema).whole
        return self.in_answer(Kind.ITEM, case, whole) if len(whole.split()) >= _LEAST_SLICE else None

    def wrong(self, case: Known) -> Canary | None:
        other = self.rng.choice(self.known)
        mine, theirs = (read.parts(one.answer, schema=self.output_schema) for one in (case, other))
        same = mine.closed == theirs.closed if mine.closed else mine.whole == theirs.whole
        return None if same else Canary(Kind.WRONG, case.item, other.answer)


def replaced(value: object, where: str, text: str) -> object:
    """Return a JSON value with the text at `where` (see `read.Text`) replaced; the value itself stays as it is."""
    if isinstance(value, list):
        place, _, rest = where.partition("/")
        return [replaced(child, rest, text) if str(at) == place else child for at, child in enumerate(value)]
    if isinstance(value, dict):
        # A key may hold a slash itself: the longest one that fits is meant.
        fitting = [key for key in value if where == key or where.startswith(f"{key}/")]
        key = max(fitting, key=len)
        return {**value, key: replaced(value[key], where[len(key) + 1 :], text)}
    return text
