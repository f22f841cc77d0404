"""What clients were told, what the nemesis did, what was seen from outside: the only witness beside the tables.

An `info` is a call whose end nobody knows, such as a timeout: it may have happened, for ever.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["invoke", "ok", "fail", "info", "fault", "seen"]


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history; `at` is seconds of this machine's clock, which PostgreSQL shares."""

    at: float
    who: str
    kind: Kind
    what: str
    key: str = ""
    value: Any = None


class History:
    """Grows from many threads at once."""

    def __init__(self, *, aloud: bool = False) -> None:
        self.aloud = aloud
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def add(self, who: str, kind: Kind, what: str, key: str = "", value: Any = None) -> None:
        if self.aloud and kind in ("fault", "info"):
            sys.stderr.write(f"{time.time():.2f} {who} {kind} {what} {key} {value or ''}\n")
        with self._lock:
            self._events.append(Event(time.time(), who, kind, what, key, value))

    def __iter__(self) -> Iterator[Event]:
        with self._lock:
            return iter(list(self._events))

    def save(self, path: Path) -> None:
        """One JSON line an event, for whoever looks for a cause."""
        path.write_text("".join(json.dumps(asdict(event), default=str) + "\n" for event in self))
