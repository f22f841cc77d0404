"""What the doctor found of one part: well, worth a look, or wrong; and what to do."""

from dataclasses import dataclass
from typing import Literal

State = Literal["well", "look", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`words` say what is so, `todo` what to do where it is not well."""

    part: str
    state: State
    words: str
    todo: str = ""


def well(part: str, words: str) -> Finding:
    return Finding(part, "well", words)


def look(part: str, words: str, todo: str) -> Finding:
    return Finding(part, "look", words, todo)


def wrong(part: str, words: str, todo: str) -> Finding:
    return Finding(part, "wrong", words, todo)
