"""The names of a schema form's fields: where in the value each stands, and what it says beside the value itself.

The field at the JSON pointer /rows/0/amount is called `f.rows/0/amount`. What says more than a value has a tail that no
escaped pointer can have: `f.rows~n` is how many rows there are.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from slider import strict

PREFIX = "f."  # what the names of the form's fields start with: a property may be called anything


class Tail(StrEnum):
    """What a field says beside the value."""

    COUNT = "~n"  # how many rows a list has
    WAS = "~was"  # which row of the list it was before it was moved
    SET = "~set"  # whether there is a list or an object at all: "1", "null" or nothing
    AS = "~as"  # which of several schemas it follows, or "null", or nothing
    EMPTY = "~no"  # what an empty text means: "absent", "null" or "empty"
    KIND = "~kind"  # how a property is asked for that the schema doesn't name: "text" or "json"
    KEEP = "~keep"  # that a very long text stays as it was before
    RAW = "~raw"  # that the value is given as JSON, as its place has no form that fits it


Typed = Mapping[str, str]


def key(pointer: str) -> str:
    """The name of the field at a pointer."""
    return PREFIX + pointer[1:]


def child(pointer: str, name: str | int) -> str:
    return pointer + strict.pointer(name)


def under(pointer: str) -> re.Pattern[str]:
    """What the names of all fields match that stand at a pointer or below it."""
    if pointer == "":
        return re.compile(re.escape(PREFIX))
    return re.compile(rf"{re.escape(key(pointer))}(?=/|~[a-z]|$)")


def is_below(typed: Typed, pointer: str) -> bool:
    """Whether anything is typed at a pointer or below it."""
    found = under(pointer)
    return any(found.match(name) for name in typed)


def children(typed: Typed, pointer: str) -> list[str]:
    """The names that are typed for right below a pointer, in their order."""
    start = PREFIX if pointer == "" else key(pointer) + "/"
    found: dict[str, None] = {}
    for name in typed:
        if name.startswith(start) and (rest := name[len(start) :]):
            step = re.match(r"(?:[^/~]|~[01])*", rest)
            if step and step.group():
                found[step.group().replace("~1", "/").replace("~0", "~")] = None
    return list(found)


def shown(name: str) -> str:
    """A name for people: where the value stands; empty for what is no value."""
    return "" if re.search(r"~[a-z]+$", name) else name.removeprefix(PREFIX) or "answer"
