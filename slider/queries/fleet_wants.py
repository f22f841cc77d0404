"""What on the board wants somebody: each in one sentence, the gravest first, by the limits that the alarms go by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slider.engine import percents
from slider.queries.fleet_hosts import Host
from slider.queries.fleet_parts import Broker, Database, Signs
from slider.queries.fleet_profiles import Profile
from slider.queries.fleet_tasks import TaskRow

GUARD_S, SWEEP_S = 60, 30  # twice and more what either needs between two signs of life
READY_S, LOOKS_S = 900, 86_400
FAILED_SHARE, FEW_CALLS = 0.2, 20
BUDGET_SHARE = 0.9
TRANSACTION_S = 300
DEAD_SHARE, DEAD_ROWS = 0.2, 100_000
CONNECTIONS = 0.85


@dataclass(frozen=True, slots=True)
class Want:
    """`grave`: something stands still or is lost; else it will be, if nobody acts."""

    words: str
    task_id: int | None = None
    grave: bool = False


def of_tasks(rows: Sequence[TaskRow], profiles: Sequence[Profile], *, now: datetime) -> Iterator[Want]:
    """What wants somebody in each task and its workers."""
    for row in rows:
        yield from _of_task(row, now)
    for profile in profiles:
        yield from _of_profile(profile)


def _of_task(row: TaskRow, now: datetime) -> Iterator[Want]:
    task, backlog = row.task, row.backlog
    if row.is_stale:
        yield Want(f"The guard has not tended {task} in time: everything goes to people.", task.pk, grave=True)
    if row.receiver_off:
        yield Want(f"The receiver of {task} is off ({row.receiver_off}): results stay here.", task.pk, grave=True)
    elif backlog.failed:
        yield Want(f"{backlog.failed:,} results of {task} were given up: nobody has them.", task.pk, grave=True)
    if not row.stance and _age(backlog.ready_since, now) > READY_S:
        yield Want(f"Items of {task} have waited for a worker for more than {READY_S // 60} minutes.", task.pk)
    if _age(backlog.looks_since, now) > LOOKS_S:
        yield Want(f"Items of {task} have waited for people for more than a day.", task.pk)


def _of_profile(profile: Profile) -> Iterator[Want]:
    worker, calls = profile.worker, profile.calls
    name = f"{worker} of {worker.task}"
    if profile.trouble:
        yield Want(f"{name} is stopped by its endpoint: {profile.trouble}", worker.task_id, grave=True)
    if calls is not None and calls.count >= FEW_CALLS and profile.failed_share >= FAILED_SHARE:
        share = percents.said(profile.failed_share, digits=0)
        yield Want(f"{share} of the calls of {name} fail; mostly: {profile.failures}.", worker.task_id)
    if profile.budget_share is not None and profile.budget_share >= 1:
        yield Want(f"Today’s budget of {name} is spent: it goes on tomorrow.", worker.task_id, grave=True)
    elif profile.budget_share is not None and profile.budget_share >= BUDGET_SHARE:
        yield Want(
            f"{name} has spent {percents.said(profile.budget_share, digits=0)} of today’s budget.", worker.task_id
        )


def of_parts(
    hosts: Sequence[Host], database: Database, broker: Broker, signs: Signs, *, waiting: int
) -> Iterator[Want]:
    """What wants somebody in the machines and what they stand on."""
    yield from of_signs(signs)
    if not broker.is_up:
        yield Want("Redis is away: no hint reaches a worker. Nothing is lost.", grave=True)
    pumps = sum(host.pumps for host in hosts)
    if waiting and not pumps:
        yield Want("Items wait and no pump is alive: start Celery workers for the queue work.", grave=True)
    for host in hosts:
        if host.lost:
            yield Want(f"{host.lost} process{'es' if host.lost > 1 else ''} of {host.name} fell silent.")
    if database.longest_s > TRANSACTION_S:
        minutes = database.longest_s / 60
        yield Want(f"A transaction has been open for {minutes:.0f} minutes: dead rows pile up behind it.")
    for table in database.tables:
        if table.dead > DEAD_ROWS and table.dead_share > DEAD_SHARE:
            yield Want(f"{percents.said(table.dead_share, digits=0)} of the rows of {table.name} are dead.")
    if database.connections > CONNECTIONS * database.most_connections:
        yield Want(f"{database.connections} of {database.most_connections} connections to PostgreSQL are in use.")


def of_signs(signs: Signs) -> Iterator[Want]:
    if signs.sweep_s is None or signs.sweep_s > SWEEP_S:
        yield Want("The sweep gives no sign of life: no work is found. Start the hands and their beat.", grave=True)
    if signs.guard_s is None or signs.guard_s > GUARD_S:
        yield Want("The guard gives no sign of life: soon nothing runs unattended.", grave=True)


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else (now - since).total_seconds()
