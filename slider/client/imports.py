"""Files in: sent, tried out, brought in, waited for."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slider.client.line import Line
from slider.client.problems import TooSlow
from slider.client.records import Import, RefusedRow, record

_AT_REST = frozenset({"asking", "done", "failed", "dropped"})
_FIRST_LOOK_S, _SELDOM_S = 0.25, 5.0


@dataclass(frozen=True, slots=True)
class Imports:
    """The files of the key's project."""

    line: Line

    def send(
        self,
        task: str,
        file: str | Path,
        *,
        name: str | None = None,
        mapping: Mapping[str, Any] | None = None,
        purpose: str = "items",
        dry_run: bool = False,
        ask: bool = False,
        once: str | None = None,
    ) -> Import:
        """Send a file; it is read piece by piece. Without a mapping its columns are what they are called.

        With `dry_run` its rows are only counted, with `ask` it is only examined; both then wait for `start`.
        `once` names the call: made again under it, also by another process, the file is not brought in twice.
        """
        path = Path(file)
        query = {
            "name": name or path.name,
            "purpose": purpose,
            "dry_run": "1" if dry_run else None,
            "ask": "1" if ask else None,
            "mapping": None if mapping is None else json.dumps(mapping),
        }
        return record(Import, self.line.send(f"/tasks/{task}/imports", path, query=query, once=once))

    def get(self, import_id: int) -> Import:
        """How far a file is."""
        return record(Import, self.line.call("GET", f"/imports/{import_id}"))

    def all(self, task: str) -> Iterator[Import]:
        """A task's files, newest first, page by page."""
        for one in self.line.pages(f"/tasks/{task}/imports", "imports"):
            yield record(Import, one)

    def refused(self, import_id: int) -> Iterator[RefusedRow]:
        """The rows that were refused, or would be after a dry run, in the order of the file."""
        for one in self.line.pages(f"/imports/{import_id}/refused", "refused", query={"limit": 500}):
            yield record(RefusedRow, one)

    def start(self, import_id: int, *, mapping: Mapping[str, Any] | None = None, dry_run: bool = False) -> Import:
        """Bring a file in that waits for a word, or try it out."""
        body = {"mapping": None if mapping is None else dict(mapping), "dry_run": dry_run}
        return record(Import, self.line.call("POST", f"/imports/{import_id}/start", body=body))

    def drop(self, import_id: int) -> Import:
        """End a file wherever it is; what is in stays."""
        return record(Import, self.line.call("DELETE", f"/imports/{import_id}"))

    def wait(
        self, import_id: int, *, timeout_s: float = 3600.0, tell: Callable[[Import], None] | None = None
    ) -> Import:
        """The file once it is done, failed, dropped, or waits for a word; `tell` hears how far it is. Or TooSlow."""
        until, pause_s = time.monotonic() + timeout_s, _FIRST_LOOK_S
        while True:
            found = self.get(import_id)
            if tell is not None:
                tell(found)
            if found.state in _AT_REST:
                return found
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise TooSlow(f"import {import_id} is {found.state} after {timeout_s:g} s, at row {found.seen:,}")
            self.line.patience.sleep(min(pause_s, left_s))
            pause_s = min(_SELDOM_S, pause_s * 1.5)
