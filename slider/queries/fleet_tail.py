"""What happened in the last minutes, read from the newest rows alone: as quick with a million items as with ten."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

WINDOW_S = 300.0
NEWEST = 5_000  # rows of each table that are looked at; more than that in the window, and the window is shorter


@dataclass(frozen=True, slots=True)
class Moved:
    """The moves of one task's items, by (from, to), and results that were delivered, with the seconds they took."""

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    window_s: float = WINDOW_S

    def per_minute(self, *pairs: tuple[str, str]) -> float:
        return sum(self.moves[pair] for pair in pairs) / self.window_s * 60


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of one worker version: by outcome, their tokens, and how long they took."""

    outcomes: Counter[str]
    tokens: int
    p50_ms: float
    p95_ms: float
    window_s: float

    @property
    def count(self) -> int:
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        return self.count - self.outcomes["answered"]

    @property
    def per_minute(self) -> float:
        return self.count / self.window_s * 60

    @property
    def tokens_per_minute(self) -> float:
        return self.tokens / self.window_s * 60


_MOVES = """
WITH tail AS MATERIALIZED (SELECT item_id, from_state, to_state, at FROM slider_move ORDER BY id DESC LIMIT %(newest)s),
recent AS (SELECT * FROM tail WHERE at > clock_timestamp() - %(window_s)s * interval '1 second'),
span AS (
    SELECT CASE WHEN count(*) = %(newest)s
           THEN greatest(1, extract(epoch FROM clock_timestamp() - min(at))) ELSE %(window_s)s END AS s FROM recent
)
SELECT i.task_id, m.from_state, m.to_state, count(*), (SELECT s FROM span)::float8
FROM recent m JOIN slider_item i ON i.id = m.item_id WHERE i.task_id = ANY(%(tasks)s) GROUP BY 1, 2, 3
"""

_CALLS = """
WITH tail AS MATERIALIZED (
    SELECT worker_id, outcome, tokens_in + tokens_out AS tokens, latency_ms, created_at
    FROM slider_attempt ORDER BY id DESC LIMIT %(newest)s
), recent AS (SELECT * FROM tail WHERE created_at > clock_timestamp() - %(window_s)s * interval '1 second'),
span AS (
    SELECT CASE WHEN count(*) = %(newest)s
           THEN greatest(1, extract(epoch FROM clock_timestamp() - min(created_at))) ELSE %(window_s)s END AS s
    FROM recent
), counted AS (SELECT worker_id, outcome, count(*) AS n FROM recent GROUP BY 1, 2)
SELECT r.worker_id, sum(r.tokens)::bigint,
       percentile_cont(.5) WITHIN GROUP (ORDER BY r.latency_ms),
       percentile_cont(.95) WITHIN GROUP (ORDER BY r.latency_ms),
       (SELECT s FROM span)::float8,
       (SELECT json_object_agg(c.outcome, c.n) FROM counted c WHERE c.worker_id = r.worker_id)
FROM recent r JOIN slider_worker w ON w.id = r.worker_id WHERE w.task_id = ANY(%(tasks)s) GROUP BY r.worker_id
"""

_SENT = """
SELECT e.task_id, count(*) FROM (
    SELECT endpoint_id, reason, at FROM slider_try ORDER BY id DESC LIMIT %(newest)s
) AS tail JOIN slider_endpoint e ON e.id = tail.endpoint_id
WHERE tail.reason = '' AND tail.at > clock_timestamp() - %(window_s)s * interval '1 second'
  AND e.task_id = ANY(%(tasks)s)
GROUP BY 1
"""


def moves(task_ids: Sequence[int]) -> dict[int, Moved]:
    """What the items of each task did lately; a task where nothing moved is absent."""
    found: dict[int, Moved] = {}
    for task_id, before, after, count, window_s in _rows(_MOVES, task_ids):
        one = found.setdefault(task_id, Moved(window_s=window_s))
        one.moves[(before, after)] = count
    return found


def calls(task_ids: Sequence[int]) -> dict[int, Calls]:
    """The calls of each worker version lately, by the version's id."""
    return {
        worker_id: Calls(Counter(outcomes), tokens, p50, p95, window_s)
        for worker_id, tokens, p50, p95, window_s, outcomes in _rows(_CALLS, task_ids)
    }


def sent(task_ids: Sequence[int]) -> dict[int, float]:
    """How many parcels of each task were delivered a minute, among the newest tries."""
    return {task_id: count / WINDOW_S * 60 for task_id, count in _rows(_SENT, task_ids)}


def _rows(statement: str, task_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"newest": NEWEST, "window_s": WINDOW_S, "tasks": list(task_ids)})
        return list(cursor.fetchall())
