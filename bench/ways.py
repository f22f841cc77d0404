"""The ways to get items answered, each run on demand and measured alike. Django is set up before this is read."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Protocol

from django.db.models import Q

from bench import endpoint, question, report, usage
from bench.peers import plain
from bench.place import HERE, Place, wait_until
from bench.report import Run
from slider import models
from slider.embedded import Child
from slider.flow import guard, intake, setup, wake
from slider.models import (
    Attempt,
    Decision,
    Item,
    Lane,
    Mode,
    Outcome,
    Project,
    Publication,
    Review,
    State,
    Task,
    Worker,
)

SHARE = 0.8  # most items take the longer way: decision, audit draw, result in the outbox
INTAKE_ROWS = 1000
WARM_ITEMS = 300
LONGEST_RUN_S = 900.0
HINT_EVERY_S = 2.0


class Way(Protocol):
    """Gets items answered; `items` is how many it is given a round."""

    name: str
    items: int

    def run(self, turn: int, items: int) -> Run:
        """Answer so many items and say what it took."""


def address(place: Place, mode: report.Mode) -> str:
    """The endpoint of this mode."""
    alternatives = question.TOP_LOGPROBS if mode.logprobs else 0
    shape = endpoint.path(latency_ms=mode.latency_ms, tokens=mode.tokens, alternatives=alternatives)
    return place.endpoint + shape


class Bare:
    """A new process a run, as it keeps nothing."""

    def __init__(self, place: Place, mode: report.Mode) -> None:
        self.name, self.items = report.BARE, mode.items
        self._place, self._mode = place, mode

    def run(self, turn: int, items: int) -> Run:
        before = usage.cpu_s(self._place.postgres)
        command = ["--base-url", address(self._place, self._mode), "--items", str(items)]
        command += ["--in-flight", str(self._mode.in_flight), *(["--logprobs"] if self._mode.logprobs else [])]
        done = subprocess.run(
            [sys.executable, "-m", "bench.peers.bare", *command], cwd=HERE, check=True, stdout=subprocess.PIPE
        )
        found = json.loads(done.stdout)
        postgres_s = usage.cpu_s(self._place.postgres) - before
        return Run(self.name, turn, items, found["seconds"], found["cpu_s"], postgres_s, found["rss_mb"])


class Plain:
    """One message an item. The messages are sent within the measured time, as the work can't begin without them."""

    def __init__(self, place: Place, mode: report.Mode) -> None:
        self.name, self.items = report.PLAIN, mode.items_plain
        self._place, self._mode = place, mode

    def run(self, turn: int, items: int) -> Run:
        with self._place.worker("plain", app="bench.peers.plain", queue="plain", processes=2) as worker:
            self._go(0, min(items, WARM_ITEMS), worker)
            return self._go(turn, items, worker)

    def _go(self, turn: int, items: int, worker: Child) -> Run:
        base_url = address(self._place, self._mode)
        wanted = [
            plain.Job(body=body, base_url=base_url, logprobs=self._mode.logprobs) for body in question.bodies(items)
        ]
        jobs = plain.Job.objects.bulk_create(wanted, batch_size=INTAKE_ROWS)
        mine = plain.Job.objects.filter(pk__gte=jobs[0].pk, done=False)

        def go() -> None:
            for job in jobs:
                plain.answer.delay(job.pk)

        return timed(self._place, worker, self.name, turn, items, go=go, is_done=lambda: not mine.exists())


class Pump:
    """The product: items come in first, one hint starts the shift, and every item must end in a lane.

    A Celery worker of its own a run: how many processes pump is what is measured.
    """

    def __init__(self, place: Place, mode: report.Mode, *, processes: int = 1, beside: int = 0) -> None:
        self.name, self.items = report.pump(processes), mode.items
        self._place, self._processes = place, processes
        self.task = setup.create_task(
            Project.objects.get_or_create(slug="bench", defaults={"name": "Bench"})[0],
            Task(
                name=f"{self.name}, {mode.name}, {beside}"[-120:],
                input_schema=question.INPUT_SCHEMA,
                output_schema=question.OUTPUT_SCHEMA,
                title_field="subject",
            ),
            Worker(
                name="bench",
                model=question.MODEL,
                base_url=address(place, mode),
                instructions=question.INSTRUCTIONS,
                max_tokens=question.MAX_TOKENS,
                in_flight=mode.in_flight,
                logprobs=mode.logprobs,
            ),
            by=None,
            start=setup.Start(SHARE, Mode.TRIAL, "the bench's share"),
        )

    def run(self, turn: int, items: int) -> Run:
        with self._place.worker("pump", app="slider.celery", queue="work", processes=self._processes) as worker:
            # What a process reads and builds once, it has by then.
            self.go(0, min(items, WARM_ITEMS * self._processes), worker)
            return self.go(turn, items, worker)

    def go(self, turn: int, items: int, worker: Child) -> Run:
        """Answer so many items with a worker that runs already."""
        wait_until(self._is_quiet, child=worker)
        bodies = list(question.bodies(items))
        first = 0
        for start in range(0, items, INTAKE_ROWS):
            rows = [intake.Row(body) for body in bodies[start : start + INTAKE_ROWS]]
            arrivals = intake.add(self.task, rows, origin="the bench")
            first = first or arrivals[0].item_id or 0
        guard.tend(self.task.pk)  # no guard runs here, and without its sign of life all would go to people
        mine = Item.objects.filter(task=self.task, pk__gte=first, state__in=[State.READY, State.WORKING])
        hinted = 0.0

        def is_done() -> bool:
            nonlocal hinted
            if time.monotonic() - hinted > HINT_EVERY_S:
                hinted = time.monotonic()
                wake.hint("work", self.task.pk)
            return not mine.exists()

        found = timed(self._place, worker, self.name, turn, items, go=is_done, is_done=is_done)
        self.check(items, first=first)
        return found

    def _is_quiet(self) -> bool:
        """No pump is still at its last round: it would take items before the clock runs."""
        return not models.Pump.objects.filter(task=self.task, ended_at=None).exists()

    def check(self, items: int, *, first: int) -> None:
        """A fast run that skipped something is worth nothing: every item was asked once, and has what follows."""
        asked = Attempt.objects.filter(item__task=self.task, item__gte=first, outcome=Outcome.ANSWERED)
        routed = Decision.objects.filter(task=self.task, item__gte=first)
        ran = routed.filter(lane=Lane.UNATTENDED).count()
        owed = Publication.objects.filter(task=self.task, item__gte=first).count()
        looks = Review.objects.filter(task=self.task, item__gte=first).count()
        wanted_looks = routed.filter(Q(lane=Lane.PEOPLE) | Q(audit=True)).count()
        if (asked.count(), routed.count(), owed, looks) != (items, items, ran, wanted_looks):
            raise RuntimeError(
                f"The pump's run is incomplete: of {items} items {asked.count()} were answered and {routed.count()} "
                f"routed; {owed} of {ran} results are owed and {looks} of {wanted_looks} looks are asked for."
            )


def timed(
    place: Place,
    worker: Child,
    way: str,
    turn: int,
    items: int,
    *,
    go: Callable[[], object],
    is_done: Callable[[], bool],
) -> Run:
    """Seconds from `go` until it is done, and what the worker and PostgreSQL used meanwhile."""
    cpu, postgres, began = usage.cpu_s(worker.pid), usage.cpu_s(place.postgres), time.perf_counter()
    go()
    wait_until(is_done, child=worker, limit_s=LONGEST_RUN_S)
    seconds = time.perf_counter() - began
    return Run(
        way=way,
        turn=turn,
        items=items,
        seconds=seconds,
        cpu_s=usage.cpu_s(worker.pid) - cpu,
        postgres_cpu_s=usage.cpu_s(place.postgres) - postgres,
        rss_mb=usage.rss_mb(worker.pid),
    )
