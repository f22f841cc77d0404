"""Keys of the project, and where its tasks' results are sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from slider.client.line import Line
from slider.client.records import Key, NewKey, record


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the project."""

    line: Line

    def all(self) -> Iterator[Key]:
        """Every key, newest first, revoked ones among them."""
        for one in self.line.pages("/keys", "keys"):
            yield record(Key, one)

    def make(self, name: str, scopes: list[str], *, days: int | None = 365) -> NewKey:
        """Make a key for a program; it is shown this once."""
        return record(NewKey, self.line.call("POST", "/keys", body={"name": name, "scopes": scopes, "days": days}))

    def revoke(self, key_id: int) -> None:
        """End a key at once."""
        self.line.call("DELETE", f"/keys/{key_id}")


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Where tasks' results are sent."""

    line: Line

    def get(self, task: str) -> dict[str, Any]:
        return self._told("GET", f"/tasks/{task}/webhook")

    def set(self, task: str, url: str) -> dict[str, Any]:
        """Send results there; `secret` is told where it is a new one, this once."""
        return self._told("PUT", f"/tasks/{task}/webhook", {"url": url})

    def renew_secret(self, task: str) -> dict[str, Any]:
        return self._told("POST", f"/tasks/{task}/webhook/secret")

    def remove(self, task: str) -> None:
        """Send nothing more."""
        self.line.call("DELETE", f"/tasks/{task}/webhook")

    def stuck(self, task: str) -> dict[str, Any]:
        """Results that could not be delivered."""
        return self._told("GET", f"/tasks/{task}/webhook/stuck")

    def replay(self, task: str, *, upto: int, reason: str) -> int:
        """Send again what was shown as stuck; how many."""
        return int(self._told("POST", f"/tasks/{task}/webhook/replay", {"upto": upto, "reason": reason})["sent"])

    def _told(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        told: dict[str, Any] = self.line.call(method, path, body=body)
        return told
