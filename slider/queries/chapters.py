"""A chapter of an item's story, and the facts that stand in it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """A number or word of a chapter, with what it is."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """Something that happened to the item."""

    at: datetime
    title: str
    text: str = ""
    facts: tuple[Fact, ...] = ()
    raw: str = ""
    aside: str = ""  # a name or number for whoever looks into logs
    anchor: str = ""  # names this step in a link; the same for ever
