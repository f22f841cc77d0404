"""How each kind of value is found for a question: by a learner, in the question's own text, or always the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from slider.llm.standin.features import words
from slider.llm.standin.learner import Learner
from slider.llm.standin.thoughts import Choice, Listing, Record, Thought

_NUMBER: Final = re.compile(r"(?<![\w.])-?\d{1,12}(?:[.,]\d{1,6})?(?![\w])")
# What a number means mostly stands before it.
_NEAR_BEFORE: Final = 30
_NEAR_AFTER: Final = 12
_PULL: Final = 1.2
_PRESENT: Final = 0.25
_FORMATS: Final = {
    "date": re.compile(r"\b\d{4}-\d{2}-\d{2}\b"),
    "date-time": re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})"),
    "email": re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}\b"),
    "uri": re.compile(r"\bhttps?://[^\s\"'<>]{1,500}"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """The last message: its words, and its fields when it is a JSON object."""

    text: str
    fields: Mapping[str, object]


class Plan(Protocol):
    """Knows how to think about one value of the answer."""

    def consider(self, question: Question) -> Thought:
        """What the value may be, with chances."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same thought, whatever the question."""

    thought: Thought

    def consider(self, question: Question) -> Thought:  # noqa: ARG002 - the protocol's signature
        return self.thought


@dataclass(frozen=True, slots=True)
class Labels:
    """One of a few known values, by what the prompt teaches about them."""

    options: tuple[object, ...]
    learner: Learner

    def consider(self, question: Question) -> Thought:
        return Choice(self.options, tuple(float(chance) for chance in self.learner.chances(question.text)))


@dataclass(frozen=True, slots=True)
class Tags:
    """Several of a few known values: each that is nearly as likely as the likeliest."""

    options: tuple[object, ...]
    learner: Learner
    fewest: int
    most: int

    def consider(self, question: Question) -> Thought:
        chances = self.learner.chances(question.text)
        ranked = [int(at) for at in np.argsort(-chances)]
        present = [at for at in ranked if chances[at] >= _PRESENT]
        kept = ranked[: max(self.fewest, min(self.most, len(present)))]
        return Listing(tuple(Choice((self.options[at],), (float(chances[at]),)) for at in kept))


@dataclass(frozen=True, slots=True)
class Numbers:
    """A number that stands in the question, the likelier the more words of its description stand near it."""

    key: str
    about: frozenset[str]
    whole: bool
    low: float
    high: float
    optional: bool

    def consider(self, question: Question) -> Thought:
        given = question.fields.get(self.key)
        if isinstance(given, int | float) and not isinstance(given, bool) and self.low <= given <= self.high:
            return Choice((given,), (0.98,))
        weights: dict[object, float] = {}
        for match in _NUMBER.finditer(question.text):
            number = self._number(match.group())
            if number is not None:
                near = set(words(question.text[max(0, match.start() - _NEAR_BEFORE) : match.end() + _NEAR_AFTER]))
                weight = float(np.exp(_PULL * len(near & self.about)))
                weights[number] = max(weight, weights.get(number, 0.0))
        total = sum(weights.values()) + 0.5
        if not weights:
            return Choice((None,), (0.6,)) if self.optional else Choice((self._fallback(),), (0.2,))
        return Choice(tuple(weights), tuple(weight / total for weight in weights.values()))

    def _number(self, text: str) -> float | int | None:
        value = float(text.replace(",", "."))
        if not self.low <= value <= self.high or (self.whole and not value.is_integer()):
            return None
        return int(value) if value.is_integer() else value

    def _fallback(self) -> float | int:
        nearest = min(max(0.0, self.low), self.high)
        return int(nearest) if float(nearest).is_integer() else nearest


@dataclass(frozen=True, slots=True)
class Texts:
    """A text: the question's field of the same name, a match of its format, or the answer of a close example."""

    key: str
    format: str
    longest: int
    seen: tuple[object, ...]
    learner: Learner | None
    optional: bool

    def consider(self, question: Question) -> Thought:
        given = question.fields.get(self.key)
        if isinstance(given, str) and len(given) <= self.longest:
            return Choice((given,), (0.95,))
        if self.format in _FORMATS:
            found = list(dict.fromkeys(_FORMATS[self.format].findall(question.text)))
            if found:
                return Choice(tuple(found), tuple(0.9 / len(found) for _ in found))
        if self.learner is not None:
            return Choice(self.seen, tuple(float(chance) for chance in self.learner.chances(question.text)))
        if self.optional:
            return Choice((None,), (0.5,))
        first = re.split(r"(?<=[.!?])\s|\n", question.text.strip(), maxsplit=1)[0]
        return Choice((first[: self.longest],), (0.3,))


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with a plan for each key."""

    plans: tuple[tuple[str, Plan], ...]

    def consider(self, question: Question) -> Thought:
        return Record(tuple((key, plan.consider(question)) for key, plan in self.plans))


@dataclass(frozen=True, slots=True)
class Several:
    """An array of what one plan finds, as often as the schema asks for at least."""

    plan: Plan
    fewest: int

    def consider(self, question: Question) -> Thought:
        thought = self.plan.consider(question)
        return Listing((thought,) * self.fewest)
