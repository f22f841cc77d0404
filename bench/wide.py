"""`python -m bench.wide`: many worker processes against a slow endpoint, with very many calls in the air together.

The processes are real pumps, each with an asyncio loop, connections and seats of its own, spread over a few Celery
workers; what they agree on stands in PostgreSQL and Redis, so that it makes no difference to them that they share a
machine. What does make one is its CPU, on which the endpoint and PostgreSQL run as well: the same calls in the air at
longer latencies ask for fewer a second, and tell the two limits apart.
"""

import argparse
import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING

from bench.place import Place, place, set_up, wait_until

if TYPE_CHECKING:
    from slider.embedded import Child

TOKENS = 500
A_PROCESS = 6  # connections to PostgreSQL: three threads of a pump, its ears, its sign of life, and one to spare
BESIDE = 30  # those of the hands, the Celery workers' bells, and the bench
LOOK_S = 0.2
OWN = {"SLIDER_LINGER_S": "3", "SLIDER_SHIFT_S": "600"}
FEASIBLE = 1_200  # items a second that no machine of two cores goes beyond: more need not wait
RETRIED = "postgresql did not answer, trying again"


@dataclass(frozen=True, slots=True)
class Seen:
    """One latency. Rates are a second; CPU is in cores."""

    latency_s: float
    workers: int
    in_flight: int
    seconds: float
    ideal: float
    items: float
    air: float  # calls that the endpoint held, on the mean
    claims: float  # statements that took at least one item
    claimed: float  # items a claim
    statements: float
    transactions: float
    connections: int
    waiting: float  # sessions that wait for a lock, on the mean
    retries: float  # transactions that were begun anew, since they waited or idled for too long
    pumps: int
    pumps_cpu: float
    postgres_cpu: float
    endpoint_cpu: float
    hands_cpu: float
    busy: float  # of the whole machine
    memory_mb: float  # of all pumps together


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    with place(connections=A_PROCESS * given.workers + BESIDE) as here:
        set_up()
        found = []
        for latency_s in given.latency:
            found.append(Wide(here, given, latency_s).seen())
            say("\n".join(table(found[-1:])))
    say("\n".join(("", *table(found))))
    if given.json:
        print(json.dumps([asdict(one) for one in found], indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.wide", description=__doc__.partition("\n")[0])
    parser.add_argument("--workers", type=int, default=20, help="Processes that pump.")
    parser.add_argument("--hosts", type=int, default=4, help="Celery workers among which they are spread.")
    parser.add_argument("--in-flight", type=int, default=2000)
    parser.add_argument("--latency", type=float, nargs="+", default=[1.0, 5.0, 20.0], help="Seconds a call takes.")
    parser.add_argument("--warm", type=float, default=15.0, help="Seconds before that, beside two latencies.")
    parser.add_argument("--seconds", type=float, default=30.0, help="How long is measured, once all is in the air.")
    parser.add_argument("--json", action="store_true", help="Print the figures; the tables go to standard error.")
    given = parser.parse_args(arguments)
    if given.workers < given.hosts or given.hosts < 1 or not given.workers <= given.in_flight <= 2000:
        parser.error("at least one worker a host, and one call but at most 2,000 in the air for the workers")
    if min(given.latency) < 0.05 or given.seconds < 1:
        parser.error("a latency of at least 0.05 s, and at least one second to measure")
    return given


class Wide:
    """One latency: items in, pumps up, and a look at all of it while it runs."""

    def __init__(self, here: Place, given: argparse.Namespace, latency_s: float) -> None:
        from bench import report, ways

        self._here, self._given, self._latency_s = here, given, latency_s
        self._ideal = given.in_flight / latency_s
        self._ramp_s = given.warm + 2 * latency_s
        mode = report.Mode(
            latency_ms=round(1000 * latency_s),
            tokens=TOKENS,
            in_flight=given.in_flight,
            items=0,
            items_plain=0,
            logprobs=False,
        )
        self._way = ways.Pump(here, mode, processes=given.workers)

    def seen(self) -> Seen:
        from slider.models import Item, State, Task

        self._fill()
        with self._fleet() as (pumps, hands):
            self._wait(pumps[0])
            found = self._measured(pumps, hands)
            if not Item.objects.filter(task=self._way.task, state=State.READY).exists():
                raise RuntimeError("No item waits any more: what was measured at the end was their lack.")
        Task.objects.filter(pk=self._way.task.pk).update(paused=True)  # what is left of it is not the next one's
        return found

    def _fill(self) -> None:
        """More items than can be done: a second pump comes only where as many wait as may be in the air."""
        from bench import question
        from slider.flow import guard, intake

        wanted = round(
            2 * self._given.in_flight + min(self._ideal, FEASIBLE) * (self._ramp_s + self._given.seconds + 5)
        )
        bodies = question.bodies(wanted)
        for _ in range(0, wanted, 1000):
            rows = [intake.Row(body) for body in islice(bodies, 1000)]
            intake.add(self._way.task, rows, origin="the bench")
        guard.tend(self._way.task.pk)

    @contextmanager
    def _fleet(self) -> Iterator[tuple[list["Child"], "Child"]]:
        hosts, rest = self._given.hosts, self._given.workers
        schedule = ("--beat", f"--schedule={self._here.folder}/beat")
        with ExitStack() as stack:
            pumps = []
            for host in range(hosts):
                mine = rest // (hosts - host)
                rest -= mine
                started = self._here.worker(f"pump{host}", app="slider.celery", queue="work", processes=mine, env=OWN)
                pumps.append(stack.enter_context(started))
            hands = self._here.worker(
                "hands", app="slider.celery", queue="sweep,guard", processes=2, options=schedule, env=OWN
            )
            yield pumps, stack.enter_context(hands)

    def _wait(self, child: "Child") -> None:
        """Until every process pumps, and then for as long as it takes the calls to spread over the latency."""
        from slider import models

        alive = models.Pump.objects.filter(task=self._way.task, ended_at=None)
        wait_until(lambda: alive.count() >= self._given.workers, child=child, limit_s=120)
        time.sleep(self._ramp_s)

    def _measured(self, pumps: "Sequence[Child]", hands: "Child") -> Seen:
        from bench import statements, usage

        pids = {"postgres": [self._here.postgres], "endpoint": [self._here.endpoint_pid], "hands": [hands.pid]}
        pids["pumps"] = [pump.pid for pump in pumps]
        with statements.sampled(self._here.folder / "log" / "postgres.log") as said:
            cpu = {name: sum(map(usage.cpu_s, them)) for name, them in pids.items()}
            retries, before = self._retries(), self._counts()
            began, idle = time.monotonic(), usage.idle_s()
            connections, waiting, air = self._look(began)
            after, seconds, idle = self._counts(), time.monotonic() - began, usage.idle_s() - idle
            cpu = {name: (sum(map(usage.cpu_s, them)) - cpu[name]) / seconds for name, them in pids.items()}
            asked = said()
            retries = self._retries() - retries
        routed, claims, claimed, transactions, alive = (new - old for new, old in zip(after, before, strict=True))
        return Seen(
            latency_s=self._latency_s,
            workers=self._given.workers,
            in_flight=self._given.in_flight,
            seconds=seconds,
            ideal=self._ideal,
            items=routed / seconds,
            air=air,
            claims=claims / seconds,
            claimed=claimed / claims if claims else 0.0,
            statements=asked / seconds,
            transactions=transactions / seconds,
            connections=connections,
            waiting=waiting,
            retries=retries / seconds,
            pumps=self._given.workers + alive,
            pumps_cpu=cpu["pumps"],
            postgres_cpu=cpu["postgres"],
            endpoint_cpu=cpu["endpoint"],
            hands_cpu=cpu["hands"],
            busy=1 - idle / seconds / (os.cpu_count() or 1),
            memory_mb=sum(usage.whole_mb(pid) for pid in pids["pumps"]),
        )

    def _retries(self) -> int:
        logs = (self._here.folder / "log").glob("pump*.log")
        return sum(log.read_text(errors="replace").count(RETRIED) for log in logs)

    def _look(self, began: float) -> tuple[int, float, float]:
        """The most connections at once, and the means of the sessions that wait and of the calls in the air."""
        from django.db import connection

        connections, waiting, air = 0, [], []
        while time.monotonic() - began < self._given.seconds:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*), count(*) FILTER (WHERE wait_event_type = 'Lock') FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend'"
                )
                now, wait = cursor.fetchone()
                connections = max(connections, now)
                waiting.append(wait)
            with urllib.request.urlopen(f"{self._here.endpoint}/count", timeout=10) as answer:
                air.append(json.load(answer)["held"])
            self._here.check()
            time.sleep(LOOK_S)
        return connections, sum(waiting) / len(waiting), sum(air) / len(air)

    def _counts(self) -> tuple[int, int, int, int, int]:
        """Items routed, claims that took some, items claimed, transactions, and pumps beyond those asked for."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT (SELECT routed FROM slider_gauge WHERE task_id = %(task)s),
                       count(DISTINCT m.xmin::text), count(*),
                       (SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()),
                       (SELECT count(*) - %(pumps)s FROM slider_pump WHERE task_id = %(task)s AND ended_at IS NULL)
                FROM slider_move m JOIN slider_item i ON i.id = m.item_id
                WHERE i.task_id = %(task)s AND m.to_state = 'working'
                """,
                {"task": self._way.task.pk, "pumps": self._given.workers},
            )
            row: tuple[int, int, int, int, int] = cursor.fetchone()
            return row


def table(found: Sequence[Seen]) -> Iterator[str]:
    """The figures as Markdown."""
    yield (
        "| latency s | ideal/s | items/s | of the ideal | in the air | claims/s | items a claim | statements/s "
        "| transactions/s | connections | waiting for a lock | begun anew/s | cores: pumps | PostgreSQL | endpoint "
        "| hands | machine busy | pumps MB |"
    )
    yield f"|{'--:|' * 18}"
    for one in found:
        cells = [f"{one.latency_s:g}", f"{one.ideal:,.0f}", f"{one.items:,.0f}", f"{one.items / one.ideal:.0%}"]
        cells += [f"{one.air:,.0f}", f"{one.claims:.1f}", f"{one.claimed:.1f}", f"{one.statements:,.0f}"]
        cells += [f"{one.transactions:,.0f}", str(one.connections), f"{one.waiting:.1f}", f"{one.retries:.1f}"]
        cells += [f"{cores:.2f}" for cores in (one.pumps_cpu, one.postgres_cpu, one.endpoint_cpu, one.hands_cpu)]
        yield f"| {' | '.join(cells)} | {one.busy:.0%} | {one.memory_mb:,.0f} |"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
