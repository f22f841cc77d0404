"""Signs of life: what each process of the fleet says of itself, and when the sweep and the guard last ran."""

from dataclasses import dataclass

from django.db import connection

FORGOTTEN_S = 3600  # so long a process that fell silent is still shown


@dataclass(frozen=True, slots=True)
class Life:
    """What a process says of itself; `task_id` and `profile` are what it pumps right now."""

    host: str
    pid: int
    node: str = ""
    queues: str = ""
    task_id: int | None = None
    profile: str = ""
    held: int = 0
    flying: int = 0


def show(life: Life) -> None:
    """Say that this process lives, by the database's clock. A task that is gone meanwhile is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO slider_presence AS p
                (host, pid, node, queues, task_id, profile, held, flying, started_at, seen_at)
            VALUES (%(host)s, %(pid)s, %(node)s, %(queues)s, (SELECT id FROM slider_task WHERE id = %(task)s),
                    %(profile)s, %(held)s, %(flying)s, clock_timestamp(), clock_timestamp())
            ON CONFLICT (host, pid) DO UPDATE SET
                node = excluded.node, queues = excluded.queues, task_id = excluded.task_id,
                profile = excluded.profile, held = excluded.held, flying = excluded.flying,
                seen_at = excluded.seen_at
            """,
            {
                "host": life.host[:255],
                "pid": life.pid,
                "node": life.node[:255],
                "queues": life.queues[:120],
                "task": life.task_id,
                "profile": life.profile[:80],
                "held": life.held,
                "flying": life.flying,
            },
        )


def leave(host: str, pid: int) -> None:
    """A process that ends says so: only one that was killed is missed."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM slider_presence WHERE host = %s AND pid = %s", [host[:255], pid])


def forget() -> int:
    """Take away what fell silent long ago; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM slider_presence WHERE seen_at < clock_timestamp() - %s * interval '1 second'", [FORGOTTEN_S]
        )
        return int(cursor.rowcount)


def sign(name: str) -> None:
    """Say that something which runs now and then has run."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO slider_sign (name, at) VALUES (%s, clock_timestamp())
            ON CONFLICT (name) DO UPDATE SET at = excluded.at
            """,
            [name],
        )
