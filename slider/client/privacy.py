"""What a model gets to see and when contents go; what is held under an id; and items that are erased."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from slider.client.line import Line
from slider.client.problems import Unreachable
from slider.client.records import record


@dataclass(frozen=True, slots=True)
class OwnPattern:
    """A pattern in RE2's syntax; what it finds becomes [NAME_1] and so on. `name`: capital letters."""

    name: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Redaction:
    """What a model does not get to see. Fields are JSON pointers into an item, in which a step may be `*`.

    `detect` is any of email, phone, iban, card.
    """

    left_out: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    detect: list[str] = field(default_factory=list)
    patterns: list[OwnPattern] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rules:
    """A task's rules, and of how many items contents went: `emptied` by its days, `erased` on request.

    `contents_days` None: nothing goes. `kept`: past their day, and something is still owed for them.
    """

    redaction: Redaction
    contents_days: int | None
    emptied: int
    kept: int
    erased: int


@dataclass(frozen=True, slots=True)
class Trial:
    """An item as a model would get it, and how often what was masked or left out, by kind."""

    item: int
    sent: Any
    masked: dict[str, int]


@dataclass(frozen=True, slots=True)
class Held:
    """All that is held under an external id, task by task. Look through it before it leaves: it may name others."""

    external_id: str
    project: str
    made_at: datetime
    items: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Erased:
    """An erased item: what is left of it are numbers."""

    item: int
    erased_at: datetime


@dataclass(frozen=True, slots=True)
class Privacy:
    """The rules of the project's tasks, and what somebody may ask for. With a key that acts for an admin."""

    line: Line

    def rules(self, task: str) -> Rules:
        """What of a task's items may leave for a model, and when their contents go."""
        return record(Rules, self.line.call("GET", f"/tasks/{task}/privacy"))

    def put(self, task: str, redaction: Redaction, *, contents_days: int | None) -> Rules:
        """Put other rules into force, whole. Another redaction starts the evidence anew."""
        body = {"redaction": asdict(redaction), "contents_days": contents_days}
        return record(Rules, self.line.call("PUT", f"/tasks/{task}/privacy", body=body))

    def preview(self, task: str, redaction: Redaction, *, item: int | None = None) -> Trial:
        """An item as a model would get it under these rules, None: the newest. It changes nothing."""
        body = {"redaction": asdict(redaction), "item": item}
        return record(Trial, self.line.call("POST", f"/tasks/{task}/privacy/preview", body=body))

    def held(self, external_id: str) -> Held:
        """All that is held under an external id. Each time that it is told stands in the log."""
        for _ in range(self.line.patience.tries):
            told = self.line.call("POST", "/subjects", body={"external_id": external_id})
            if told["items"] is not None:
                return record(Held, told)
            # The answer was lost on its way, and is not kept for a second try: it is asked for anew.
        raise Unreachable(f"POST /subjects: its answer was lost {self.line.patience.tries} times")

    def erase(self, item_id: int, *, reason: str) -> Erased:
        """Erase an item and all that was made of it, for good. The reason stands in the log: name nobody in it."""
        return record(Erased, self.line.call("POST", f"/items/{item_id}/erase", body={"reason": reason}))
