"""Tokens of a few characters each, and the log probabilities that belong to them.

The text of a value is a walk through a tree: at each token the chance of going on this way is the share of
the options that are still possible. So the log probabilities of a value's tokens sum to that of the value.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"[ _-]?[^\W_]{1,5}|\s+|[\W_]")
# What a real model gives to braces, keys and commas that a schema forces on it.
STRUCTURE_LOGPROB: Final = -0.00002
_LEAST_CHANCE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Token:
    """One token of an answer; the alternatives, likeliest first, include the token itself."""

    text: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


def split(text: str) -> list[str]:
    """The tokens of a text; joined they are the text again."""
    return _TOKEN.findall(text)


@lru_cache(maxsize=4096)
def count(text: str) -> int:
    """How many tokens a text has."""
    return len(split(text))


def structural(text: str) -> list[Token]:
    """Tokens that the form of the answer forces."""
    return [Token(piece, STRUCTURE_LOGPROB, ((piece, STRUCTURE_LOGPROB),)) for piece in split(text)]


def written(value: object) -> str:
    """A value as it stands in an answer: compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def chosen(options: Sequence[str], *, chances: Sequence[float], pick: int) -> list[Token]:
    """The tokens of option ``pick``, given how likely every option was."""
    left = [(split(option), max(chance, _LEAST_CHANCE)) for option, chance in zip(options, chances, strict=True)]
    tokens: list[Token] = []
    for at, piece in enumerate(split(options[pick])):
        total = sum(chance for _, chance in left)
        ways: dict[str, float] = {}
        for pieces, chance in left:
            way = pieces[at] if at < len(pieces) else ""
            ways[way] = ways.get(way, 0.0) + chance / total
        tokens.append(_token(piece, ways))
        left = [(pieces, chance) for pieces, chance in left if at < len(pieces) and pieces[at] == piece]
    return tokens


def _token(piece: str, ways: dict[str, float]) -> Token:
    if len(ways) == 1:
        return Token(piece, STRUCTURE_LOGPROB, ((piece, STRUCTURE_LOGPROB),))
    ranked = sorted(ways.items(), key=lambda way: -way[1])[:20]
    alternatives = tuple((text, math.log(min(share, 1.0))) for text, share in ranked if text)
    return Token(piece, math.log(min(ways[piece], 1.0)), alternatives)
