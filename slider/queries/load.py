"""What waits for people in a task, in looks and in hours: what the overflow policy and the forecast go by."""

import math
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from slider.queries import traffic

NEWEST = 500  # gates that are asked how often several looks had to be settled
FEW = 5  # gates with several looks, before their share is worth saying


@dataclass(frozen=True, slots=True)
class Load:
    """All looks that are owed in a task, by who may take them; `hours` is None while none has been timed.

    `behind` are items whose gate waits for several looks. It takes a look of its own where they don't agree, at
    `settled`, the share of such gates so far that a lead had to settle: all of them while too few are known.
    Never by their kind: whoever reads this reviews as well, and a count that goes down with a look tells what it was.
    """

    anybody: int
    assigned: int
    for_lead: int
    held: int
    behind: int
    settled: float
    oldest: datetime | None
    oldest_h: float
    hours: float | None

    @property
    def waiting(self) -> int:
        return self.anybody + self.assigned + self.for_lead + self.held + self.to_settle

    @property
    def to_settle(self) -> int:
        """So many of the gates that wait will take a lead's look, as far as is known."""
        return math.ceil(self.behind * self.settled)


def of(task_id: int) -> Load:
    """Count what is owed, and what it takes at the measured time a look."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FILTER (WHERE state = 'open' AND assignee_id IS NULL AND NOT for_lead),
                   count(*) FILTER (WHERE state = 'open' AND assignee_id IS NOT NULL),
                   count(*) FILTER (WHERE state = 'open' AND assignee_id IS NULL AND for_lead),
                   count(*) FILTER (WHERE state = 'held'), count(*) FILTER (WHERE state = 'waiting'),
                   min(created_at), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)) / 3600, 0)::float8
            FROM slider_review WHERE task_id = %s AND state IN ('open', 'held', 'waiting')
            """,
            [task_id],
        )
        anybody, assigned, for_lead, held, behind, oldest, oldest_h = cursor.fetchone()
    share = settled(task_id) if behind else 0.0
    seconds = traffic.seconds_a_look(task_id)
    hours = None if seconds is None else (anybody + assigned + for_lead + held + behind * share) * seconds / 3600
    return Load(anybody, assigned, for_lead, held, behind, share, oldest, oldest_h, hours)


def settled(task_id: int) -> float:
    """The share of the newest gates behind several looks that a lead had to settle; 1 while too few are known."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), count(holder_id) FROM (
                SELECT looks, holder_id FROM slider_review
                WHERE task_id = %s AND kind = 'gate' AND state = 'decided' ORDER BY item_id DESC LIMIT %s
            ) AS newest WHERE looks IS NOT NULL
            """,
            [task_id, NEWEST],
        )
        known, by_lead = cursor.fetchone()
    return float(by_lead / known) if known >= FEW else 1.0
