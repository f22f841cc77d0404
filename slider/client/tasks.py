"""Tasks, their settings and their workers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slider.client.line import Line
from slider.client.records import Task, record


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of the key's project."""

    line: Line

    def all(self) -> Iterator[Task]:
        """Every task, by short name."""
        for one in self.line.pages("/tasks", "tasks", query={"limit": 500}):
            yield record(Task, one)

    def get(self, task: str) -> Task:
        return record(Task, self.line.call("GET", f"/tasks/{task}"))

    def create(self, name: str, **said: Any) -> Task:
        """Set up a task: `input_schema`, `output_schema`, `worker`, and if wanted `slug`, `settings`, `start`."""
        return record(Task, self.line.call("POST", "/tasks", body={"name": name, **said}))

    def settings(self, task: str) -> dict[str, Any]:
        told: dict[str, Any] = self.line.call("GET", f"/tasks/{task}/settings")
        return told

    def change(self, task: str, **said: Any) -> dict[str, Any]:
        """Change settings; what is left out stays as it is."""
        told: dict[str, Any] = self.line.call("PATCH", f"/tasks/{task}/settings", body=said)
        return told

    def pause(self, task: str, *, reason: str) -> Task:
        """Let its workers stand still."""
        return self._stand(task, paused=True, reason=reason)

    def resume(self, task: str, *, reason: str) -> Task:
        """Let its workers go on."""
        return self._stand(task, paused=False, reason=reason)

    def _stand(self, task: str, *, paused: bool, reason: str) -> Task:
        body = {"paused": paused, "reason": reason}
        return record(Task, self.line.call("PUT", f"/tasks/{task}/pause", body=body))

    def workers(self, task: str) -> list[dict[str, Any]]:
        """All versions of its workers, newest first."""
        found: list[dict[str, Any]] = self.line.call("GET", f"/tasks/{task}/workers")["workers"]
        return found

    def change_worker(self, task: str, **said: Any) -> dict[str, Any]:
        """Put the next version of its worker in place."""
        told: dict[str, Any] = self.line.call("PATCH", f"/tasks/{task}/worker", body=said)
        return told

    def fall_back(self, task: str, said: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Say who is asked in the worker's place; None: nobody."""
        if said is None:
            self.line.call("DELETE", f"/tasks/{task}/fallback")
            return None
        told: dict[str, Any] = self.line.call("PUT", f"/tasks/{task}/fallback", body=dict(said))
        return told
