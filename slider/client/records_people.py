"""What the API gives of people, invitations and the log, typed."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Seat:
    """One person of the project; `active`: whether they may sign in."""

    id: int
    name: str
    email: str
    role: str
    active: bool
    second_step: bool


@dataclass(frozen=True, slots=True)
class OneSeat:
    """One person with the looks they hold and the keys they made; `why_not`: why this key can't switch them off."""

    id: int
    name: str
    email: str
    role: str
    active: bool
    second_step: bool
    held: int
    places: int
    keys: list[int]
    why_not: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An open invitation, without its link."""

    id: int
    role: str
    email: str
    made_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewInvitation:
    """A new invitation: `link` is shown this once. `mailed`: it goes to the address, too."""

    id: int
    role: str
    email: str
    made_by: str
    created_at: datetime
    expires_at: datetime
    mailed: bool
    link: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log. `number` is its place in its chain; `facts` is JSON, to the letter."""

    at: datetime
    kind: str
    who: str
    via: str
    task: str
    words: str
    entry: int
    chain: str
    number: int | None
    hash: str
    by: int | None
    task_id: int | None
    project_id: int | None
    facts: str
    facts_sha256: str
    digests_sha256: str
