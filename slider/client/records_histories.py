"""What the API gives of histories, typed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """What only a person can say; each choice has a `value` and `words`. Without choices: name the columns."""

    code: str
    words: str
    choices: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a history. A barrier keeps its rows from being evidence."""

    counts: dict[str, int]
    read_as: str
    order: str
    signals: list[dict[str, Any]]
    questions: list[Question]
    barriers: list[str]
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Proof:
    """What a history's rows would allow; shares run from 0 to 1."""

    rows: int
    cap: float
    error: float | None
    upper: float | None
    more: int | None
    error_limit: float
    delta: float
    words: str


@dataclass(frozen=True, slots=True)
class History:
    """Past outputs with verdicts. `state`: reading, asking, ready, failed, in_force, dropped."""

    id: int
    task: str
    name: str
    state: str
    problem: str
    import_id: int | None
    rows: int
    by: str | None
    policy: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OneHistory(History):
    """One history with all that its page shows; `expected` is the policy that it was looked at under."""

    expected: int
    worker: str
    is_current: bool
    columns: list[dict[str, Any]]
    meaning: dict[str, Any] | None
    found: Found | None
    proof: Proof | None
