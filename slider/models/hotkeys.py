"""The keys of the desk: one table that the buttons, the list of keys, the script and a person's own keys come from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LETTER = re.compile(r"[a-z]")
OFF = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a key does.

    `name` is its letter in the table, and what a button says in `data-key`, whatever key a person gives it. `before`
    and `after` are keys that go with it and stay as they are.
    """

    name: str
    words: str
    before: str = ""  # the deed whose key is pressed first
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fixed:
    """Keys that nobody can move: what they mean is printed on the things themselves, or in every other program."""

    keys: tuple[str, ...]
    words: str


# In the order in which the list of keys shows them.
DEEDS = (
    Deed("a", "accept the proposal"),
    Deed("e", "fix it: opens the form"),
    Deed("r", "reject, then the number of the reason", after=("1", "9")),
    Deed("s", "skip: it goes to somebody else"),
    Deed("h", "hand it on with a note, to somebody or to anybody else"),
    Deed("f", "flag it to a lead, with a note"),
    Deed("u", "undo: takes your last decision back while it has not left"),
    Deed("d", "show differences or the whole texts"),
    Deed("m", "mark fields and passages; a number says what is wrong, 0 that it is right"),
    Deed("l", "accept what is right for the wrong reason", before="m"),
    Deed("k", "keep your own answer, where you gave one before you saw the draft"),
    Deed("n", "go on to the next one, in practice"),
)
FIXED = (
    Fixed(("1", "9"), "take the alternative with this number"),
    Fixed(("↑", "↓"), "from field to field; while marking, from passage to passage"),
    Fixed(("←", "→"), "to what came in, where arrows scroll, and back to the proposal"),
    Fixed(("Ctrl", "Enter"), "send what you fixed"),
    Fixed(("Esc",), "leave what is open: the form, the reasons, the marks"),
    Fixed(("?",), "these keys"),
)
NAMES = tuple(deed.name for deed in DEEDS)


class Clash(ValueError):
    """Keys that can't be a person's: `deed` is the one to change, or empty."""

    def __init__(self, deed: str, words: str) -> None:
        super().__init__(words)
        self.deed = deed


def of(own: Mapping[str, str]) -> dict[str, str]:
    """The key of each deed: the person's own, or the table's; empty is switched off."""
    return {name: own.get(name, name) for name in NAMES}


def check(own: Any) -> None:
    """Refuse what can't be a person's keys: raises Clash."""
    if not isinstance(own, dict) or not set(own) <= set(NAMES):
        raise Clash("", "There is no such action.")
    for name, key in own.items():
        if not isinstance(key, str) or (key != OFF and not _LETTER.fullmatch(key)):
            raise Clash(name, "Take one letter from A to Z. Digits, ?, Esc, Enter and arrows are taken.")
    used: dict[str, str] = {}
    for name, key in of(own).items():
        if key != OFF and key in used:
            late = name if name in own and own[name] != name else used[key]
            other = words_of(used[key] if late == name else name)
            raise Clash(late, f"{key.upper()} is also “{other}”: give one of the two another letter.")
        used[key] = name


def words_of(name: str) -> str:
    """What a deed does, without its second thoughts: «fix it»."""
    words = next(deed.words for deed in DEEDS if deed.name == name)
    return re.split(r"[:,;]", words)[0]
