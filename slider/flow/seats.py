"""How many calls at once each pump of a worker may have in the air, so that all hosts together keep to the worker's.

Every pump holds a seat with its part. Parts are given out under one lock and their sum never exceeds the limit: who
comes later waits until the others, told their fair part, have shrunk to it. A seat lives as long as its pump's session
holds an advisory lock or has shown life a moment ago, so what a killed pump held is free again within seconds.
"""

from dataclasses import dataclass

from django.db import connection, transaction

LOST_S = 5.0  # a seat without its session and without a sign of life for so long is nobody's
_PARTS, _LIFE = 7_304, 7_305  # the advisory locks' own number spaces


@dataclass(frozen=True, slots=True)
class Part:
    """A pump's seat: `calls` are its own, `fair` is what it may begin up to, of `most` in all; `first` is one pump."""

    seat: int
    calls: int
    fair: int
    most: int
    first: bool

    @property
    def limit(self) -> int:
        """How many calls this pump may have in the air."""
        return min(self.calls, self.fair)

    @property
    def share(self) -> float:
        """Its share (0-1) of whatever else the worker has to divide: rates, money. All shares sum up to 1 at most."""
        return self.limit / self.most


def renew(seat: int | None, *, task_id: int, name: str, most: int, holding: int) -> Part:
    """Take a seat, or show life at one's own; `holding` calls are in the air or may begin before this returns.

    Call it again and again from one and the same connection, which keeps the seat alive.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_PARTS, f"{task_id}:{name}"])
        _clear(task_id, name)
        cursor.execute(
            "SELECT id, calls FROM slider_seat WHERE task_id = %s AND name = %s ORDER BY id", [task_id, name]
        )
        others = dict(cursor.fetchall())
        own = others.pop(seat, 0) if seat is not None else 0
        if seat is None or not own:
            seat = _sit(seat, task_id, name)
        place, pumps = sum(1 for one in others if one < seat), len(others) + 1
        fair = most // pumps + (place < most % pumps)
        free = max(0, most - sum(others.values()))
        calls = max(fair, min(own, holding)) if own > fair else min(fair, free)
        cursor.execute(
            "UPDATE slider_seat SET calls = %s, seen_at = clock_timestamp() WHERE id = %s RETURNING id", [calls, seat]
        )
    _show_life(seat)
    return Part(seat, calls, fair, most, place == 0)


def leave(seat: int) -> None:
    """Give a seat back: its pump has no call in the air any more."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM slider_seat WHERE id = %s", [seat])


def _sit(seat: int | None, task_id: int, name: str) -> int:
    """A seat's id: the old one where it is still there, else a new one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM slider_seat WHERE id = %s", [seat or 0])
        if cursor.fetchone() is not None and seat is not None:
            return seat
        cursor.execute(
            "INSERT INTO slider_seat (task_id, name, calls) VALUES (%s, %s, 0) RETURNING id", [task_id, name]
        )
        return int(cursor.fetchone()[0])


def _show_life(seat: int) -> None:
    """Hold the seat's lock in this session, once."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT pg_try_advisory_lock(%s, %s) WHERE NOT EXISTS ({_OWN})",
            [*_lock(seat), *_lock(seat)],
        )


def _lock(seat: int) -> tuple[int, int]:
    return _LIFE, seat % 2**31


_HERE = "(SELECT oid FROM pg_database WHERE datname = current_database())"
_OWN = f"""
SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %s AND objid = %s
    AND database = {_HERE} AND pid = pg_backend_pid()
"""
_CLEAR = f"""
DELETE FROM slider_seat s WHERE task_id = %s AND name = %s
    AND seen_at < clock_timestamp() - %s * interval '1 second'
    AND NOT EXISTS (
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %s
            AND objid = (s.id %% 2147483648)::oid AND database = {_HERE}
    )
"""  # noqa: S608


def _clear(task_id: int, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CLEAR, [task_id, name, LOST_S, _LIFE])
