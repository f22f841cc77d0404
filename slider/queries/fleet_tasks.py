"""The fleet by task: what waits at each stage, since when, and how it stands; counted on indexes, up to a bound."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from slider.models import Endpoint, Gauge, Halt, Task
from slider.models.endpoint import BY_HAND
from slider.models.replayable import HELD
from slider.queries import clock
from slider.queries.fleet_tail import Moved, moves, sent

MOST = 10_000  # counting a task's backlog stops here
_ALTOGETHER = 200_000  # and over many tasks each gets its part of this
LEAST = 500


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in a task, each up to `most`; `no_answer` are items with people that had no usable answer."""

    ready: int = 0
    ready_since: datetime | None = None
    working: int = 0
    working_since: datetime | None = None
    looks: int = 0
    looks_since: datetime | None = None
    no_answer: int = 0
    failed: int = 0
    done_today: int = 0
    due: int = 0
    due_since: datetime | None = None
    retrying: int = 0


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task on the board."""

    task: Task
    backlog: Backlog
    moved: Moved
    sent: float
    halt: Halt | None
    gauge: Gauge | None
    is_stale: bool
    receiver_off: str

    @property
    def answered(self) -> float:
        """Items that their worker has answered, a minute."""
        return self.moved.per_minute(("working", "review"), ("working", "done"))

    @property
    def stance(self) -> str:
        """How its workers stand: «paused», «draining» or nothing; one that was marked by hand has no halt."""
        return self.halt.stance if self.halt else "paused" if self.task.paused else ""


def in_reach(projects: Sequence[int] | None) -> list[Task]:
    """The tasks of these projects, or all; by project and name."""
    tasks = Task.objects.select_related("project").order_by("project__name", "name", "pk")
    return list(tasks if projects is None else tasks.filter(project__in=projects))


def bound(tasks: int) -> int:
    """How far each of so many tasks is counted."""
    return max(LEAST, min(MOST, _ALTOGETHER // max(1, tasks)))


def rows(tasks: Sequence[Task]) -> list[TaskRow]:
    """Every task with its backlog, its pace and how it stands."""
    ids = [task.pk for task in tasks]
    backlogs, moved, delivered, now = _backlogs(ids, most=bound(len(ids))), moves(ids), sent(ids), clock.now()
    halts = {halt.task_id: halt for halt in Halt.objects.filter(task__in=ids, profile="").select_related("by")}
    gauges = {gauge.pk: gauge for gauge in Gauge.objects.filter(pk__in=ids).select_related("policy")}
    off = _off(ids)
    return [
        TaskRow(
            task=task,
            backlog=backlogs.get(task.pk, Backlog()),
            moved=moved.get(task.pk, Moved()),
            sent=delivered.get(task.pk, 0.0),
            halt=halts.get(task.pk),
            gauge=(gauge := gauges.get(task.pk)),
            is_stale=gauge is not None and gauge.is_silent(now),
            receiver_off=off.get(task.pk, ""),
        )
        for task in tasks
    ]


def _off(task_ids: Sequence[int]) -> dict[int, str]:
    """Why nothing is sent to a receiver that no person turned off, by task; the latest speaks for the others."""
    off = Endpoint.objects.filter(task__in=task_ids, removed_at=None, disabled_at__isnull=False)
    failed = off.exclude(disabled_why__startswith=BY_HAND).order_by("disabled_at")
    return {one.task_id: one.disabled_why or "turned off" for one in failed}


# BETWEEN and the order by state first: only the index by state gives that, backwards. With a plain `state =`
# PostgreSQL may walk the primary key from its beginning, over half a million items that are done.
_BACKLOGS = f"""
SELECT t.id,
    (SELECT count(*) FROM (SELECT FROM slider_item i WHERE i.task_id = t.id AND i.state = 'ready' LIMIT %(most)s) AS a),
    (SELECT i.created_at FROM slider_item i WHERE i.task_id = t.id AND i.state BETWEEN 'ready' AND 'ready'
     ORDER BY i.state DESC, i.id LIMIT 1),
    (SELECT count(*) FROM (SELECT FROM slider_item i WHERE i.task_id = t.id AND i.state = 'working'
                           LIMIT %(most)s) AS b),
    (SELECT i.created_at FROM slider_item i WHERE i.task_id = t.id AND i.state BETWEEN 'working' AND 'working'
     ORDER BY i.state DESC, i.id LIMIT 1),
    (SELECT count(*) FROM (SELECT FROM slider_review r WHERE r.task_id = t.id AND r.state IN ('open', 'held')
                           LIMIT %(most)s) AS c),
    (SELECT i.created_at FROM slider_item i WHERE i.task_id = t.id AND i.state BETWEEN 'review' AND 'review'
     ORDER BY i.state DESC, i.id LIMIT 1),
    (SELECT count(*) FROM (SELECT d.item_id FROM slider_decision d WHERE d.task_id = t.id AND d.why = 'no_answer'
                           ORDER BY d.item_id DESC LIMIT %(few)s) AS e
     JOIN slider_item i ON i.id = e.item_id WHERE i.state = 'review'),
    (SELECT count(*) FROM (SELECT FROM slider_endpoint n JOIN slider_parcel p ON p.endpoint_id = n.id
                           WHERE n.task_id = t.id AND n.removed_at IS NULL AND p.state = 'failed'
                             AND p.event <> 'webhook.test' AND {HELD} LIMIT %(most)s) AS f),
    (SELECT count(*) FILTER (WHERE g.created_at >= date_trunc('day', now(), 'UTC')) FROM (
        SELECT p.created_at FROM slider_publication p WHERE p.task_id = t.id AND p.number = 1
        ORDER BY p.id DESC LIMIT %(most)s) AS g)
FROM unnest(%(tasks)s::bigint[]) AS t(id)
"""  # noqa: S608  # nothing but the fragment goes into this text
# What is due stands in one index by endpoint: its first rows are those that are tried next.
_DUE = """
SELECT e.task_id, count(*), min(p.due_at), count(*) FILTER (WHERE p.tries > 0 AND p.last_problem <> '')
FROM slider_endpoint e CROSS JOIN LATERAL (
    SELECT d.due_at, d.tries, d.last_problem FROM slider_parcel d
    WHERE d.endpoint_id = e.id AND d.state = 'due' ORDER BY d.next_try_at LIMIT %(most)s
) AS p
WHERE p.due_at <= clock_timestamp() AND e.removed_at IS NULL AND e.task_id = ANY(%(tasks)s) GROUP BY 1
"""


def _backlogs(task_ids: Sequence[int], *, most: int) -> dict[int, Backlog]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"most": most, "tasks": list(task_ids)})
        due = {task_id: rest for task_id, *rest in cursor.fetchall()}
        cursor.execute(_BACKLOGS, {"most": most, "few": LEAST, "tasks": list(task_ids)})
        return {task_id: Backlog(*rest, *due.get(task_id, (0, None, 0))) for task_id, *rest in cursor.fetchall()}
