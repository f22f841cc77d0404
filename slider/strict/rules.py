"""What strict JSON is: its type, its limits, and the error that names what was wrong and where."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

INTEGER_MIN, INTEGER_MAX = -(2**63), 2**63 - 1
DEEPEST = 200  # the C scanner of the standard library recurses: stay far below Python's limit of 1,000

HALF_PAIR = "the text holds half of a character pair (a lone surrogate): send the whole character"


class Code(StrEnum):
    """Why a document was refused; the API shows these words."""

    EMPTY = "json_empty"
    SYNTAX = "json_syntax"
    NUMBER = "json_number"
    NUL = "text_nul"
    SURROGATE = "text_surrogate"
    UTF8 = "utf8"
    DEPTH = "json_depth"
    DUPLICATE_KEY = "json_duplicate_key"
    NODES = "json_nodes"
    TOO_LARGE = "too_large"
    TYPE = "json_type"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be. `nodes` counts values without keys; `depth` counts open brackets."""

    max_bytes: int = 1_048_576
    depth: int = 64
    nodes: int = 50_000

    def __post_init__(self) -> None:
        if not 1 <= self.depth <= DEEPEST:
            raise ValueError(f"depth is {self.depth}: choose 1 to {DEEPEST}")
        if self.max_bytes < 1 or self.nodes < 1:
            raise ValueError(f"max_bytes is {self.max_bytes} and nodes is {self.nodes}: both must be at least 1")


DEFAULT_LIMITS = Limits()


class StrictError(ValueError):
    """A refused document: `code` for programs, `message` for people, `where` a JSON pointer or a place."""

    def __init__(self, code: Code, message: str, where: str = "") -> None:
        super().__init__(f"{message} (at {where})" if where else message)
        self.code = code
        self.message = message
        self.where = where


def pointer(*steps: str | int) -> str:
    """A JSON pointer (RFC 6901) made of keys and list positions; the whole document is the empty text."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def follow(value: JSON, where: str) -> JSON:
    """What a JSON pointer points at in a value. Raises LookupError where there is nothing, or the pointer is none."""
    if where and not where.startswith("/"):
        raise LookupError(f"{shown(where)} is no JSON pointer: begin it with /")
    for step in where.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 7 and int(key) < len(value):
            value = value[int(key)]
        else:
            raise LookupError(f"there is nothing at {shown(where)}")
    return value


def too_deep(limits: Limits, where: str = "") -> StrictError:
    message = f"the document is nested deeper than {limits.depth} levels: flatten it"
    return StrictError(Code.DEPTH, message, where)


def too_many(limits: Limits) -> StrictError:
    message = f"the document holds more than {limits.nodes:,} values: split it"
    return StrictError(Code.NODES, message)


def too_large(size: int, limits: Limits) -> StrictError:
    message = f"the document has {size:,} bytes, at most {limits.max_bytes:,} are taken: send a smaller one"
    return StrictError(Code.TOO_LARGE, message)


def shown(text: str, *, length: int = 60) -> str:
    """A text in quotes, cut, with everything unprintable escaped: safe in a message and in a log line."""
    return ascii(text if len(text) <= length else text[:length] + "...")
