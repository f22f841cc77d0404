"""Read one JSON document: bounds first, then the C scanner, then a closer look where the text asks for it."""

import json
import math
import re
from collections.abc import Iterator
from typing import cast

from slider.strict import rules, walk
from slider.strict.rules import DEFAULT_LIMITS, JSON, Code, Limits, StrictError

_BLANK = " \t\r\n"
_BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_HOLLOW = re.compile(r"\[\s*\]|\{\s*\}")
_BRACKET = re.compile(r"[\[\]{}]")
# Any of these may turn into a value that must not pass; a hit inside a string only costs the closer look.
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_SUSPECT_NUMBER = re.compile(r"[0-9](?:[eE]|[0-9]{18})")


def loads(raw: bytes | str, *, limits: Limits = DEFAULT_LIMITS) -> JSON:
    """Read one JSON document. A UTF-8 byte order mark is dropped. Raises `StrictError`, and nothing else."""
    text = _text(raw, limits)
    _refuse_bulk(text, limits)
    number_is_suspect = "NaN" in text or "Infinity" in text or _SUSPECT_NUMBER.search(text) is not None
    try:
        value = (_CAREFUL if number_is_suspect else _PLAIN).decode(text)
    except json.JSONDecodeError as error:
        raise _syntax(error) from None
    except _RepeatedKeyError as repeated:
        raise _duplicate(text, repeated.key) from None
    if number_is_suspect or ("\\" in text and _SUSPECT_ESCAPE.search(text)):
        walk.check(value, limits=limits)
    return cast("JSON", value)


def _text(raw: bytes | str, limits: Limits) -> str:
    if isinstance(raw, str):
        try:
            raw = raw.encode()
        except UnicodeEncodeError as error:
            raise StrictError(Code.SURROGATE, rules.HALF_PAIR, f"character {error.start}") from None
    if len(raw) > limits.max_bytes:
        raise rules.too_large(len(raw), limits)
    if raw.startswith(_UTF16_MARKS) or b"\x00" in raw[:2]:
        raise StrictError(Code.UTF8, "the document is UTF-16 or UTF-32: send it as UTF-8", "byte 0")
    bom = len(_BOM) if raw.startswith(_BOM) else 0
    try:
        text = raw[bom:].decode()
    except UnicodeDecodeError as error:
        at = bom + error.start
        message = f"the byte 0x{raw[at]:02x} is not UTF-8: send the document as UTF-8"
        raise StrictError(Code.UTF8, message, f"byte {at}") from None
    if "\x00" in text:
        message = "the document holds a NUL character, which cannot be stored: remove it"
        raise StrictError(Code.NUL, message, f"character {text.index(chr(0))}")
    if not text.strip(_BLANK):
        raise StrictError(Code.EMPTY, "the document is empty: send one JSON value")
    return text


def _refuse_bulk(text: str, limits: Limits) -> None:
    """Bound depth and nodes before any object exists; count exactly only where the cheap bound is over."""
    openers = text.count("[") + text.count("{")
    if openers <= limits.depth and openers + text.count(",") < limits.nodes:
        return
    bare = _STRING.sub('""', text)
    openers = bare.count("[") + bare.count("{")
    # k > 0 children stand between k - 1 commas, so there are 1 + commas + (containers not hollow) values.
    if 1 + bare.count(",") + openers - len(_HOLLOW.findall(bare)) > limits.nodes:
        raise rules.too_many(limits)
    if openers > limits.depth and _is_deeper(bare, limits.depth):
        raise rules.too_deep(limits)


def _is_deeper(bare: str, limit: int) -> bool:
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in "[{" else -1
        if depth > limit:
            return True
    return False


class _RepeatedKeyError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _RepeatedKeyError(next(_repeats(_Pairs(pairs), ()))[-1])
    return made


def _integer(digits: str) -> int | float:
    """The integer, or Infinity where it is too large: the walk that follows says where it stands."""
    if len(digits) > 20:
        return math.inf
    number = int(digits)
    return number if rules.INTEGER_MIN <= number <= rules.INTEGER_MAX else math.inf


class _Pairs(list[tuple[str, object]]):
    """An object with its keys as written."""


_PLAIN = json.JSONDecoder(object_pairs_hook=_unique)
_CAREFUL = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer)
_AS_WRITTEN = json.JSONDecoder(object_pairs_hook=_Pairs, parse_int=_integer)


def _syntax(error: json.JSONDecodeError) -> StrictError:
    message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
    return StrictError(Code.SYNTAX, message, f"line {error.lineno}, column {error.colno}")


def _duplicate(text: str, key: str) -> StrictError:
    """Parse once more with every key kept, to say where the repeated one stands."""
    message = f"the key {rules.shown(key)} stands twice in one object: keep one"
    try:
        where = rules.pointer(*next(_repeats(_AS_WRITTEN.decode(text), ())))
    except json.JSONDecodeError:
        where = ""  # the text breaks off after the repeated key: its place is not known
    return StrictError(Code.DUPLICATE_KEY, message, where)


def _repeats(tree: object, path: tuple[str | int, ...]) -> Iterator[tuple[str, ...]]:
    """The path of each key that stands twice in its object, outermost first."""
    if isinstance(tree, _Pairs):
        seen: set[str] = set()
        for key, value in tree:
            if key in seen:
                yield (*map(str, path), key)
            seen.add(key)
            yield from _repeats(value, (*path, key))
    elif isinstance(tree, list):
        for position, value in enumerate(tree):
            yield from _repeats(value, (*path, position))
