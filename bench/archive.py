"""`python -m bench.archive`: what an item takes on the disk before and after it leaves for the archive, and how fast.

Items are made by the fleet, most of them run unattended, and all are made old at a stroke. The tables are packed tight
before each weighing (VACUUM FULL), so that bytes an item are of rows and indexes alone, and no room between them.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from bench.place import Place, place, set_up, wait_until

TABLES = (
    "slider_item", "slider_payload", "slider_move", "slider_attempt", "slider_score", "slider_decision",
    "slider_review", "slider_publication", "slider_archived",
)  # fmt: skip
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Weighed:
    """Bytes of each table with its indexes."""

    items: int
    archived: int
    words: int
    before: dict[str, int]
    loose: dict[str, int]  # after it, and after a plain VACUUM: what was freed stays with the table, for new rows
    after: dict[str, int]
    seconds: float
    postgres_s: float
    own_s: float

    @property
    def saved(self) -> float:
        """Bytes an archived item takes less."""
        return (sum(self.before.values()) - sum(self.after.values())) / max(1, self.archived)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="bench.archive", description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=50, help="Words of an item's text.")
    parser.add_argument("--json", action="store_true", help="Print the figures; the tables go to standard error.")
    given = parser.parse_args(arguments)
    if given.items < 10:
        parser.error("at least 10 items")
    with place() as here:
        set_up()
        found = weighed(here, items=given.items, words=given.words)
    say("\n".join(table(found)))
    if given.json:
        print(json.dumps(asdict(found) | {"saved": found.saved}, indent=1))


def weighed(here: Place, *, items: int, words: int) -> Weighed:
    from django.db import connection

    from bench import usage
    from slider.flow import archive

    task_id = _made(here, items=items, words=words)
    before = _sizes(tight=True)
    archive.RECENT = 0
    cpu, own, began = usage.cpu_s(here.postgres), time.process_time(), time.monotonic()
    archived = 0
    while task_id in archive.due():
        archived += archive.sweep(limit_s=2.0)
    seconds, cpu, own = time.monotonic() - began, usage.cpu_s(here.postgres) - cpu, time.process_time() - own
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM slider_archived")
        assert cursor.fetchone()[0] == archived
    return Weighed(items, archived, words, before, _sizes(tight=False), _sizes(tight=True), seconds, cpu, own)


def _made(here: Place, *, items: int, words: int) -> int:
    """Items that the fleet has routed, and that are old by now. Looks that nobody had are as if they were decided."""
    from django.db import connection

    from bench import question, report, ways
    from slider.flow import guard, intake, wake
    from slider.models import Gauge, Task

    mode = report.Mode(latency_ms=0, tokens=20, in_flight=100, items=items, items_plain=0, logprobs=True)
    task = ways.Pump(here, mode).task
    bodies = question.bodies(items, words=words)
    for _ in range(0, items, BATCH):
        intake.add(task, [intake.Row(body) for body in islice(bodies, BATCH)], origin="the bench")
    guard.tend(task.pk)

    def is_done() -> bool:
        wake.hint("work", task.pk)
        time.sleep(0.2)
        return Gauge.objects.values_list("routed", flat=True).get(pk=task.pk) >= items

    with here.worker("pump", app="slider.celery", queue="work", processes=2) as worker:
        wait_until(is_done, child=worker, limit_s=60 + items / 100)
    Task.objects.filter(pk=task.pk).update(archive_after_days=30)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE slider_item SET created_at = created_at - interval '31 days', finished_at = finished_at - interval "
            "'31 days' WHERE task_id = %s",
            [task.pk],
        )
    return int(task.pk)


def _sizes(*, tight: bool) -> dict[str, int]:
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for name in TABLES:
            cursor.execute(f"VACUUM {'FULL' if tight else ''} {connection.ops.quote_name(name)}")
            cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [name])
            found[name] = cursor.fetchone()[0]
        cursor.execute("RESET statement_timeout")
    return found


def table(found: Weighed) -> Iterator[str]:
    """The figures as Markdown."""
    yield (
        f"{found.items:,} items with texts of {found.words} words, {found.archived:,} archived: "
        f"{found.archived / found.seconds:,.0f} items/s, {1000 * found.postgres_s / max(1, found.archived):.2f} ms of "
        f"PostgreSQL's CPU and {1000 * found.own_s / max(1, found.archived):.2f} ms of its own an item"
    )
    yield ""
    yield "| table | bytes an item before | after | after, with the room that is free again |"
    yield "|---|--:|--:|--:|"
    for name in TABLES:
        cells = [f"{sizes[name] / found.items:,.0f}" for sizes in (found.before, found.after, found.loose)]
        yield f"| {name} | {' | '.join(cells)} |"
    sums = [f"{sum(sizes.values()) / found.items:,.0f}" for sizes in (found.before, found.after, found.loose)]
    yield f"| **all** | {' | '.join(sums)} |"
    yield ""
    yield f"An archived item takes {found.saved:,.0f} bytes less."


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
