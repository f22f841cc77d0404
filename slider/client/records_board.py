"""What the API gives of the fleet, of people and of notices, typed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Halt:
    """What stands still by somebody's word. `stance`: paused, or draining."""

    stance: str
    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Stood:
    """How something stands now: go, paused or draining. `changed` False: it stood so already."""

    changed: bool
    stance: str
    halt: Halt | None


@dataclass(frozen=True, slots=True)
class Stuck:
    """One of what is stuck; `external_id` None: the key's person may not see items, or it is news of none."""

    item: int | None
    external_id: str | None
    words: str
    since: datetime


@dataclass(frozen=True, slots=True)
class DryRequeue:
    """What would go on its way, and up to which `upto`; `more`: there may be others."""

    what: str
    count: int
    more: bool
    upto: int
    examples: list[Stuck]


@dataclass(frozen=True, slots=True)
class Flag:
    """A look that somebody put before a lead, and why; `holder` has it in hands by now."""

    id: int
    item: int
    title: str
    who: str
    at: datetime
    note: str
    holder: str | None


@dataclass(frozen=True, slots=True)
class OwedLook:
    """A look at an item that can be given to somebody. `skills`: what it takes."""

    id: int
    holder: str | None
    assignee: str | None
    for_lead: bool
    skills: list[str]


@dataclass(frozen=True, slots=True)
class Known:
    """A known answer. `answer` None: the draft was wrong, and nothing better is known."""

    item: int
    draft_right: bool
    answer: Any
    source: str
    words: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Like:
    """A look that can be decided with others. `distrusted`: look at it by itself."""

    id: int
    item: int
    title: str
    answer: str
    why: str
    distrusted: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to narrow a list by, and how many looks have it."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Likes:
    """The looks that are alike. `answers` and `whys` are the groups; `said`: what can still be taken back."""

    looks: list[Like]
    more: bool
    answers: list[Choice]
    whys: list[Choice]
    said: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Left:
    """A look that stayed as it was, and why."""

    id: int
    words: str


@dataclass(frozen=True, slots=True)
class Together:
    """Which looks it was done to, and which it was not."""

    done: list[int]
    left: list[Left]


@dataclass(frozen=True, slots=True)
class Notice:
    """What was told about a slider. `seen` None: the key is nobody's."""

    id: int
    task: str
    kind: str
    words: str
    facts: dict[str, Any]
    grave: bool
    policy: int | None
    who: str
    at: datetime
    seen: bool | None
