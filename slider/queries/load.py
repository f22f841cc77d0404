"""What waits for people in a task, in looks and in hours: what the overflow policy and the forecast go by."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from slider.queries import traffic


@dataclass(frozen=True, slots=True)
class Waits:
    """Looks of one kind that are owed."""

    kind: str
    open: int
    held: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Load:
    """All that is owed in a task; `hours` is None while no look has been timed."""

    kinds: tuple[Waits, ...]
    hours: float | None
    oldest_h: float

    @property
    def waiting(self) -> int:
        return sum(one.open + one.held for one in self.kinds)

    @property
    def oldest(self) -> datetime | None:
        return min((one.oldest for one in self.kinds if one.oldest is not None), default=None)


def of(task_id: int) -> Load:
    """Count what is owed by its kind, and what it takes at the measured time a look."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT kind, count(*) FILTER (WHERE state = 'open'), count(*) FILTER (WHERE state = 'held'),
                   min(created_at), extract(epoch FROM clock_timestamp() - min(created_at)) / 3600
            FROM slider_review WHERE task_id = %s AND state IN ('open', 'held') GROUP BY 1 ORDER BY 2 DESC, 1
            """,
            [task_id],
        )
        rows = cursor.fetchall()
    kinds = tuple(Waits(kind, waits, held, oldest) for kind, waits, held, oldest, _ in rows)
    seconds = traffic.seconds_a_look(task_id)
    hours = None if seconds is None else sum(one.open + one.held for one in kinds) * seconds / 3600
    return Load(kinds, hours, float(max((row[4] for row in rows), default=0)))
