"""The operator's board: every stage, task, worker and machine, what is stuck, and what was done, on one page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from slider.models import Act, Operation
from slider.queries import clock, fleet_hosts, fleet_parts, fleet_profiles, fleet_tasks, fleet_wants
from slider.queries.fleet_hosts import Host
from slider.queries.fleet_parts import Broker, Database, Signs
from slider.queries.fleet_profiles import Profile
from slider.queries.fleet_tasks import TaskRow
from slider.queries.fleet_wants import Want

ACTS = OPERATIONS = 8


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage over all tasks. `is_more`: counting stopped, at least so many are there."""

    name: str
    count: int
    is_more: bool
    oldest: datetime | None
    per_minute: float
    rate_words: str
    errors: int
    error_words: str


@dataclass(frozen=True, slots=True)
class Machines:
    """What belongs to the whole installation and to no project."""

    hosts: Sequence[Host]
    database: Database
    broker: Broker


@dataclass(frozen=True, slots=True)
class Board:
    now: datetime
    stages: Sequence[Stage]
    tasks: Sequence[TaskRow]
    profiles: Sequence[Profile]
    machines: Machines | None
    signs: Signs
    acts: Sequence[Act]
    operations: Sequence[Operation]
    wants: Sequence[Want]

    @property
    def stuck(self) -> list[TaskRow]:
        """The tasks where something may be sent on its way once more."""
        return [row for row in self.tasks if row.backlog.no_answer or row.backlog.failed or row.backlog.retrying]


def board(projects: Sequence[int] | None, *, with_machines: bool = False) -> Board:
    """All of it, for the tasks of these projects; with None for all tasks, and the machines too."""
    is_whole = projects is None or with_machines
    now = clock.now()
    tasks = fleet_tasks.in_reach(projects)
    ids = [task.pk for task in tasks]
    rows = fleet_tasks.rows(tasks)
    living = fleet_hosts.processes(now)
    profiles = fleet_profiles.profiles(ids, living)
    signs = fleet_parts.signs(ids if projects is not None else None)
    stages = _stages(rows, profiles)
    machines = None
    wants = list(fleet_wants.of_tasks(rows, profiles, now=now))
    if is_whole:
        machines = Machines(fleet_hosts.hosts(living), fleet_parts.database(), fleet_parts.broker())
        parts = (machines.hosts, machines.database, machines.broker, signs)
        wants += fleet_wants.of_parts(*parts, waiting=stages[0].count)
    else:
        wants += fleet_wants.of_signs(signs)
    acts = Act.objects.filter(task__in=ids).select_related("task").order_by("-id")[:ACTS]
    return Board(
        now=now,
        stages=stages,
        tasks=rows,
        profiles=profiles,
        machines=machines,
        signs=signs,
        acts=list(acts),
        operations=operations(ids, machines=is_whole),
        wants=sorted(wants, key=lambda want: not want.grave),
    )


def operations(task_ids: Sequence[int], *, machines: bool = False, most: int = OPERATIONS) -> list[Operation]:
    """What operators did to these tasks, and to machines, newest first."""
    found = Operation.objects.select_related("task", "by").order_by("-id")
    mine = found.filter(task__in=task_ids)
    return list((mine | found.exclude(host="") if machines else mine)[:most])


def _stages(rows: Sequence[TaskRow], profiles: Sequence[Profile]) -> list[Stage]:
    most = fleet_tasks.bound(len(rows))
    backlogs = [row.backlog for row in rows]

    def stage(
        name: str,
        counts: Sequence[int],
        oldest: Sequence[datetime | None],
        rate: Callable[[TaskRow], float],
        words: str,
        errors: tuple[int, str],
    ) -> Stage:
        since = min((one for one in oldest if one is not None), default=None)
        is_more = any(count >= most for count in counts)
        return Stage(name, sum(counts), is_more, since, sum(map(rate, rows)), words, *errors)

    again = sum(row.moved.moves[("working", "ready")] for row in rows)
    failed = sum(profile.calls.failed for profile in profiles if profile.calls)
    return [
        stage(
            "Waiting",
            [one.ready for one in backlogs],
            [one.ready_since for one in backlogs],
            lambda row: row.moved.per_minute(("ready", "working")),
            "taken a minute",
            (again, "came back to be tried again"),
        ),
        stage(
            "In work",
            [one.working for one in backlogs],
            [one.working_since for one in backlogs],
            lambda row: row.moved.per_minute(("working", "review"), ("working", "done")),
            "answered a minute",
            (failed, "calls failed"),
        ),
        stage(
            "In review",
            [one.looks for one in backlogs],
            [one.looks_since for one in backlogs],
            lambda row: row.moved.per_minute(("review", "done")),
            "decided a minute",
            (sum(one.no_answer for one in backlogs), "had no usable answer"),
        ),
        stage(
            "Publishing",
            [one.due for one in backlogs],
            [one.due_since for one in backlogs],
            lambda row: row.sent,
            "delivered a minute",
            (sum(one.failed + one.retrying for one in backlogs), "stuck"),
        ),
        stage(
            "Done today",
            [one.done_today for one in backlogs],
            [],
            lambda row: row.moved.per_minute(("working", "done"), ("review", "done")),
            "done a minute",
            (sum(row.moved.moves[("done", "review")] for row in rows), "taken back by people"),
        ),
    ]
