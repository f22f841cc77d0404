"""The log: its entries, the head of its chains, and all of it as lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from slider.client.line import Line
from slider.client.records import record
from slider.client.records_people import Entry


@dataclass(frozen=True, slots=True)
class Log:
    """The log of the key's project, or of the site. Days are those of UTC, both taken in."""

    line: Line
    at: str = "/log"

    def all(
        self,
        *,
        kind: str | None = None,
        by: int | None = None,
        task: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Iterator[Entry]:
        """Every entry, newest first, page by page."""
        query = {"limit": 500, **_query(kind, by, task, since, until)}
        for one in self.line.pages(self.at, "entries", query=query):
            yield record(Entry, one)

    def head(self) -> dict[str, Any]:
        """Where the chains end: keep it elsewhere, as JSON, for `manage.py verify_log --head`."""
        told: dict[str, Any] = self.line.call("GET", f"{self.at}/head")
        return told

    def export(
        self,
        *,
        kind: str | None = None,
        by: int | None = None,
        task: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> Iterator[bytes]:
        """JSON Lines, piece by piece; that they left stands in the log."""
        return self.line.stream(f"{self.at}/export", query=_query(kind, by, task, since, until))


def _query(
    kind: str | None, by: int | None, task: str | None, since: date | None, until: date | None
) -> dict[str, Any]:
    days = {"since": None if since is None else str(since), "until": None if until is None else str(until)}
    return {"kind": kind, "by": by, "task": task, **days}
