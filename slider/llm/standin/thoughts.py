"""A tree of choices with their chances: what the stand-in has in mind, and how it is said."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Final

from slider.llm.standin import tokens
from slider.llm.standin.tokens import Token

_LUMP: Final = 0.05


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values; the chances sum to at most 1 (less where none of the options may be right)."""

    options: tuple[object, ...]
    chances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """An object: a thought for each key."""

    fields: tuple[tuple[str, Thought], ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """An array."""

    items: tuple[Thought, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """The model's own word on how sure it is, in lumps and overconfident, as real models are."""

    most: float = 1.0


Thought = Choice | Record | Listing | Stated


@dataclass(slots=True)
class Speech:
    """An answer while it is being said: its tokens so far and the chance of all its choices together."""

    rng: random.Random
    temperature: float
    tokens: list[Token] = field(default_factory=list)
    chance: float = 1.0

    @property
    def text(self) -> str:
        return "".join(token.text for token in self.tokens)

    def say(self, thought: Thought) -> None:
        """Append the tokens of a thought, drawing each choice (the likeliest at temperature 0)."""
        match thought:
            case Choice():
                self.say_choice(thought, [tokens.written(option) for option in thought.options])
            case Record(fields):
                for at, (key, inner) in enumerate(fields):
                    self._form(f"{',' if at else '{'}{tokens.written(key)}:")
                    self.say(inner)
                self._form("}" if fields else "{}")
            case Listing(items):
                for at, inner in enumerate(items):
                    self._form("," if at else "[")
                    self.say(inner)
                self._form("]" if items else "[]")
            case Stated(most):
                self._form(f"{_lump(self.chance) * most:.4g}")

    def say_choice(self, choice: Choice, options: list[str]) -> None:
        """Say one of the options, written as they stand."""
        pick = self._draw(choice.chances)
        self.chance *= choice.chances[pick]
        if len(options) == 1:
            said = tokens.structural(options[0])
            first = said[min(1, len(said) - 1)]
            logprob = math.log(max(choice.chances[0], 1e-9)) if choice.chances[0] < 1 else first.logprob
            said[said.index(first)] = Token(first.text, logprob, ((first.text, logprob),))
            self.tokens += said
        else:
            self.tokens += tokens.chosen(options, chances=choice.chances, pick=pick)

    def _form(self, text: str) -> None:
        self.tokens += tokens.structural(text)

    def _draw(self, chances: tuple[float, ...]) -> int:
        if self.temperature <= 0:
            return max(range(len(chances)), key=lambda at: chances[at])
        logs = [math.log(max(chance, 1e-12)) / self.temperature for chance in chances]
        highest = max(logs)
        return self.rng.choices(range(len(chances)), [math.exp(log - highest) for log in logs])[0]


def spoilt(thought: Thought, *, turn: int, quiet: bool) -> Thought:
    """The same thought gone wrong at its first real choice: the favourite changes places with another option.

    A quiet fault is as sure of itself as the truth was. A loud one lets its doubt show in the chances.
    """
    match thought:
        case Choice(options, chances) if len(options) > 1:
            best = max(range(len(chances)), key=lambda at: chances[at])
            others = [at for at in range(len(chances)) if at != best]
            other = others[turn % len(others)]
            moved = list(chances)
            moved[best], moved[other] = moved[other], moved[best]
            if not quiet:
                moved = [0.5 * chance + 0.5 / len(moved) for chance in moved]
            return Choice(options, tuple(moved))
        case Record(fields):
            return Record(_first_spoilt(fields, turn=turn, quiet=quiet))
        case _:
            return thought


def _first_spoilt(
    fields: tuple[tuple[str, Thought], ...], *, turn: int, quiet: bool
) -> tuple[tuple[str, Thought], ...]:
    for at, (key, inner) in enumerate(fields):
        changed = spoilt(inner, turn=turn, quiet=quiet)
        if changed is not inner and changed != inner:
            return (*fields[:at], (key, changed), *fields[at + 1 :])
    return fields


def _lump(chance: float) -> float:
    overconfident = 0.5 + 0.5 * chance
    return round(overconfident / _LUMP) * _LUMP
