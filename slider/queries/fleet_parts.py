"""Signs of life and strain of what the fleet stands on: PostgreSQL, Redis, the sweep, and the guard."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import redis
from django.conf import settings
from django.db import connection

from slider.celery import QUEUES
from slider.models import Gauge, Sign

LONG_S = 60.0  # a transaction that is open for longer keeps dead rows alive
_TABLES = 8
_REDIS_S = 0.5


@dataclass(frozen=True, slots=True)
class Session:
    """An open transaction. What it asks for is left out: statements may hold contents of items."""

    pid: int
    name: str
    state: str
    age_s: float


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    rows: int
    dead: int
    size: int
    vacuumed_at: datetime | None

    @property
    def dead_share(self) -> float:
        return self.dead / max(1, self.rows + self.dead)


@dataclass(frozen=True, slots=True)
class Database:
    connections: int
    most_connections: int
    sessions: Sequence[Session]
    tables: Sequence[Table]
    longest_s: float
    size: int


@dataclass(frozen=True, slots=True)
class Broker:
    """Redis; `hints` are those that wait by queue, None while it is away."""

    is_up: bool
    hints: dict[str, int] = field(default_factory=dict)
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Signs:
    """Seconds since something last ran, by the database's clock; None: never."""

    sweep_s: float | None
    guard_s: float | None
    guard_oldest_s: float | None  # of the task that the guard has not tended for longest


def database() -> Database:
    """What PostgreSQL says of itself; other people's sessions need the role pg_read_all_stats to be seen."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pid, coalesce(nullif(application_name, ''), usename, backend_type), coalesce(state, ''),
                   extract(epoch FROM clock_timestamp() - xact_start)::float8
            FROM pg_stat_activity
            WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND datname = current_database()
            ORDER BY xact_start LIMIT 20
            """
        )
        sessions = [Session(*row) for row in cursor.fetchall()]
        cursor.execute(
            """
            SELECT relname, n_live_tup, n_dead_tup, pg_total_relation_size(relid),
                   greatest(last_vacuum, last_autovacuum)
            FROM pg_stat_user_tables WHERE relname LIKE 'slider\\_%%'
            ORDER BY 4 DESC, 1 LIMIT %s
            """,
            [_TABLES],
        )
        tables = [Table(name.removeprefix("slider_"), *rest) for name, *rest in cursor.fetchall()]
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
                   current_setting('max_connections')::int, pg_database_size(current_database())
            """
        )
        used, most, size = cursor.fetchone()
    longest = max((session.age_s for session in sessions), default=0.0)
    long = [session for session in sessions if session.age_s >= LONG_S]
    return Database(used, most, long, tables, longest, size)


def broker() -> Broker:
    """Ask Redis, and wait for it half a second at most."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=_REDIS_S, socket_connect_timeout=_REDIS_S)
    try:
        hints = {name: int(client.llen(name)) for name in QUEUES}
        used = int(client.info("memory").get("used_memory", 0))
    except redis.RedisError:
        return Broker(is_up=False)
    finally:
        client.close()
    return Broker(True, hints, used)


def signs(task_ids: Sequence[int] | None = None) -> Signs:
    """When the sweep and the guard last ran, and the task whose gauge was tended longest ago."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    ran = {sign.name: (now - sign.at).total_seconds() for sign in Sign.objects.all()}
    gauges = Gauge.objects.all() if task_ids is None else Gauge.objects.filter(pk__in=task_ids)
    oldest = gauges.order_by("checked_at").values_list("checked_at", flat=True).first()
    return Signs(ran.get("sweep"), ran.get("guard"), None if oldest is None else (now - oldest).total_seconds())
