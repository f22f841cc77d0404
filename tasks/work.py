"""The work stage's machine: a hint starts a shift of the pump on one task; work, score and route meet here."""

import asyncio
import gc
import math
import os
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog
from celery.signals import worker_process_init, worker_shutting_down
from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, InternalError, connection, connections, transaction

from slider.celery import app
from slider.engine import calibration
from slider.engine.calibration import Calibration
from slider.engine.sanity.look import Look
from slider.engine.sanity.watch import Sight
from slider.flow import claims, route, score, sentinels
from slider.flow import work as stage
from slider.flow.claims import Claim
from slider.flow.work import Finding, Kept
from slider.llm.records import Outcome
from slider.models import FallbackOn, Task, Worker
from tasks import fallback, keys, pump
from tasks.line import Line
from tasks.patience import patiently

log = structlog.get_logger(__name__)
PATIENCE_S = 3600.0
LONGEST_PAUSE_S = 60.0
_SLOTS = 7_302  # the advisory locks' own number space


@app.task(name="tasks.work.work")
def work(task_id: int) -> int:
    """A hint that a task may have ready items. Another pump on it already: nothing to do."""
    task = Task.objects.filter(pk=task_id, paused=False).first()
    worker = Worker.objects.filter(task_id=task_id, retired_at=None).order_by("rung").first()
    if task is None or worker is None or worker.batch:
        return 0
    with slot(task_id) as free:
        settled = asyncio.run(Shift(task, worker).run()) if free else 0
    connections.close_all()
    return settled


@contextmanager
def slot(task_id: int) -> Iterator[bool]:
    """The right to pump this task. It goes with the connection, so a killed process leaves none behind."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_SLOTS, task_id % 2**31])
        (free,) = cursor.fetchone()
    try:
        yield free
    finally:
        if free:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_SLOTS, task_id % 2**31])


class Shift:
    """A task's worker at work, and its fallback: what the pump's hands do."""

    def __init__(self, task: Task, worker: Worker) -> None:
        self._task, self._worker, self._env = task, worker, settings.ENV
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._line = Line(task, worker)
        self._fallback = fallback.Fallback(task, worker)

    async def run(self) -> int:
        env = self._env
        async with self._line, self._fallback, self._seats():
            hands = pump.Hands(
                claim=self.claim,
                ask=self.ask,
                settle=self.settle,
                renew=lambda pairs: patiently(
                    lambda: claims.renew(pairs, lease_s=env.SLIDER_LEASE_S), limit_s=env.SLIDER_LEASE_S
                ),
                give_back=self.give_back,
                pause_s=self.pause_s,
                goodbye=connections.close_all,
                tick=lambda: patiently(self._tick, limit_s=PATIENCE_S),
                limit=lambda: self._fallback.limit(self._line),
            )
            return await pump.Pump(
                hands,
                in_flight=self._worker.in_flight,
                lease_s=env.SLIDER_LEASE_S,
                shift_s=env.SLIDER_SHIFT_S,
                linger_s=env.SLIDER_LINGER_S,
            ).run()

    def _tick(self) -> None:
        self._line.tick()
        self._fallback.tick()

    @asynccontextmanager
    async def _seats(self) -> AsyncIterator[None]:
        """Leave the seats when nothing is in the air any more; one that can't be left is nobody's within seconds."""
        try:
            yield
        finally:
            await asyncio.to_thread(keys.then_close, self._leave)

    def _leave(self) -> None:
        try:
            self._line.leave()
            self._fallback.leave()
        except DatabaseError as error:
            log.warning("a seat was not left", worker=str(self._worker), error=str(error)[:200])

    def claim(self, most: int, held: int) -> list[Claim]:
        """As many items as the budget, the rate limits and the worker's health allow."""
        return patiently(lambda: self._claim(most, held), limit_s=PATIENCE_S)

    def _claim(self, most: int, held: int) -> list[Claim]:
        if not stage.is_on(self._worker):
            return []
        if self._worker.trouble:
            most = 1 - held  # one probe at a time until it answers again
        line = self._fallback.stands_in(self._line) or self._line
        most = min(most, line.room(held))
        if most < 1 or (most := line.permits(most, held=held)) < 1:
            return []
        taken = claims.claim(
            self._task.pk,
            most=most,
            max_tries=self._task.max_tries,
            lease_s=self._env.SLIDER_LEASE_S,
            by=self._name,
        )
        may = line.begun(len(taken))
        if may < len(taken):
            late = [(claim.item_id, claim.token) for claim in taken[may:]]
            claims.give_back(late, reason="another pump took the last calls of this minute")
        return taken[:may]

    async def ask(self, claim: Claim) -> Finding:
        """Ask the worker, or its fallback in its place."""
        instead = self._fallback.stands_in(self._line)
        if instead is not None and not self._line.has_probe:
            return self._fallback.instead(claim, await instead.ask(claim.body), FallbackOn.OUT)
        return await self._fallback.after(claim, await self._line.ask(claim.body))

    def settle(self, findings: list[Finding]) -> None:
        """Write findings in one transaction; if the database refuses one of them, the others don't suffer for it."""
        patiently(self._note, limit_s=PATIENCE_S)
        self._settle(findings)
        self._fallback.written(findings)

    def _note(self) -> None:
        self._line.note()
        self._fallback.note()

    def _settle(self, findings: list[Finding]) -> None:
        try:
            patiently(lambda: settle(findings, self._worker, self._task), limit_s=PATIENCE_S)
        except (DataError, IntegrityError, InternalError) as error:
            if len(findings) == 1:
                # Its lease runs out; after max_tries the sweep hands the item to people.
                log.error("finding refused", item=findings[0].claim.item_id, error=str(error)[:500])
                return
            for finding in findings:
                self._settle([finding])

    def give_back(self, pairs: list[pump.Pair]) -> None:
        patiently(lambda: claims.give_back(pairs, reason="the shift ended before its turn"), limit_s=10)

    def pause_s(self, finding: Finding) -> float:
        """After a 429 everybody waits as long as the endpoint asks, up to a minute; wrong settings end the shift."""
        answered = finding.answered
        if finding.fallback is not None or finding.free:
            return 0.0
        if answered.outcome.needs_a_person:
            return math.inf
        if answered.outcome is Outcome.RATE_LIMITED:
            return min(LONGEST_PAUSE_S, answered.retry_after_s or 1.0)
        return min(LONGEST_PAUSE_S, answered.retry_after_s or 0.0) if answered.overloaded else 0.0


def settle(findings: list[Finding], worker: Worker, task: Task) -> None:
    """Work, score and route of one batch, in one transaction: all of it is there, or none."""
    # Before the transaction: reading texts takes longer than writing rows, and needs no lock.
    looks: dict[int, Look] = {}
    for by in {f.fallback.pk if f.fallback else worker.pk: f.fallback or worker for f in findings}.values():
        looks |= sentinels.look_at([_seen(f) for f in findings if (f.fallback or worker).pk == by.pk], task, by)
    with transaction.atomic():
        kept = stage.record(findings, worker, max_tries=task.max_tries)
        if not kept:
            return
        own = [one for one in kept if one.finding.fallback is None]
        others = [one for one in kept if one.finding.fallback is not None]
        sights = sentinels.weigh(task.pk, [looks[k.finding.claim.item_id] for k in own]) if own else []
        glances = sentinels.glance(task.pk, [looks[k.finding.claim.item_id] for k in others])
        standing = route.lock(task.pk)
        rated = score.rate(_candidates(own, sights), Calibration.from_json(standing.policy.calibration))
        # The calibration is about the task's own worker; of a fallback nothing is known.
        rated += score.rate(_candidates(others, glances), calibration.prior())
        route.route(standing, rated)


def _candidates(kept: Sequence[Kept], sights: Sequence[Sight]) -> list[score.Candidate]:
    return [
        score.Candidate(
            k.finding.claim.item_id, k.finding.claim.token, k.finding.claim.body, k.attempt, k.finding.answered, sight
        )
        for k, sight in zip(kept, sights, strict=True)
    ]


def _seen(finding: Finding) -> sentinels.Seen:
    claim, answered = finding.claim, finding.answered
    return sentinels.Seen(claim.item_id, claim.body, answered.answer, answered.outcome is Outcome.ANSWERED)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    pump.ask_to_stop()


@worker_process_init.connect
def _fresh_connections(**_: Any) -> None:
    """A forked child must not share its parent's connection."""
    connections.close_all()


@worker_process_init.connect
def _rare_collections(**_: Any) -> None:
    """All that is loaded by now stays: the collector need not look through it again after every few hundred answers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
