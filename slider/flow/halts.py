"""Whether a worker may begin items on a machine: what is halted stands in PostgreSQL, for all hosts."""

from dataclasses import dataclass

from django.db import connection

from slider.models import Stance


@dataclass(frozen=True, slots=True)
class Standing:
    """How a worker's version stands on one machine. `stance` is None where nobody has halted anything."""

    is_retired: bool
    stance: Stance | None

    @property
    def may_begin(self) -> bool:
        return not self.is_retired and self.stance is None


_READ = """
SELECT w.retired_at IS NOT NULL, t.paused,
       array(SELECT h.stance FROM slider_halt h WHERE h.task_id = t.id AND h.profile IN ('', w.name)
             UNION ALL SELECT h.stance FROM slider_halt h WHERE h.host = %(host)s AND h.host <> '')
FROM slider_worker w JOIN slider_task t ON t.id = w.task_id WHERE w.id = %(worker)s
"""


def read(worker_id: int, *, host: str) -> Standing:
    """Look once. Of several halts the strictest holds; a task marked as paused without a halt of its own is paused."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"worker": worker_id, "host": host})
        row = cursor.fetchone()
    if row is None:
        return Standing(is_retired=True, stance=None)
    is_retired, is_paused, stances = row
    if Stance.PAUSED in stances or (is_paused and not stances):
        return Standing(is_retired, Stance.PAUSED)
    return Standing(is_retired, Stance.DRAINING if stances else None)
