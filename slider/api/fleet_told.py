"""The fleet as the API tells it: to a key of one project its tasks alone, and machines to who runs the installation."""

from typing import Any

from slider.models import ApiKey, Halt, Operation
from slider.queries import fleet_hosts, fleet_tasks
from slider.queries.fleet import Board, Machines
from slider.queries.fleet_hosts import Host, Process
from slider.queries.fleet_profiles import Profile
from slider.queries.fleet_tasks import TaskRow


def runs_machines(key: ApiKey) -> bool:
    """Whether the key acts for somebody who runs the whole installation: a machine is of no project."""
    return key.person is not None and key.person.is_active and key.person.is_superuser


def board(found: Board, project_id: int) -> dict[str, Any]:
    """The whole board."""
    slugs = {row.task.pk: row.task.slug for row in found.tasks}
    return {
        "as_of": found.now,
        "counted_to": fleet_tasks.bound(len(found.tasks)),
        "stages": [
            {
                "name": one.name,
                "count": one.count,
                "more": one.is_more,
                "oldest": one.oldest,
                "per_minute": one.per_minute,
                "rate": one.rate_words,
                "errors": one.errors,
                "error": one.error_words,
            }
            for one in found.stages
        ],
        "tasks": [task_row(one) for one in found.tasks],
        "workers": [worker_row(one) for one in found.profiles],
        "sweep_s": found.signs.sweep_s,
        "guard_s": found.signs.guard_s,
        "guard_oldest_s": found.signs.guard_oldest_s,
        "wants": [{"words": one.words, "task": slugs.get(one.task_id or 0), "grave": one.grave} for one in found.wants],
        "acts": [
            {"task": one.task.slug, "kind": one.kind, "words": one.words, "at": one.created_at} for one in found.acts
        ],
        "operations": [operation(one) for one in found.operations],
        "machines": None if found.machines is None else _machines(found.machines, project_id),
    }


def task_row(row: TaskRow) -> dict[str, Any]:
    """How one task stands."""
    backlog, policy = row.backlog, row.gauge.policy if row.gauge else None
    same = ("working", "working_since", "looks", "looks_since", "no_answer", "due", "due_since", "retrying")
    return {name: getattr(backlog, name) for name in (*same, "done_today")} | {
        "task": row.task.slug,
        "stance": row.stance or "go",
        "halt": halt(row.halt),
        "waiting": backlog.ready,
        "waiting_since": backlog.ready_since,
        "given_up": backlog.failed,
        "answered_per_minute": row.answered,
        "delivered_per_minute": row.sent,
        "effective": policy.effective if policy else None,
        "held": policy is not None and policy.held,
        "guard_silent": row.is_stale,
        "receiver_off": row.receiver_off,
    }


def worker_row(one: Profile) -> dict[str, Any]:
    """How one worker stands."""
    worker, calls = one.worker, one.calls
    return {
        "task": worker.task.slug,
        "worker": worker.name,
        "model": worker.model,
        "halt": halt(one.halt),
        "flying": one.flying,
        "in_flight": worker.in_flight,
        "calls_per_minute": calls.per_minute if calls else 0.0,
        "tokens_per_minute": calls.tokens_per_minute if calls else 0.0,
        "p50_ms": calls.p50_ms if calls else None,
        "p95_ms": calls.p95_ms if calls else None,
        "failed_share": one.failed_share,
        "failures": one.failures,
        "spent": one.spent,
        "daily_budget": worker.daily_budget,
        "trouble": one.trouble,
    }


def halt(found: Halt | None) -> dict[str, Any] | None:
    """Who let it stand still, and why."""
    if found is None:
        return None
    return {"stance": found.stance, "reason": found.reason, "by": found.by.get_username(), "since": found.since}


def operation(one: Operation) -> dict[str, Any]:
    """What was done, and why."""
    return {
        "id": one.pk,
        "kind": one.kind,
        "task": one.task.slug if one.task else None,
        "worker": one.profile,
        "host": one.host,
        "reason": one.reason,
        "facts": one.facts,
        "by": one.by.get_username(),
        "at": one.created_at,
    }


def host(one: Host, project_id: int) -> dict[str, Any]:
    """One machine."""
    return {
        "name": one.name,
        "halt": halt(one.halt),
        "alive": one.alive,
        "lost": one.lost,
        "pumps": one.pumps,
        "held": one.held,
        "processes": [_process(process, project_id) for process in one.processes],
    }


def host_named(name: str) -> Host | None:
    """The machine of this name, if it said anything lately or is halted."""
    return next((one for one in fleet_hosts.hosts(fleet_hosts.processes()) if one.name == name), None)


def _process(one: Process, project_id: int) -> dict[str, Any]:
    presence = one.presence
    task = presence.task if presence.task and presence.task.project_id == project_id else None
    return {
        "pid": presence.pid,
        "node": presence.node,
        "queues": [name for name in presence.queues.split(",") if name],
        "task": task.slug if task else None,
        "worker": presence.profile if task else "",
        "held": presence.held,
        "flying": presence.flying,
        "state": one.state,
        "seen_at": presence.seen_at,
    }


def _machines(found: Machines, project_id: int) -> dict[str, Any]:
    database = found.database
    return {
        "hosts": [host(one, project_id) for one in found.hosts],
        "connections": database.connections,
        "most_connections": database.most_connections,
        "longest_transaction_s": database.longest_s,
        "database_bytes": database.size,
        "tables": [
            {
                "name": one.name,
                "rows": one.rows,
                "dead": one.dead,
                "bytes": one.size,
                "vacuumed_at": one.vacuumed_at,
            }
            for one in database.tables
        ],
        "redis_up": found.broker.is_up,
        "redis_bytes": found.broker.bytes,
        "hints": found.broker.hints,
    }
