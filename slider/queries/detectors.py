"""The watchers of a task and their state in words, as the guard left them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slider.models import Watch

_RANK = {"fired": 0, "raised": 1, "unreadable": 2, "quiet": 3}
_STATES = ("quiet", "raised", "fired")


@dataclass(frozen=True, slots=True)
class Detector:
    """One watcher. `level` and `alarm` are its own units: it fires when the level reaches the alarm."""

    name: str
    state: str  # quiet | raised | fired | unreadable
    words: str
    level: float | None = None
    alarm: float | None = None
    since: datetime | None = None

    @property
    def part(self) -> float | None:
        """How far the level is on its way to the alarm, 0-1."""
        if self.level is None or not self.alarm or self.alarm < 0:
            return None
        return min(1.0, max(0.0, self.level / self.alarm))


def read(task_id: int) -> list[Detector]:
    """What the guard wrote down when it last looked at a task; empty: it has not looked yet."""
    return said(Watch.objects.filter(pk=task_id).values_list("detectors", flat=True).first())


def said(rows: Any) -> list[Detector]:
    """Read stored rows, loudest first. A row that can't be read is shown as such: silence would look like quiet."""
    if not rows:
        return []
    found = [_one(row) for row in (rows if isinstance(rows, Sequence) and not isinstance(rows, str) else [rows])]
    return sorted(found, key=lambda detector: _RANK[detector.state])


def _one(row: Any) -> Detector:
    if not isinstance(row, dict) or row.get("state") not in _STATES:
        name = row.get("name") if isinstance(row, dict) else None
        return Detector(str(name or "A detector"), "unreadable", "What it wrote down can't be read.")
    return Detector(
        name=str(row.get("name") or "A detector"),
        state=row["state"],
        words=str(row.get("words") or ""),
        level=_number(row.get("level")),
        alarm=_number(row.get("alarm")),
        since=_moment(row.get("since")),
    )


def _number(value: Any) -> float | None:
    is_one = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
    return float(value) if is_one else None


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
