"""PostgreSQL, Redis, the clocks and the migrations."""

import time
from collections.abc import Iterator

import redis
from django.conf import settings
from django.db import DatabaseError, OperationalError, connection

from slider.checks import postgresql_keeps_what_it_confirms
from slider.management.doctor.finding import Finding, look, well, wrong
from slider.queries import upgrade

_OLDEST = 140000
_APART_LOOK_S, _APART_WRONG_S = 2.0, 30.0


def database() -> Iterator[Finding]:
    """Whether it answers, is new enough, keeps what it confirms, and has its tables."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('server_version_num')::int")
            version, number = cursor.fetchone()
            before = time.time()
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
            (theirs,) = cursor.fetchone()
            ours = (before + time.time()) / 2
    except OperationalError as error:
        words = f"It does not answer: {_line(error)}"
        yield wrong("PostgreSQL", words, "Start it, or mend DATABASE_URL: host, port, name, user and password.")
        return
    if number < _OLDEST:
        yield wrong("PostgreSQL", f"It is version {version}.", "Slider needs 14 or newer: upgrade it.")
    else:
        yield well("PostgreSQL", f"It answers, version {version}.")
    yield clock("PostgreSQL's clock", theirs - ours)
    for message in postgresql_keeps_what_it_confirms(databases=["default"]):
        yield wrong("PostgreSQL's settings", message.msg, message.hint or "")
    yield migrations()


def migrations() -> Finding:
    """Whether the tables are those of this code."""
    try:
        waits = upgrade.waiting()
    except DatabaseError as error:
        return wrong("Migrations", f"They can't be read: {_line(error)}", "See PostgreSQL above.")
    if waits.before:
        names = ", ".join(str(one) for one in waits.before[:3])
        words = f"{len(waits.before)} wait, such as {names}."
        return wrong("Migrations", words, "Run `python -m slider upgrade before`.")
    if waits.after:
        return look("Migrations", f"{len(waits.after)} wait until no older code runs.", "Then: `upgrade after`.")
    return well("Migrations", "All are applied.")


def redis_server() -> Iterator[Finding]:
    """Whether it answers. Without it nothing is lost: hints come late, and calls are not counted."""
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
    try:
        before = time.time()
        seconds, micro = client.time()
        ours = (before + time.time()) / 2
    except redis.RedisError as error:
        yield wrong("Redis", f"It does not answer: {_line(error)}", "Start it, or mend REDIS_URL.")
        return
    finally:
        client.close()
    yield well("Redis", "It answers.")
    yield clock("Redis's clock", seconds + micro / 1e6 - ours)


def clock(whose: str, apart_s: float) -> Finding:
    """How far a clock is from this machine's. Leases go by the database's, so small steps are harmless."""
    words = f"It is {abs(apart_s):.1f} s {'ahead of' if apart_s > 0 else 'behind'} this machine's."
    todo = "Let both machines keep their time by NTP (chrony, systemd-timesyncd)."
    if abs(apart_s) >= _APART_WRONG_S:
        return wrong(whose, words, todo)
    if abs(apart_s) >= _APART_LOOK_S:
        return look(whose, words, todo)
    return well(whose, f"It agrees with this machine's to {abs(apart_s):.1f} s.")


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
