"""The rules of one task: which fields stay here, which are masked, what is looked for in all texts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import re2

DETECTORS = ("email", "phone", "iban", "card")
MOST_FIELDS = 100
MOST_PATTERNS = 20
LONGEST_FIELD = 300
LONGEST_PATTERN = 500
EVERY = "*"  # a step that stands for every element, or every member
_NAME = re.compile(r"[A-Z](?:[A-Z_]{0,18}[A-Z])?")
_RESERVED = frozenset(word.upper() for word in (*DETECTORS, "field", "text"))
_PARTS = frozenset({"left_out", "masked", "detect", "patterns"})


class RulesError(ValueError):
    """Rules that can't be kept: `where` is a JSON pointer into them."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__(message)
        self.message, self.where = message, where


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern of the task's own, in RE2's syntax; what it finds becomes [NAME_1], [NAME_2], …"""

    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Rules:
    """`left_out` and `masked` are JSON pointers, in which a step may be `*`; `detect` holds names of DETECTORS."""

    left_out: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    detect: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.left_out or self.masked or self.detect or self.patterns)

    def to_json(self) -> dict[str, Any]:
        """What `read` reads; without rules an empty object."""
        if not self:
            return {}
        patterns = [{"name": one.name, "pattern": one.pattern} for one in self.patterns]
        lists = {"left_out": list(self.left_out), "masked": list(self.masked), "detect": list(self.detect)}
        return lists | {"patterns": patterns}


NONE = Rules()


def read(said: object) -> Rules:
    """The rules that a JSON object says. Raises RulesError with the place of the first thing that is wrong."""
    if not isinstance(said, dict):
        raise RulesError("Rules are an object with left_out, masked, detect and patterns", "")
    if unknown := [name for name in said if name not in _PARTS]:
        raise RulesError(f"There is no rule {str(unknown[0])[:40]!r}: take {', '.join(sorted(_PARTS))}", "")
    left_out = _fields(said.get("left_out", []), "/left_out")
    masked = _fields(said.get("masked", []), "/masked")
    detect = said.get("detect", [])
    if not isinstance(detect, list) or any(one not in DETECTORS for one in detect):
        raise RulesError(f"What can be looked for is {', '.join(DETECTORS)}", "/detect")
    known = tuple(name for name in DETECTORS if name in detect)
    return Rules(left_out, masked, known, _patterns(said.get("patterns", [])))


def below(rules: Rules, step: str) -> Rules:
    """The same rules for a value in which what they are about stands one step down."""
    left_out = tuple(f"/{step}{one}" for one in rules.left_out)
    return Rules(left_out, tuple(f"/{step}{one}" for one in rules.masked), rules.detect, rules.patterns)


def steps(pointer: str) -> tuple[str, ...]:
    """The steps of a JSON pointer, unescaped."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The same as `ready`, kept for the next time."""
    return ready(pattern)


def ready(pattern: str) -> Any:
    """The pattern over UTF-8 bytes. Raises ValueError in RE2's own words."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 8 * 1024 * 1024
    try:
        return re2.compile(pattern.encode(), options=options)
    except re2.error as error:
        words = error.args[0].decode(errors="replace") if error.args and isinstance(error.args[0], bytes) else error
        raise ValueError(str(words)) from None


def _fields(said: object, where: str) -> tuple[str, ...]:
    if not isinstance(said, list) or len(said) > MOST_FIELDS:
        raise RulesError(f"Fields are a list of at most {MOST_FIELDS} JSON pointers", where)
    for place, one in enumerate(said):
        if words := _wrong_field(one):
            raise RulesError(words, f"{where}/{place}")
    return tuple(dict.fromkeys(said))


def _wrong_field(said: object) -> str:
    if not isinstance(said, str) or not said.startswith("/") or len(said) < 2:
        return f"{str(said)[:40]!r} names no field: write it as /customer/name, or /lines/*/note for each of a list"
    if len(said) > LONGEST_FIELD:
        return f"A field is named by at most {LONGEST_FIELD} characters"
    if re.search(r"~(?![01])", said):
        return f"{said[:40]!r} holds a lone ~: write ~0 for it, and ~1 for a /"
    return ""


def _patterns(said: object) -> tuple[Pattern, ...]:
    if not isinstance(said, list) or len(said) > MOST_PATTERNS:
        raise RulesError(f"Patterns are a list of at most {MOST_PATTERNS}", "/patterns")
    made: list[Pattern] = []
    for place, one in enumerate(said):
        made.append(_pattern(one, f"/patterns/{place}", taken=[other.name for other in made]))
    return tuple(made)


def _pattern(said: object, where: str, *, taken: Sequence[str]) -> Pattern:
    if not isinstance(said, dict) or set(said) != {"name", "pattern"}:
        raise RulesError('A pattern has a "name" and a "pattern", and nothing else', where)
    name, pattern = said["name"], said["pattern"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RulesError(
            f"{str(name)[:40]!r} is no name: take 1 to 20 capital letters, with _ between them, such as CUSTOMER_ID",
            f"{where}/name",
        )
    if name in _RESERVED or name in taken:
        raise RulesError(f"The name {name} is taken: give each pattern one of its own", f"{where}/name")
    if not isinstance(pattern, str) or not 1 <= len(pattern) <= LONGEST_PATTERN:
        raise RulesError(f"A pattern has 1 to {LONGEST_PATTERN} characters", f"{where}/pattern")
    try:
        ready = compiled(pattern)
    except (ValueError, UnicodeEncodeError) as error:
        raise RulesError(
            f"The pattern of {name} can't be read ({error}). RE2's syntax holds: no look-around, no back references",
            f"{where}/pattern",
        ) from None
    if ready.search(b"") is not None:
        raise RulesError(
            f"The pattern of {name} finds nothing at all everywhere: let it ask for something", f"{where}/pattern"
        )
    return Pattern(name, pattern)
