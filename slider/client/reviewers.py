"""The people who review, and known answers."""

from dataclasses import dataclass
from typing import Any

from slider.client.line import Line
from slider.client.records import record
from slider.client.records_board import Known


@dataclass(frozen=True, slots=True)
class Reviewers:
    """What is known of the people who review the project's tasks."""

    line: Line

    def team(self, task: str) -> dict[str, Any]:
        """Everybody who reviews a task, what known answers say of them, and where two people disagree (`splits`)."""
        told: dict[str, Any] = self.line.call("GET", f"/tasks/{task}/reviewers")
        return told

    def mine(self) -> dict[str, Any]:
        """The own work of the key's person."""
        told: dict[str, Any] = self.line.call("GET", "/my-work")
        return told

    def let_in(self, task: str, member_id: int) -> None:
        """Let somebody begin without practice."""
        self.line.call("POST", f"/tasks/{task}/reviewers/{member_id}/let-in")

    def settle(self, look_id: int, *, stands: str, words: str) -> None:
        """Say which look stands, `first` or `second`; `look_id` is the second's."""
        self.line.call("POST", f"/reviews/{look_id}/settle", body={"stands": stands, "words": words})

    def mark_known(self, item_id: int, *, draft_right: bool, words: str) -> Known:
        """Make a known answer of a finished item."""
        body = {"draft_right": draft_right, "words": words}
        return record(Known, self.line.call("POST", f"/items/{item_id}/known", body=body))

    def retire_known(self, item_id: int) -> None:
        """Take a known answer out: it was none."""
        self.line.call("DELETE", f"/items/{item_id}/known")
