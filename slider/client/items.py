"""Items in, results out."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from slider.client.line import Line
from slider.client.problems import TooSlow, Withdrawn
from slider.client.records import Item, NewItem, OneItem, Result, Results, Taken, TakenRow, record

MOST_ROWS = 1000
_FIRST_LOOK_S, _SELDOM_S = 0.25, 10.0


@dataclass(frozen=True, slots=True)
class Items:
    """The items of the key's project."""

    line: Line

    def push(
        self,
        task: str,
        input: Mapping[str, Any],  # noqa: A002  # what the API calls it
        *,
        external_id: str | None = None,
        priority: int = 0,
        due_at: datetime | None = None,
    ) -> Taken:
        """Push one item. Refused with 422 where the id is here with another body."""
        body = _written(NewItem(input, external_id, priority, due_at))
        return record(Taken, self.line.call("POST", f"/tasks/{task}/items", body=body))

    def push_many(self, task: str, items: Iterable[NewItem], *, batch: int = MOST_ROWS) -> Iterator[TakenRow]:
        """Push any number of items, up to 1,000 a call; what became of each, in order."""
        source = iter(items)
        while rows := [_written(one) for one in islice(source, min(batch, MOST_ROWS))]:
            told = self.line.call("POST", f"/tasks/{task}/items", body={"items": rows})
            yield from (record(TakenRow, row) for row in told["rows"])

    def get(self, item_id: int) -> OneItem:
        """One item with all that is known of it."""
        return record(OneItem, self.line.call("GET", f"/items/{item_id}"))

    def find(self, task: str, external_id: str) -> Item | None:
        """The item of this id in your own system."""
        page = self.line.call("GET", f"/tasks/{task}/items", query={"external_id": external_id})
        return record(Item, page["items"][0]) if page["items"] else None

    def all(self, task: str, *, state: str | None = None) -> Iterator[Item]:
        """A task's items, newest first, page by page."""
        for one in self.line.pages(f"/tasks/{task}/items", "items", query={"state": state, "limit": 500}):
            yield record(Item, one)

    def results(self, task: str, *, after: str | None = None, limit: int = 100) -> Results:
        """One page of results. Keep its `next` for the next call: none is left out or given twice."""
        query = {"after": after, "limit": limit}
        return record(Results, self.line.call("GET", f"/tasks/{task}/results", query=query))

    def all_results(self, task: str, *, after: str | None = None) -> Iterator[Result]:
        """All results that are due now."""
        while True:
            page = self.results(task, after=after, limit=500)
            yield from page.results
            if not page.more:
                return
            after = page.next

    def wait_for_result(self, item_id: int, *, timeout_s: float = 600.0) -> Result:
        """The item's first result, as soon as it is due. Raises TooSlow, or Withdrawn."""
        until, pause_s = time.monotonic() + timeout_s, _FIRST_LOOK_S
        while True:
            found = self.get(item_id)
            if found.result is not None:
                return found.result
            if found.state == "withdrawn":
                raise Withdrawn(f"item {item_id} was withdrawn")
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise TooSlow(f"item {item_id} has no result after {timeout_s:g} s; it is {found.state}")
            self.line.patience.sleep(min(pause_s, left_s))
            pause_s = min(_SELDOM_S, pause_s * 1.5)

    def withdraw(self, item_id: int, *, reason: str) -> Item:
        """Take an item back that is not final yet."""
        return record(Item, self.line.call("POST", f"/items/{item_id}/withdraw", body={"reason": reason}))

    def correct(self, item_id: int, *, verdict: str, reason: str, answer: Any = None, note: str = "") -> dict[str, Any]:
        """Publish a correction of the result that holds."""
        body = {"verdict": verdict, "answer": answer, "reason": reason, "note": note}
        told: dict[str, Any] = self.line.call("POST", f"/items/{item_id}/corrections", body=body)
        return told

    def export(self, task: str, *, format: str = "jsonl", state: str | None = None) -> Iterator[bytes]:  # noqa: A002
        """All items with their results as a file, piece by piece."""
        return self.line.stream(f"/tasks/{task}/export", query={"format": format, "state": state})


def _written(item: NewItem) -> dict[str, Any]:
    body: dict[str, Any] = {"input": dict(item.input), "priority": item.priority}
    if item.external_id is not None:
        body["external_id"] = item.external_id
    if item.due_at is not None:
        body["due_at"] = item.due_at.isoformat()
    return body
