"""The board's figures for Prometheus, read from PostgreSQL, so that they are right whichever process answers.

Labels are names of projects, tasks, workers, machines and tables: never what an item holds, and nobody's name.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import connection
from django.utils import timezone

from slider.exposition import Family
from slider.models import Act, Halt, Operation
from slider.queries import clock, fleet_hosts, fleet_parts, fleet_profiles, fleet_tasks, metrics_calls
from slider.queries.fleet_tasks import TaskRow

TASK = ("project", "task")


def families() -> list[Family]:
    """All of them, also those that have no sample now."""
    began, now = time.monotonic(), clock.now()
    rows = fleet_tasks.rows(fleet_tasks.in_reach(None))
    living = fleet_hosts.processes(now)
    profiles = fleet_profiles.profiles([row.task.pk for row in rows], living)
    found = [
        *_backlogs(rows, now),
        *_sliders(rows, now),
        *metrics_calls.families(profiles),
        *_processes(living),
        *_signs(),
        *_database(),
        *_done(rows),
    ]
    took = Family("slider_scrape_seconds", "gauge", "Seconds that reading these figures took.")
    took.add(time.monotonic() - began)
    return [*found, took]


def name(row: TaskRow) -> tuple[str, str]:
    return row.task.project.slug, row.task.slug


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())


def _backlogs(rows: Sequence[TaskRow], now: datetime) -> Iterator[Family]:
    most = fleet_tasks.bound(len(rows))
    waits = Family("slider_backlog_items", "gauge", f"Items at a stage, counted up to {most:,}.", (*TASK, "stage"))
    oldest = Family("slider_oldest_seconds", "gauge", "Age of the oldest item at a stage; 0: none.", (*TASK, "stage"))
    answerless = Family("slider_no_answer_items", "gauge", "Items with people that had no usable answer.", TASK)
    stuck = Family("slider_publications_stuck", "gauge", "Results given up or tried in vain.", (*TASK, "how"))
    off = Family("slider_receiver_off", "gauge", "1 while nothing is sent to a task's receiver.", TASK)
    today = Family("slider_done_today_items", "gauge", f"Items done since midnight UTC, up to {most:,}.", TASK)
    for row in rows:
        one = row.backlog
        for stage, count, since in (
            ("waiting", one.ready, one.ready_since),
            ("working", one.working, one.working_since),
            ("review", one.looks, one.looks_since),
            ("publishing", one.due, one.due_since),
        ):
            waits.add(count, *name(row), stage)
            oldest.add(_age(since, now), *name(row), stage)
        answerless.add(one.no_answer, *name(row))
        stuck.add(one.failed, *name(row), "given up")
        stuck.add(one.retrying, *name(row), "tried in vain")
        off.add(bool(row.receiver_off), *name(row))
        today.add(one.done_today, *name(row))
    yield from (waits, oldest, answerless, stuck, off, today)


def _sliders(rows: Sequence[TaskRow], now: datetime) -> Iterator[Family]:
    routed = Family("slider_routed_items_total", "counter", "Items that were routed.", TASK)
    share = Family("slider_share", "gauge", "Shares of the slider, 0-1: asked, allowed, effective.", (*TASK, "which"))
    held = Family("slider_pulled_back", "gauge", "1 while everything of a task goes to people.", TASK)
    silent = Family("slider_guard_task_age_seconds", "gauge", "Seconds since the guard tended a task.", TASK)
    halted = Family("slider_task_halted", "gauge", "1 while the workers of a task are paused or draining.", TASK)
    for row in rows:
        halted.add(bool(row.stance), *name(row))
        if row.gauge is None:
            continue
        policy = row.gauge.policy
        routed.add(row.gauge.routed, *name(row))
        share.add(policy.requested, *name(row), "asked")
        share.add(policy.allowed, *name(row), "allowed")
        share.add(policy.effective, *name(row), "effective")
        held.add(policy.held, *name(row))
        silent.add(_age(row.gauge.checked_at, now), *name(row))
    yield from (routed, share, held, silent, halted)


def _processes(living: Sequence[fleet_hosts.Process]) -> Iterator[Family]:
    count = Family("slider_processes", "gauge", "Processes of the fleet by what they do.", ("host", "kind", "state"))
    items = Family("slider_held_items", "gauge", "Items in the hands of a machine.", ("host",))
    since = Family("slider_halt_seconds", "gauge", "Seconds that something has been halted.", ("what", "stance"))
    states: dict[tuple[str, str, str], int] = {}
    for process in living:
        kind = "pump" if process.is_pump else "other"
        key = (process.presence.host, kind, process.state)
        states[key] = states.get(key, 0) + 1
    for key, number in sorted(states.items()):
        count.add(number, *key)
    for host in fleet_hosts.hosts(living):
        items.add(host.held, host.name)
    for halt in Halt.objects.select_related("task__project").order_by("pk"):
        parts = (halt.host,) if halt.task is None else (halt.task.project.slug, halt.task.slug, halt.profile)
        since.add(_age(halt.since, timezone.now()), "/".join(part for part in parts if part), halt.stance)
    yield from (count, items, since)


def _signs() -> Iterator[Family]:
    signs, broker = fleet_parts.signs(), fleet_parts.broker()
    sweep = Family("slider_sweep_age_seconds", "gauge", "Seconds since the sweep last ran; absent: never.")
    guard = Family("slider_guard_age_seconds", "gauge", "Seconds since the guard's last round; absent: never.")
    up = Family("slider_redis_up", "gauge", "1 while Redis answers.")
    hints = Family("slider_queue_hints", "gauge", "Hints that wait in a queue.", ("queue",))
    used = Family("slider_redis_bytes", "gauge", "Memory that Redis uses.")
    sweep.add(signs.sweep_s)
    guard.add(signs.guard_s)
    up.add(broker.is_up)
    for queue, number in broker.hints.items():
        hints.add(number, queue)
    used.add(broker.bytes if broker.is_up else None)
    yield from (sweep, guard, up, hints, used)


def _database() -> Iterator[Family]:
    found = fleet_parts.database()
    used = Family("slider_database_connections", "gauge", "Connections to PostgreSQL.")
    most = Family("slider_database_connections_most", "gauge", "Connections that PostgreSQL takes.")
    longest = Family("slider_longest_transaction_seconds", "gauge", "Age of the oldest open transaction.")
    size = Family("slider_database_bytes", "gauge", "Size of the database.")
    table = Family("slider_table_bytes", "gauge", "Size of a table with its indexes.", ("table",))
    alive = Family("slider_table_rows", "gauge", "Rows of a table, as PostgreSQL estimates.", ("table",))
    dead = Family("slider_table_dead_rows", "gauge", "Dead rows of a table, as PostgreSQL estimates.", ("table",))
    used.add(found.connections)
    most.add(found.most_connections)
    longest.add(found.longest_s)
    size.add(found.size)
    for one in found.tables:
        table.add(one.size, one.name)
        alive.add(one.rows, one.name)
        dead.add(one.dead, one.name)
    yield from (used, most, longest, size, table, alive, dead)


def _done(rows: Sequence[TaskRow]) -> Iterator[Family]:
    acts = Family("slider_guard_acts_total", "counter", "What the guard did by itself.", (*TASK, "kind"))
    names = {row.task.pk: name(row) for row in rows}
    for task_id, kind, number in _counts(Act._meta.db_table):
        if task_id in names:
            acts.add(number, *names[task_id], kind)
    operations = Family("slider_operations_total", "counter", "What operators did.", ("kind",))
    sums: dict[str, int] = {}
    for _, kind, number in _counts(Operation._meta.db_table):
        sums[kind] = sums.get(kind, 0) + number
    for kind, number in sorted(sums.items()):
        operations.add(number, kind)
    yield from (acts, operations)


def _counts(table: str) -> list[tuple[int | None, str, int]]:
    """Rows by task and kind: these tables grow with what people and the guard do, not with items."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT task_id, kind, count(*) FROM {table} GROUP BY 1, 2 ORDER BY 1, 2")  # noqa: S608
        return list(cursor.fetchall())
