"""What lasts: the memory of a worker process after many items, and what an item costs beside a million others."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import connection, transaction

from bench import question, report, usage, ways
from bench.place import Place

PIECE = 10_000  # so many items come in at a time: the queue is not what is measured here
_FILL = """
WITH made AS (
    INSERT INTO slider_item (task_id, external_id, state, priority, tries, token, run_at, created_at, finished_at)
    SELECT %(task)s, 'fill-' || n, CASE WHEN n %% 4 > 0 THEN 'done' ELSE 'ready' END, 0,
           (n %% 4 > 0)::int, (n %% 4 > 0)::int, now() + (n %% 4 = 0)::int * interval '1 day', now(),
           CASE WHEN n %% 4 > 0 THEN now() END
    FROM generate_series(%(first)s::int, %(last)s::int) AS rows(n) RETURNING id
)
INSERT INTO slider_payload (item_id, body, sha256, origin)
SELECT id, %(body)s::jsonb || jsonb_build_object('orders', id %% 7), sha256(id::text::bytea), 'the bench' FROM made
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an item cost beside so many rows. CPU is in milliseconds an item."""

    turn: int
    rows: int
    cpu_ms: float
    postgres_ms: float
    rate: float


def memory(place: Place, mode: report.Mode, *, items: int) -> Iterator[tuple[int, float]]:
    """Items done so far by one process, and its memory in MB, piece after piece."""
    way = ways.Pump(place, mode)
    with place.worker("pump", app="slider.celery", queue="work", processes=1) as worker:
        for piece in range(items // PIECE):
            way.go(piece, PIECE, worker)
            yield (piece + 1) * PIECE, usage.rss_mb(worker.pid)


def beside(place: Place, mode: report.Mode, *, rows: Sequence[int], rounds: int, items: int) -> Iterator[Cost]:
    """Rounds in turns: each size has a task of its own, whose other rows are done or wait for tomorrow."""
    sized = {size: ways.Pump(place, mode, beside=size) for size in rows}
    for size, way in sized.items():
        fill(way.task.pk, size)
    for turn in range(1, rounds + 1):
        for size, way in sized.items():
            run = way.run(turn, items)
            yield Cost(turn, size, 1000 * run.cpu_s / items, 1000 * run.postgres_cpu_s / items, run.rate)


def fill(task_id: int, rows: int) -> None:
    """Three of four rows are done, the others wait for tomorrow."""
    body = next(question.bodies(1))
    step = 100_000
    for first in range(1, rows + 1, step):
        with transaction.atomic(), connection.cursor() as cursor:
            # Items are born ready, and these are done already: their triggers sleep.
            cursor.execute("SET LOCAL session_replication_role = replica; SET LOCAL statement_timeout = 0")
            last = min(rows, first + step - 1)
            values: dict[str, Any] = {"task": task_id, "first": first, "last": last, "body": json.dumps(body)}
            cursor.execute(_FILL, values)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE slider_item, slider_payload")
        cursor.execute("RESET statement_timeout")


def table(costs: Sequence[Cost]) -> Iterator[str]:
    """One row a size; the ratio is to the smallest of the same round."""
    yield "| rows of the task | worker CPU ms/item | PostgreSQL CPU ms/item | ratio of both to the first row |"
    yield "|--:|--:|--:|--:|"
    sizes = sorted({cost.rows for cost in costs})
    least = {cost.turn: cost.cpu_ms + cost.postgres_ms for cost in costs if cost.rows == sizes[0]}
    for size in sizes:
        mine = [cost for cost in costs if cost.rows == size]
        ratio = report.shown([(c.cpu_ms + c.postgres_ms) / least[c.turn] for c in mine], 2)
        cpu, postgres = (report.shown([getattr(c, name) for c in mine], 2) for name in ("cpu_ms", "postgres_ms"))
        yield f"| {size:,} | {cpu} | {postgres} | {ratio} |"


def document(costs: Sequence[Cost]) -> list[dict[str, object]]:
    return [asdict(cost) for cost in costs]
