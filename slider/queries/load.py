"""What waits for people in a task, in looks and in hours: what the overflow policy and the forecast go by."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from slider.queries import traffic


@dataclass(frozen=True, slots=True)
class Load:
    """All looks that are owed in a task, by who may take them; `hours` is None while none has been timed.

    Never by their kind: whoever reads this reviews as well, and a count that goes down with a look tells what it was.
    """

    anybody: int
    assigned: int
    for_lead: int
    held: int
    oldest: datetime | None
    oldest_h: float
    hours: float | None

    @property
    def waiting(self) -> int:
        return self.anybody + self.assigned + self.for_lead + self.held


def of(task_id: int) -> Load:
    """Count what is owed, and what it takes at the measured time a look."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE state = 'open' AND assignee_id IS NULL AND NOT for_lead),
                   count(*) FILTER (WHERE state = 'open' AND assignee_id IS NOT NULL),
                   count(*) FILTER (WHERE state = 'open' AND assignee_id IS NULL AND for_lead),
                   count(*) FILTER (WHERE state = 'held'),
                   min(created_at), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)) / 3600, 0)::float8
            FROM slider_review WHERE task_id = %s AND state IN ('open', 'held')
            """,
            [task_id],
        )
        anybody, assigned, for_lead, held, oldest, oldest_h = cursor.fetchone()
    seconds = traffic.seconds_a_look(task_id)
    looks = anybody + assigned + for_lead + held
    hours = None if seconds is None else looks * seconds / 3600
    return Load(anybody, assigned, for_lead, held, oldest, oldest_h, hours)
