"""The sentences of an item and of an answer, each with its place, so that one can be chosen without a mouse."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slider import strict
from slider.models import MarkSide

MOST = 150  # of one text's side; a longer list helps nobody
_ENDS = re.compile(r"(?<=[.!?])(?=\s)|(?<=[。！？\n])")


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters `start` up to, not including, `end` of the text at the JSON pointer `path`."""

    side: MarkSide
    path: str
    start: int
    end: int
    text: str


def of(whole: Any, side: MarkSide) -> list[Passage]:
    """The sentences of all texts in a value, at most `MOST`, in the order of the texts."""
    found: list[Passage] = []
    for path, text in _texts(whole, ""):
        for start, end in sentences(text):
            found.append(Passage(side, path, start, end, text[start:end]))
            if len(found) == MOST:
                return found
    return found


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence begins and ends, without the space around it."""
    at = 0
    for piece in _ENDS.split(text):
        bare = piece.strip()
        if bare:
            start = at + piece.index(bare)
            yield start, start + len(bare)
        at += len(piece)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, held in value.items():
            yield from _texts(held, path + strict.pointer(name))
    elif isinstance(value, list):
        for place, held in enumerate(value):
            yield from _texts(held, path + strict.pointer(place))
