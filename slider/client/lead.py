"""Leading: who works on what, looks released and given to people, flags."""

from dataclasses import dataclass
from typing import Any

from slider.client.line import Line
from slider.client.records import Look, record
from slider.client.records_board import Flag, OwedLook


@dataclass(frozen=True, slots=True)
class Lead:
    """The people and the looks of the project's tasks, for whoever leads."""

    line: Line

    def figures(self, task: str) -> dict[str, Any]:
        """Who holds what, people's pace, what waits, and the forecast."""
        told: dict[str, Any] = self.line.call("GET", f"/tasks/{task}/lead")
        return told

    def release(self, look_id: int, token: int, *, reason: str) -> None:
        """Take a look out of somebody's hands, under the claim that the figures show."""
        self.line.call("POST", f"/reviews/{look_id}/release", body={"token": token, "reason": reason})

    def looks(self, item_id: int) -> list[OwedLook]:
        """The looks at an item that can be given to somebody."""
        return [record(OwedLook, one) for one in self.line.call("GET", f"/items/{item_id}/looks")["looks"]]

    def assign(self, look_id: int, to: str | None, *, note: str = "") -> None:
        """Give a look to one person by name; None: back to everybody."""
        self.line.call("POST", f"/reviews/{look_id}/assign", body={"to": to, "note": note})

    def flags(self, task: str) -> list[Flag]:
        """What was put before a lead, the oldest first."""
        return [record(Flag, one) for one in self.line.call("GET", f"/tasks/{task}/flags")["flags"]]

    def answer_flag(self, look_id: int) -> Look:
        """Take a flagged look oneself, out of its turn."""
        return record(Look, self.line.call("POST", f"/reviews/{look_id}/flag/answer"))

    def take_off_flag(self, look_id: int, *, note: str) -> None:
        """Give a flagged look back to everybody, with a note for whoever takes it next."""
        self.line.call("POST", f"/reviews/{look_id}/flag/take-off", body={"note": note})
