"""Where tasks' results and news are sent: endpoints, their secrets, tests, deliveries, and sending again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slider.client.line import Line


@dataclass(frozen=True, slots=True)
class Webhooks:
    """The endpoints of the project's tasks, each by its task's short name and its own number."""

    line: Line

    def all(self, task: str) -> list[dict[str, Any]]:
        """The endpoints of a task."""
        return list(self._told("GET", f"/tasks/{task}/webhooks")["webhooks"])

    def make(
        self, task: str, url: str, *, description: str = "", events: Sequence[str] = (), secret: str | None = None
    ) -> dict[str, Any]:
        """Send events there; `secret` in the answer is told this once, where it is not your own."""
        body: dict[str, Any] = {"url": url, "description": description, "secret": secret}
        return self._told("POST", f"/tasks/{task}/webhooks", body | ({"events": list(events)} if events else {}))

    def get(self, task: str, endpoint: int) -> dict[str, Any]:
        return self._told("GET", f"/tasks/{task}/webhooks/{endpoint}")

    def change(self, task: str, endpoint: int, **changes: Any) -> dict[str, Any]:
        """Change `url`, `description`, `events` or `on` (with `why`)."""
        return self._told("PATCH", f"/tasks/{task}/webhooks/{endpoint}", changes)

    def remove(self, task: str, endpoint: int) -> None:
        """Send nothing more there."""
        self.line.call("DELETE", f"/tasks/{task}/webhooks/{endpoint}")

    def rotate(self, task: str, endpoint: int, *, overlap_h: int = 24, secret: str | None = None) -> dict[str, Any]:
        """Replace the secret; the old one signs beside it for so many hours."""
        body = {"overlap_h": overlap_h, "secret": secret}
        return self._told("POST", f"/tasks/{task}/webhooks/{endpoint}/secret", body)

    def test(self, task: str, endpoint: int, *, timeout_s: float = 30.0) -> dict[str, Any]:
        """Send a test and wait for how it went: the delivery with its one try in `log`, or none after the time."""
        number = self._told("POST", f"/tasks/{task}/webhooks/{endpoint}/test")["id"]
        until = time.monotonic() + timeout_s
        while True:
            found = self.delivery(task, endpoint, number)
            if found["log"] or time.monotonic() > until:
                return found
            self.line.patience.sleep(0.5)

    def deliveries(
        self, task: str, endpoint: int, *, state: str | None = None, event: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Every delivery, newest first."""
        query = {"state": state, "event": event}
        yield from self.line.pages(f"/tasks/{task}/webhooks/{endpoint}/deliveries", "deliveries", query=query)

    def delivery(self, task: str, endpoint: int, delivery: int) -> dict[str, Any]:
        """One delivery with what it carries and its tries."""
        return self._told("GET", f"/tasks/{task}/webhooks/{endpoint}/deliveries/{delivery}")

    def would_replay(
        self,
        task: str,
        endpoint: int,
        *,
        which: str = "dead",
        event: str | None = None,
        since: datetime | None = None,
        above: int = 0,
    ) -> dict[str, Any]:
        """A dry run: how much would be sent again, and up to which `upto`; behind `above`, the last piece's `upto`."""
        query = {"which": which, "event": event, "since": since.isoformat() if since else None, "above": above or None}
        found: dict[str, Any] = self.line.call("GET", f"/tasks/{task}/webhooks/{endpoint}/replay", query=query)
        return found

    def replay(self, task: str, endpoint: int, *, upto: int, reason: str, **filters: Any) -> int:
        """Send again what the dry run has shown, with its `which`, `event`, `since` and `above`; how much."""
        since = filters.get("since")
        filters |= {"since": since.isoformat()} if isinstance(since, datetime) else {}
        body = {"upto": upto, "reason": reason} | filters
        return int(self._told("POST", f"/tasks/{task}/webhooks/{endpoint}/replay", body)["sent"])

    def _told(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        told: dict[str, Any] = self.line.call(method, path, body=body)
        return told
