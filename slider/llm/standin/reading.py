"""Reads a chat prompt: what the system text says about labels, and which examples come with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_HINT_LINE: Final = re.compile(r"^(?:[-*•]|\d+[.)])?\s*[\"'`]?([^:=\n]{1,80}?)[\"'`]?\s*(?:[:=]|—|–| - )\s*(\S.*)$")
_PHRASE_END: Final = re.compile(r"[,;.!?]\s+|\s+(?:or|oder|ou)\s+")
_BLOCK: Final = re.compile(
    r"^[#* ]*input[* ]*:(.*?)\n[#* ]*output[* ]*:(.*?)(?=\n[ \t]*\n|\n[#* ]*input[* ]*:|\Z)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
_FEWEST_TO_COMPARE: Final = 4
_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class Example:
    """One solved case of the prompt: the text of its input and its output, parsed where it is JSON."""

    text: str
    output: object


@dataclass(frozen=True, slots=True)
class Hint:
    """A line such as "- refund: wants money back": the name as it is written, and the phrases after it."""

    name: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a prompt teaches: the same for every question that is asked with it."""

    instructions: str
    hints: Mapping[str, Hint]
    examples: tuple[Example, ...]
    dull_keys: frozenset[str]


def read(messages: Sequence[Mapping[str, str]]) -> Reading:
    """What the messages before the last one teach."""
    told = "\n".join(one["content"] for one in messages if one["role"] in ("system", "developer"))
    pairs = [(match.group(1).strip(), match.group(2).strip()) for match in _BLOCK.finditer(told)]
    instructions = _BLOCK.sub("", told)
    for before, after in pairwise(messages):
        if before["role"] == "user" and after["role"] == "assistant":
            pairs.append((before["content"], after["content"]))
    dull = _dull_keys([parsed(question) for question, _ in pairs])
    examples = tuple(Example(text=question_text(asked, dull), output=parsed(solved)) for asked, solved in pairs)
    return Reading(instructions=instructions, hints=_hints(instructions), examples=examples, dull_keys=dull)


def parsed(text: str) -> object:
    """The JSON value in a text, or the text itself."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


def question_text(question: str, dull_keys: frozenset[str] = frozenset()) -> str:
    """The words of a question: the strings in it when it is JSON, without the dull keys."""
    value = parsed(question)
    return question if isinstance(value, str) else "\n".join(_strings(value, dull_keys))


def _strings(value: object, dull_keys: frozenset[str], depth: int = 0) -> list[str]:
    if depth > _DEEPEST:
        return []
    match value:
        case str():
            return [value]
        case dict():
            kept = (inner for key, inner in value.items() if key not in dull_keys)
            return [text for inner in kept for text in _strings(inner, dull_keys, depth + 1)]
        case list():
            return [text for inner in value for text in _strings(inner, dull_keys, depth + 1)]
        case _:
            return []


def _dull_keys(questions: Sequence[object]) -> frozenset[str]:
    """Keys whose short values repeat from example to example (a channel, a language): kinds, not words."""
    values: dict[str, list[str]] = {}
    for question in questions:
        if isinstance(question, dict):
            for key, value in question.items():
                if isinstance(value, str) and value:
                    values.setdefault(key, []).append(value)
    return frozenset(
        key for key, seen in values.items() if len(seen) >= _FEWEST_TO_COMPARE and len(set(seen)) <= len(seen) // 2
    )


def _hints(instructions: str) -> dict[str, Hint]:
    hints: dict[str, Hint] = {}
    for line in instructions.splitlines():
        match = _HINT_LINE.match(line.strip())
        if match:
            name, words = match.group(1).strip(), match.group(2)
            phrases = tuple(part.strip() for part in _PHRASE_END.split(words) if part.strip())
            earlier = hints.get(label_key(name), Hint(name=name, phrases=()))
            hints[label_key(name)] = Hint(name=earlier.name, phrases=earlier.phrases + phrases)
    return hints


def label_key(label: str) -> str:
    """A label as it is compared: small letters, with one space for every sign between its words."""
    return " ".join(re.findall(r"[^\W_]+", label.lower()))
