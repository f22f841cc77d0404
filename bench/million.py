"""`python -m bench.million`: very many items through intake, queue, workers and guard, with an endpoint at no latency.

Everything is as a site has it: pumps, hands with their beat, PostgreSQL safe against a crash. Items come in by the same
call as from the API and from files, a thousand at a time, ahead of the pumps and beside them: their cost is part of
every figure. Nobody decides the looks that people would get, so they stay open, as behind a desk that is far behind.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.place import Place, place, set_up, wait_until
from bench.tenths import Found, Mark, document, table

if TYPE_CHECKING:
    from bench import ways
    from slider.embedded import Child

PARTS = 10
IN_FLIGHT = 100
BATCH = 1000
WARM_ITEMS = 300  # a process; what it reads and builds once, it has by then
STILL_S = 120.0  # nothing moves for so long: something is wrong
QUEUE = ("slider_item",)
OWN = {"SLIDER_LINGER_S": "3", "SLIDER_SHIFT_S": "30"}  # the settings' own defaults, which other benches change


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    with place() as here:
        set_up()
        found = measured(here, items=given.items, pumps=given.pumps, ahead=given.ahead)
    say("\n".join(table(found)))
    if given.json:
        print(json.dumps(document(found), indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.million", description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--pumps", type=int, default=2, help="Processes that pump.")
    parser.add_argument("--ahead", type=int, default=10_000, help="So many items may wait for a worker at most.")
    parser.add_argument("--json", action="store_true", help="Print the figures; the tables go to standard error.")
    given = parser.parse_args(arguments)
    if given.items < PARTS or given.pumps < 1 or given.ahead < BATCH:
        parser.error(f"at least {PARTS} items, one pump, and {BATCH} items ahead")
    return given


def measured(here: Place, *, items: int, pumps: int, ahead: int) -> Found:
    from bench import growth, report, ways

    mode = report.Mode(latency_ms=0, tokens=20, in_flight=IN_FLIGHT, items=items, items_plain=0, logprobs=True)
    way = ways.Pump(here, mode, processes=pumps)
    run = Run(here, way, items=items, ahead=ahead)
    with _fleet(here, pumps) as (pumping, hands):
        run.warm(pumping, WARM_ITEMS * pumps)
        marks = list(run.marks(pumping, hands))
    way.check(items, first=run.first)
    return Found(items, pumps, tuple(marks), tuple(growth.tables()), tuple(growth.indexes()))


@contextmanager
def _fleet(here: Place, pumps: int) -> Iterator[tuple["Child", "Child"]]:
    schedule = ("--beat", f"--schedule={here.folder}/beat")
    with (
        here.worker("pump", app="slider.celery", queue="work", processes=pumps, env=OWN) as pumping,
        here.worker("hands", app="slider.celery", queue="sweep,guard", processes=2, options=schedule, env=OWN) as hands,
    ):
        yield pumping, hands


class Run:
    """Feeds the items in and looks on."""

    def __init__(self, here: Place, way: "ways.Pump", *, items: int, ahead: int) -> None:
        from bench import question
        from slider.flow import guard

        self._here, self._way = here, way
        self._items, self._ahead = items, ahead
        self._bodies = question.bodies(items)
        self._sent = self._before = self._dead_most = 0
        self.first = 0
        guard.tend(way.task.pk)  # what comes in before the hands' first round would all go to people

    def warm(self, pumping: "Child", items: int) -> None:
        from bench import question
        from slider.flow import intake

        intake.add(self._way.task, [intake.Row(body) for body in question.bodies(items)], origin="the bench")
        wait_until(lambda: self._routed() >= items, child=pumping)
        self._before = items

    def marks(self, pumping: "Child", hands: "Child") -> Iterator[Mark]:
        """One before the first item, and one at the end of each tenth."""
        yield self._mark(pumping, hands, 0)
        wanted, moved_at, last = 1, time.monotonic(), 0
        while wanted <= PARTS:
            fed = self._feed(last)
            done = self._routed() - self._before
            if done > last:
                last, moved_at = done, time.monotonic()
            elif time.monotonic() - moved_at > STILL_S:
                raise RuntimeError(f"{done} of {self._items} items are done, and none more in {STILL_S:.0f} s.")
            self._here.check()
            self._look()
            while wanted <= PARTS and done >= wanted * self._items // PARTS:
                yield self._mark(pumping, hands, done)
                wanted = done * PARTS // self._items + 1
            if not fed:
                time.sleep(0.02)

    def _feed(self, done: int) -> bool:
        """Let one more batch in, if it may come already."""
        from slider.flow import intake

        many = min(BATCH, self._items - self._sent)
        if many < 1 or self._sent - done > self._ahead - BATCH:
            return False
        rows = [intake.Row(next(self._bodies), external_id=f"no-{self._sent + n}") for n in range(many)]
        arrivals = intake.add(self._way.task, rows, origin="the bench")
        self.first = self.first or arrivals[0].item_id or 0
        self._sent += many
        return True

    def _routed(self) -> int:
        from slider.models import Gauge

        return Gauge.objects.values_list("routed", flat=True).get(pk=self._way.task.pk)

    def _look(self) -> None:
        from bench import growth

        self._dead_most = max(self._dead_most, growth.vacuumed(QUEUE)[0])

    def _mark(self, pumping: "Child", hands: "Child", done: int) -> Mark:
        from bench import growth, usage

        dead, vacuums = growth.vacuumed(QUEUE)
        most, self._dead_most = max(dead, self._dead_most), 0
        mark = Mark(
            items=done,
            at_s=time.monotonic(),
            pumps_s=usage.cpu_s(pumping.pid),
            postgres_s=usage.cpu_s(self._here.postgres),
            intake_s=time.process_time(),
            hands_s=usage.cpu_s(hands.pid),
            endpoint_s=usage.cpu_s(self._here.endpoint_pid),
            database=growth.database_bytes(),
            wal=growth.wal_bytes(),
            dead=dead,
            dead_most=most,
            vacuums=vacuums,
        )
        say(
            f"{done:,} of {self._items:,} items; the database has {mark.database / 1e6:,.0f} MB, "
            f"the queue {dead:,} dead rows"
        )
        return mark


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
