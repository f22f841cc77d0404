"""Place the tokens of an answer on its text, and find where in the text its values stand."""

import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SCALAR = re.compile(r"[^\s,\]}]+")
_NEXT = re.compile(r"[ \t\r\n,:]*")  # the text is known to be JSON, so separators need no telling apart
_NEVER = -9000.0  # endpoints write -9999 for "no probability at hand"


class Token(NamedTuple):
    """A token of an answer: its span in the answer's bytes, its logprob (None when it can't be trusted).

    A named tuple, as thousands are made for one answer and none leaves this floor.
    """

    start: int
    end: int
    logprob: float | None
    entry: dict[str, object]

    def others(self) -> list[tuple[str, float]]:
        """What else stood at this place, with logprobs, likeliest first; read only where somebody asks."""
        listed, own = self.entry.get("top_logprobs"), self.entry.get("token")
        found = []
        for other in listed if isinstance(listed, list) else ():
            if isinstance(other, dict) and isinstance(text := other.get("token"), str) and text != own:
                logprob = _logprob(other.get("logprob"))
                if logprob is not None:
                    found.append((text, logprob))
        return sorted(found, key=lambda pair: -pair[1])


class Leaf(NamedTuple):
    """A scalar in an answer: the top-level field it belongs to and its span in characters without quotes."""

    name: str
    start: int
    end: int


def tokens(logprobs: object, content: str) -> list[Token]:
    """The tokens of a choice's `logprobs`, placed on its content; empty when they don't spell the content.

    Endpoints may add an end-of-text token behind the content or trim blanks before it; both are allowed for.
    """
    listed = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        return []
    spelt = _spelt(listed, content)
    if spelt is None:
        return []
    at, lengths = spelt
    placed = []
    for entry, length in zip(listed, lengths, strict=True):
        end = at + length
        placed.append(Token(at, end, _logprob(entry.get("logprob")), entry))
        at = end
    return placed


def _spelt(listed: Sequence[dict[str, object]], content: str) -> tuple[int, list[int]] | None:
    """Where the first token begins in the content's bytes (0 or before), and how many bytes each has.

    Plain ASCII needs no look at each token's own list of bytes: its characters are its bytes.
    """
    texts = [entry.get("token") for entry in listed]
    if content.isascii() and all(isinstance(text, str) for text in texts):
        text = "".join(cast("list[str]", texts))
        if text.isascii() and (before := text.find(content)) >= 0:
            return -before, [len(text) for text in cast("list[str]", texts)]
    try:
        parts = [_bytes(entry) for entry in listed]
    except (TypeError, ValueError):
        return None
    before = b"".join(parts).find(content.encode(errors="replace"))
    return None if before < 0 else (-before, [len(part) for part in parts])


def leaves(content: str, *, start: int, wrapped: bool) -> list[Leaf]:
    """The scalars of the JSON document at `start`, which must be valid; of a wrapped one only its answer."""
    return _Scan(content).answer(start, wrapped=wrapped)


class _Scan:
    """Walks JSON that has been parsed already: there is no mistake to look for, and its depth is bounded."""

    def __init__(self, content: str) -> None:
        self.content = content
        self.found: list[Leaf] = []

    def answer(self, start: int, *, wrapped: bool) -> list[Leaf]:
        at = self._next(start)
        if wrapped:
            self._members(at, lambda key, at: self._root(at) if key == "answer" else self._value(at, None))
        else:
            self._root(at)
        return self.found

    def _root(self, at: int) -> int:
        if self.content[at] == "{":
            return self._members(at, lambda key, at: self._value(at, key))
        return self._value(at, "")

    def _value(self, at: int, name: str | None) -> int:
        """Record the leaves of the value at `at` under `name`, or skip it without one; return its end."""
        opener = self.content[at]
        if opener == "{":
            return self._members(at, lambda _, at: self._value(at, name))
        if opener == "[":
            at = self._next(at + 1)
            while self.content[at] != "]":
                at = self._next(self._value(at, name))
            return at + 1
        end = _end(_STRING if opener == '"' else _SCALAR, self.content, at)
        if name is not None:
            quoted = opener == '"' and end - at > 2
            self.found.append(Leaf(name, at + 1, end - 1) if quoted else Leaf(name, at, end))
        return end

    def _members(self, at: int, visit: Callable[[str, int], int]) -> int:
        at = self._next(at + 1)
        while self.content[at] != "}":
            end = _end(_STRING, self.content, at)
            key = self.content[at + 1 : end - 1]
            if "\\" in key:
                key = str(json.loads(self.content[at:end]))
            at = self._next(visit(key, self._next(end)))
        return at + 1

    def _next(self, at: int) -> int:
        return _end(_NEXT, self.content, at)


def _end(pattern: re.Pattern[str], content: str, at: int) -> int:
    match = pattern.match(content, at)
    if match is None:
        raise ValueError(f"the text at character {at} is not JSON: parse it before looking for its values")
    return match.end()


def _bytes(entry: dict[str, object]) -> bytes:
    listed, text = entry.get("bytes"), entry.get("token")
    if isinstance(listed, list):
        return bytes(listed)
    if not isinstance(text, str):
        raise TypeError("a token has no text")
    return text.encode()


def _logprob(value: object) -> float | None:
    if type(value) is float and _NEVER < value <= 0.0:  # as nearly all are
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Rounding may leave a hair above 0; anything more is no probability. A comparison with NaN is false.
    return min(float(value), 0.0) if _NEVER < value <= 1e-6 else None
