"""The operator's board, and what operators do."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from slider.client.line import Line
from slider.client.records import record
from slider.client.records_board import DryRequeue, Stood


@dataclass(frozen=True, slots=True)
class Fleet:
    """What runs of the key's project; machines for a key that acts for a superuser."""

    line: Line

    def board(self) -> dict[str, Any]:
        """Stages, tasks, workers and their money, halts, what wants somebody."""
        told: dict[str, Any] = self.line.call("GET", "/fleet")
        return told

    def task(self, task: str) -> dict[str, Any]:
        """How a task stands, what of it is stuck, and what was done to it."""
        told: dict[str, Any] = self.line.call("GET", f"/tasks/{task}/fleet")
        return told

    def pause(self, task: str, *, reason: str, worker: str = "") -> Stood:
        """Begin nothing new in a task, or in one worker of it."""
        return self._stand(f"/tasks/{task}/stance", "paused", reason, {"worker": worker})

    def drain(self, task: str, *, reason: str, worker: str = "") -> Stood:
        """Finish what is held, and take nothing more."""
        return self._stand(f"/tasks/{task}/stance", "draining", reason, {"worker": worker})

    def resume(self, task: str, *, reason: str, worker: str = "") -> Stood:
        """Go on."""
        return self._stand(f"/tasks/{task}/stance", "go", reason, {"worker": worker})

    def host(self, host: str) -> dict[str, Any]:
        """A machine, its processes and what was done to it."""
        told: dict[str, Any] = self.line.call("GET", f"/fleet/hosts/{quote(host, safe='')}")
        return told

    def stand_host(self, host: str, stance: str, *, reason: str) -> Stood:
        """Let the pumps of a machine be `paused`, `draining`, or `go` on."""
        return self._stand(f"/fleet/hosts/{quote(host, safe='')}/stance", stance, reason, {})

    def would_requeue(self, task: str, *, what: str = "no_answer", outcome: str | None = None) -> DryRequeue:
        """A dry run: what would go back to its worker, or (`publications`) be sent again at once."""
        query = {"what": what, "outcome": outcome}
        return record(DryRequeue, self.line.call("GET", f"/tasks/{task}/requeue", query=query))

    def requeue(self, task: str, *, upto: int, reason: str, what: str = "no_answer", outcome: str | None = None) -> int:
        """Send on its way what the dry run has shown, and no more; how much moved."""
        body = {"what": what, "outcome": outcome, "upto": upto, "reason": reason}
        return int(self.line.call("POST", f"/tasks/{task}/requeue", body=body)["moved"])

    def _stand(self, path: str, stance: str, reason: str, more: dict[str, str]) -> Stood:
        body = {"stance": stance, "reason": reason} | more
        return record(Stood, self.line.call("PUT", path, body=body))
