"""The breakers of the models' endpoints, shared by all processes: open while one does not answer, then probed.

Failures are counted in PostgreSQL, and only failures: while an endpoint answers, nothing is written here at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import connection

from slider.llm.records import Outcome

log = structlog.get_logger(__name__)
OPENS_AT = 40
FAILURE, DOUBT = 5, 2  # eight failures in a row open it, or twenty refusals or answers that nobody can read
FIRST_PROBE_S = 0.5
LONGEST_PROBE_WAIT_S = 4.0
PROBE_S = 4.0  # so long a probe is alone: an endpoint that hangs must not keep the next probe from finding it well
LONGEST_QUIET_S = 60.0
_FAILURES = frozenset({Outcome.TIMEOUT, Outcome.SERVER_ERROR, Outcome.CONNECTION_LOST, Outcome.BAD_RESPONSE})
# Who says that it has too much to do is alive: first the throttle gives way.
_DOUBTS = frozenset({Outcome.RATE_LIMITED, Outcome.EMPTY, Outcome.MALFORMED, Outcome.SCHEMA_BROKEN})
# A wrong key or model name has its own place, the worker's `trouble`: it says nothing of the endpoint.
_SILENT = frozenset({Outcome.UNAUTHORISED, Outcome.UNKNOWN_MODEL})


@dataclass(frozen=True, slots=True)
class Key:
    """What a breaker stands for."""

    base_url: str
    model: str
    key_name: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A breaker as it stands; `quiet_s` is how long the endpoint still wants to be left alone."""

    opened_at: datetime | None = None
    open_s: float = 0.0
    points: int = 0
    quiet_s: float = 0.0
    apart: bool = False
    reason: str = ""

    @property
    def open(self) -> bool:
        return self.opened_at is not None


@dataclass(frozen=True, slots=True)
class News:
    """How one call ended."""

    outcome: Outcome
    detail: str = ""
    retry_after_s: float | None = None
    probe: bool = False

    @property
    def weight(self) -> int:
        return FAILURE if self.outcome in _FAILURES else DOUBT if self.outcome in _DOUBTS else 0

    def counted(self, points: int) -> int:
        """The points of failures in a row, with this one."""
        return points if self.outcome in _SILENT else points + self.weight if self.weight else 0


_ROW = "base_url = %(base_url)s AND model = %(model)s AND key_name = %(key_name)s"


def _named(key: Key) -> dict[str, str | float]:
    return {"base_url": key.base_url, "model": key.model, "key_name": key.key_name}


def _run(statement: str, key: Key, **values: str | float) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, _named(key) | values)
        return list(cursor.fetchall()) if cursor.description else []


def look(key: Key) -> Standing:
    """The breaker as it stands; one that was never heard of is closed."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT opened_at, coalesce(extract(epoch FROM clock_timestamp() - opened_at), 0)::float8, points,
                   greatest(0, coalesce(extract(epoch FROM quiet_until - clock_timestamp()), 0))::float8, apart, reason
            FROM slider_circuit WHERE {_ROW}
            """,  # noqa: S608  # the condition is the constant above
            _named(key),
        )
        row = cursor.fetchone()
    return Standing() if row is None else Standing(*row)


def note(key: Key, news: Sequence[News], *, known: Standing) -> bool:
    """Count how calls ended, in that order; True when the breaker is open afterwards.

    An answer closes it, whoever got it. `known` is how it stood lately: where all was well and is, nothing is written.
    """
    heard = [one for one in news if one.outcome not in _SILENT]
    last_good = max((place for place, one in enumerate(heard) if not one.weight), default=-1)
    if last_good >= 0 and (known.open or known.points):
        _close(key)
    is_open = known.open and last_good < 0
    if failed := heard[last_good + 1 :]:
        is_open = _fail(key, failed)
    return is_open


def probe(key: Key) -> bool:
    """The right to ask an open endpoint once; for `PROBE_S` nobody else gets it, on any host."""
    return bool(
        _run(
            f"""
            UPDATE slider_circuit SET probing_until = clock_timestamp() + %(for_s)s * interval '1 second'
            WHERE {_ROW} AND opened_at IS NOT NULL AND probe_at <= clock_timestamp()
              AND (probing_until IS NULL OR probing_until < clock_timestamp())
              AND (quiet_until IS NULL OR quiet_until < clock_timestamp())
            RETURNING id
            """,  # noqa: S608
            key,
            for_s=PROBE_S,
        )
    )


def give_back(key: Key) -> None:
    """The right to probe was not used: the next who asks gets it. One that ran out meanwhile may be another's by now:
    that costs one probe more.
    """
    _run(f"UPDATE slider_circuit SET probing_until = NULL WHERE {_ROW}", key)  # noqa: S608


def takes_one_sample(key: Key) -> None:
    """Remember that this endpoint gives one sample a call, whatever it is asked for."""
    _run(
        """
        INSERT INTO slider_circuit (base_url, model, key_name, points, reason, probes, apart)
        VALUES (%(base_url)s, %(model)s, %(key_name)s, 0, '', 0, true)
        ON CONFLICT (base_url, model, key_name) DO UPDATE SET apart = true
        """,
        key,
    )


def _close(key: Key) -> None:
    closed = _run(
        f"""
        WITH was AS (SELECT id, opened_at FROM slider_circuit WHERE {_ROW} FOR UPDATE)
        UPDATE slider_circuit c SET points = 0, opened_at = NULL, probe_at = NULL, probing_until = NULL, probes = 0
        FROM was WHERE c.id = was.id RETURNING was.opened_at
        """,  # noqa: S608
        key,
    )
    if closed and closed[0][0] is not None:
        log.info("endpoint answers again", model=key.model, base_url=key.base_url, since=str(closed[0][0]))


def _fail(key: Key, failed: Sequence[News]) -> bool:
    """Add failures up; open the breaker when they are enough, and wait longer after a probe that failed."""
    quiet_s = min(LONGEST_QUIET_S, max((one.retry_after_s or 0.0 for one in failed), default=0.0))
    _run(
        """
        INSERT INTO slider_circuit AS c (base_url, model, key_name, points, reason, quiet_until, probes, apart)
        VALUES (%(base_url)s, %(model)s, %(key_name)s, %(points)s, %(reason)s,
                CASE WHEN %(quiet_s)s > 0 THEN clock_timestamp() + %(quiet_s)s * interval '1 second' END, 0, false)
        ON CONFLICT (base_url, model, key_name) DO UPDATE SET
            points = least(c.points + excluded.points, 1000000), reason = excluded.reason,
            quiet_until = greatest(c.quiet_until, excluded.quiet_until)
        """,
        key,
        points=sum(one.weight for one in failed),
        reason=failed[-1].detail[:300],
        quiet_s=quiet_s,
    )
    opened = _run(
        f"""
        UPDATE slider_circuit SET opened_at = clock_timestamp(),
            probe_at = clock_timestamp() + %(first_s)s * interval '1 second'
        WHERE {_ROW} AND points >= %(opens_at)s AND opened_at IS NULL RETURNING id
        """,  # noqa: S608
        key,
        first_s=FIRST_PROBE_S,
        opens_at=OPENS_AT,
    )
    if opened:
        log.warning("endpoint does not answer", model=key.model, base_url=key.base_url, last=failed[-1].detail[:200])
    if not opened and any(one.probe for one in failed):
        _wait_longer(key)
    return look(key).open


def _wait_longer(key: Key) -> None:
    """The next probe goes half a second later than this one did, then one, two, four."""
    _run(
        f"""
        UPDATE slider_circuit SET probes = probes + 1, probing_until = NULL, probe_at = clock_timestamp()
            + least(%(longest_s)s, %(first_s)s * 2.0 ^ least(probes, 20)) * interval '1 second'
        WHERE {_ROW} AND opened_at IS NOT NULL
        """,  # noqa: S608
        key,
        first_s=FIRST_PROBE_S,
        longest_s=LONGEST_PROBE_WAIT_S,
    )
