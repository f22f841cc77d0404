"""Histories: past outputs with verdicts, which are sent as imports with the purpose history."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from slider.client.line import Line
from slider.client.problems import TooSlow
from slider.client.records import record
from slider.client.records_histories import History, OneHistory

_FIRST_LOOK_S, _SELDOM_S = 0.25, 5.0


@dataclass(frozen=True, slots=True)
class Histories:
    """The histories of the key's project. An import with the purpose history says its number as `history`."""

    line: Line

    def all(self, task: str) -> Iterator[History]:
        """A task's, newest first, without those that were dropped."""
        for one in self.line.pages(f"/tasks/{task}/histories", "histories"):
            yield record(History, one)

    def get(self, history_id: int) -> OneHistory:
        """What was found in it, what is asked, and what it would allow."""
        return record(OneHistory, self.line.call("GET", f"/histories/{history_id}"))

    def wait(self, history_id: int, *, timeout_s: float = 3600.0) -> OneHistory:
        """The history once it is read. Raises TooSlow."""
        until, pause_s = time.monotonic() + timeout_s, _FIRST_LOOK_S
        while (found := self.get(history_id)).state == "reading":
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise TooSlow(f"history {history_id} is still being read after {timeout_s:g} s")
            self.line.patience.sleep(min(pause_s, left_s))
            pause_s = min(_SELDOM_S, pause_s * 1.5)
        return found

    def name_columns(self, history_id: int, columns: Mapping[str, Any]) -> OneHistory:
        """Say what all its columns mean; it is read anew."""
        return self._read(history_id, {"columns": dict(columns)})

    def answer(self, history_id: int, **answers: str) -> OneHistory:
        """Answer what is asked, by the `code` of each question and the `value` of a choice; it is read anew."""
        return self._read(history_id, {"answers": answers})

    def confirm(self, history: OneHistory, *, reason: str) -> OneHistory:
        """Put it into force, as it was looked at; with a key that may move the slider."""
        body = {"reason": reason, "expected": history.expected}
        return record(OneHistory, self.line.call("POST", f"/histories/{history.id}/confirm", body=body))

    def drop(self, history_id: int) -> None:
        """Forget it, its rows and its file."""
        self.line.call("DELETE", f"/histories/{history_id}")

    def _read(self, history_id: int, body: dict[str, Any]) -> OneHistory:
        return record(OneHistory, self.line.call("POST", f"/histories/{history_id}/read", body=body))
