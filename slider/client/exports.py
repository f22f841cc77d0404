"""Files of items: asked for, waited for, downloaded."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slider.client.line import Line
from slider.client.problems import NotMade, TooSlow
from slider.client.records import Export, record

_FIRST_LOOK_S, _SELDOM_S = 0.25, 5.0
_UNDER_WAY = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Exports:
    """The exports of the key's project."""

    line: Line

    def ask(
        self,
        task: str,
        *,
        format: str = "jsonl",  # noqa: A002  # what the API calls it
        items: Mapping[str, Any] | None = None,
        parts: Sequence[str] | None = None,
    ) -> Export:
        """Have a file made. `items` narrows it by state, lane, begins, came_since, came_until, done_since, done_until;
        `parts` is what is told of each: an empty list is what came in, without more."""
        narrowed = {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in (items or {}).items()
        }
        body: dict[str, Any] = {"format": format, "items": narrowed}
        if parts is not None:
            body["parts"] = list(parts)
        return record(Export, self.line.call("POST", f"/tasks/{task}/exports", body=body))

    def get(self, export_id: int) -> Export:
        """How far it is."""
        return record(Export, self.line.call("GET", f"/exports/{export_id}"))

    def all(self, task: str) -> Iterator[Export]:
        """A task's exports, newest first."""
        for one in self.line.pages(f"/tasks/{task}/exports", "exports"):
            yield record(Export, one)

    def wait(self, export_id: int, *, timeout_s: float = 600.0) -> Export:
        """The export as soon as its file is there. Raises TooSlow, or NotMade."""
        until, pause_s = time.monotonic() + timeout_s, _FIRST_LOOK_S
        while (found := self.get(export_id)).state in _UNDER_WAY:
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise TooSlow(f"export {export_id} is not there after {timeout_s:g} s; it is {found.state}")
            self.line.patience.sleep(min(pause_s, left_s))
            pause_s = min(_SELDOM_S, pause_s * 1.5)
        if found.state != "done":
            raise NotMade(f"export {export_id} is {found.state}{f': {found.problem}' if found.problem else ''}")
        return found

    def content(self, export_id: int) -> Iterator[bytes]:
        """The file, piece by piece."""
        return self.line.stream(f"/exports/{export_id}/content", query={})

    def delete(self, export_id: int) -> None:
        """Cancel it, or delete its file."""
        self.line.call("DELETE", f"/exports/{export_id}")
