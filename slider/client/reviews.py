"""Reviewing for the person that the key acts for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slider.client.line import Line
from slider.client.records import Decided, Look, record
from slider.client.records_board import Likes, Together


@dataclass(frozen=True, slots=True)
class Reviews:
    """The desk of the key's person."""

    line: Line

    def next(self, task: str | None = None) -> Look | None:
        """The look that they hold, else the next one; None where there is none."""
        return self._look("POST", "/reviews/next", {} if task is None else {"task": task})

    def get(self, look_id: int) -> Look | None:
        return self._look("GET", f"/reviews/{look_id}")

    def accept(self, look: Look, *, note: str = "", lucky: bool = False) -> Decided:
        """The answer is right; `lucky`: for the wrong reason."""
        return self._decide(look, {"verdict": "accept", "note": note, "lucky": lucky})

    def fix(self, look: Look, answer: Any, *, note: str = "", marks: Sequence[dict[str, Any]] = ()) -> Decided:
        """This is the right answer."""
        return self._decide(look, {"verdict": "fix", "answer": answer, "note": note, "marks": list(marks)})

    def reject(self, look: Look, reason: str, *, note: str = "", marks: Sequence[dict[str, Any]] = ()) -> Decided:
        """No answer can leave; `reason` is one of the task's codes."""
        return self._decide(look, {"verdict": "reject", "reason": reason, "note": note, "marks": list(marks)})

    def say_own(self, look: Look, answer: Any) -> Look | None:
        """The person's own answer to a look whose draft is hidden. None: the draft says the same, it is accepted."""
        return self._look("POST", f"/reviews/{look.id}/own", {"token": look.token, "answer": answer})

    def skip(self, look: Look) -> None:
        """Pass it on to somebody else."""
        self.line.call("POST", f"/reviews/{look.id}/skip", body={"token": look.token})

    def give(self, look: Look, note: str, *, to: str | None = None, to_lead: bool = False) -> None:
        """Hand it on with a note, to somebody by name, to anybody else, or to a lead."""
        body = {"token": look.token, "note": note, "to": to, "to_lead": to_lead}
        self.line.call("POST", f"/reviews/{look.id}/give", body=body)

    def undo(self, decided: Decided) -> Look | None:
        """Take a verdict back while it has had no effect; the look is held again."""
        return self._look("POST", f"/reviews/{decided.id}/undo", {"token": decided.token})

    def stay(self, look: Look) -> float:
        """A sign of life; for how many seconds the look is theirs."""
        return float(self.line.call("POST", f"/reviews/{look.id}/stay", body={"token": look.token})["lease_s"])

    def likes(self, task: str, *, answer: str | None = None, why: str | None = None, like: int | None = None) -> Likes:
        """Looks of a task that can be decided in one go; narrowed by the value of a group, or by a look like them."""
        query = {"answer": answer, "why": why, "like": like}
        return record(Likes, self.line.call("GET", f"/tasks/{task}/together", query=query))

    def decide_together(self, task: str, looks: Sequence[int], *, verdict: str, reason: str = "") -> Together:
        """Accept or reject up to 100 of them; each is stored singly, and may fail by itself."""
        body = {"looks": list(looks), "verdict": verdict, "reason": reason}
        return record(Together, self.line.call("POST", f"/tasks/{task}/together", body=body))

    def undo_together(self, task: str, looks: Sequence[int]) -> Together:
        """Take back what was decided in one go, while it has had no effect."""
        return record(Together, self.line.call("POST", f"/tasks/{task}/together/undo", body={"looks": list(looks)}))

    def _decide(self, look: Look, said: dict[str, Any]) -> Decided:
        body = said | {"token": look.token}
        return record(Decided, self.line.call("POST", f"/reviews/{look.id}/decide", body=body))

    def _look(self, method: str, path: str, body: dict[str, Any] | None = None) -> Look | None:
        told = self.line.call(method, path, body=body)
        return None if told is None else record(Look, told)
