"""Hold a parsed value to the rules of strict JSON, and say by JSON pointer where it breaks them."""

import math
from typing import TypeAlias, cast

from slider.strict import rules
from slider.strict.rules import DEFAULT_LIMITS, JSON, Code, Limits, StrictError

# A path is a chain from the leaf up, so that walking a sound value builds no texts.
_Path: TypeAlias = "tuple[_Path, str | int] | None"


def check(value: object, *, limits: Limits = DEFAULT_LIMITS) -> JSON:
    """Return an already parsed value (a CSV row, form data, a worksheet) if it is strict JSON.

    Raises `StrictError` with the JSON pointer of the first value that breaks a rule. Only the exact types
    of JSON pass: a tuple, a Decimal or a date is refused, because it would come back as something else.
    """
    _Walk(limits).visit(value, 0, None)
    return cast("JSON", value)


class _Walk:
    __slots__ = ("characters", "limits", "nodes")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.nodes = 0
        self.characters = 0

    def visit(self, value: object, depth: int, path: _Path) -> None:
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            raise rules.too_many(self.limits)
        kind = type(value)
        if kind is str:
            self._text(cast("str", value), path)
        elif kind is dict or kind is list:
            self._container(cast("dict[object, object] | list[object]", value), depth + 1, path)
        elif kind is float or kind is int:
            _number(cast("float", value), path)
        elif value is not None and kind is not bool:
            message = f"a value of type {kind.__name__} is not JSON: turn it into text or a number"
            raise StrictError(Code.TYPE, message, _pointer(path))

    def _container(self, value: dict[object, object] | list[object], depth: int, path: _Path) -> None:
        if depth > self.limits.depth:
            raise rules.too_deep(self.limits, _pointer(path))
        if isinstance(value, list):
            for position, child in enumerate(value):
                self.visit(child, depth, (path, position))
            return
        for key, child in value.items():
            if type(key) is not str:
                message = f"a key of type {type(key).__name__} is not JSON: every key must be text"
                raise StrictError(Code.TYPE, message, _pointer(path))
            self._text(key, path)
            self.visit(child, depth, (path, key))

    def _text(self, text: str, path: _Path) -> None:
        self.characters += len(text)
        if self.characters > self.limits.max_bytes:
            raise rules.too_large(self.characters, self.limits)
        if "\x00" in text:
            message = "the text holds a NUL character, which cannot be stored: remove it"
            raise StrictError(Code.NUL, message, _pointer(path))
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise StrictError(Code.SURROGATE, rules.HALF_PAIR, _pointer(path)) from None


def _number(number: float, path: _Path) -> None:
    if isinstance(number, int):
        if rules.INTEGER_MIN <= number <= rules.INTEGER_MAX:
            return
    elif math.isfinite(number):
        return
    message = "the number is NaN, infinite, beyond a double or an integer beyond 64 bits: send it as text"
    raise StrictError(Code.NUMBER, message, _pointer(path))


def _pointer(path: _Path) -> str:
    steps: list[str | int] = []
    while path is not None:
        path, step = path
        steps.append(step)
    return ascii(rules.pointer(*reversed(steps)))[1:-1]
