"""Whether this process can serve: what the load balancer and the operator ask, by names alone."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import redis
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Min
from psycopg.errors import IdleInTransactionSessionTimeout

from slider.models import Gauge
from slider.queries import clock, endpoints, upgrade


def broke_off(error: Exception) -> bool:
    """Whether PostgreSQL was away, busy, or ended a transaction that idled (whoever asked was frozen in it)."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    return isinstance(error.__cause__, IdleInTransactionSessionTimeout)


@dataclass(frozen=True, slots=True)
class Readiness:
    """One word a part; `ok` needs the database and its migrations, the rest is information."""

    database: str
    migrations: str
    redis: str
    guard: str
    endpoints: str

    @property
    def ok(self) -> bool:
        return self.database == "ok" and self.migrations == "ok"


def readiness() -> Readiness:
    """Ask each part once."""
    try:
        waiting = _wanted() - set(MigrationRecorder(connection).applied_migrations())
        guard, models = ("unknown", "unknown") if waiting else (_guard(), _endpoints())
    except OperationalError:
        return Readiness(database="away", migrations="unknown", redis=_redis(), guard="unknown", endpoints="unknown")
    return Readiness("ok", "waiting" if waiting else "ok", _redis(), guard, models)


@cache
def _wanted() -> frozenset[tuple[str, str]]:
    """The migrations that this code needs, and not those for after it has come. They can't change while it lives."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    return frozenset(name for name, found in (loader.disk_migrations or {}).items() if not upgrade.is_after(found))


def _redis() -> str:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        return "away"
    finally:
        client.close()
    return "ok"


def _guard() -> str:
    limit = timedelta(seconds=settings.ENV.SLIDER_GUARD_TTL_S)
    oldest = Gauge.objects.aggregate(oldest=Min("checked_at"))["oldest"]
    if oldest is None:
        return "no tasks"
    return "stale" if clock.now() - oldest > limit else "ok"


def _endpoints() -> str:
    """Whether the models' endpoints answer; it is information, as a load balancer can't mend them."""
    count = endpoints.out()
    return f"{count} out" if count else "ok"
