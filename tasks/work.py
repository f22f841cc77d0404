"""The work stage's machine: a hint starts a shift of the pump on one task; work, score and route meet here."""

import asyncio
import gc
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from celery.signals import worker_process_init, worker_shutting_down
from django.conf import settings
from django.db import DataError, IntegrityError, InternalError, connection, connections, transaction

from slider.celery import app
from slider.engine.calibration import Calibration
from slider.flow import claims, halts, route, score, sentinels
from slider.flow import work as stage
from slider.flow.claims import Claim
from slider.flow.work import Finding
from slider.llm import prices, prompt
from slider.llm.client import Client
from slider.llm.records import Ask, Outcome
from slider.models import Stance, Task, Worker
from slider.schema import Schema
from tasks import presence, pump
from tasks.pace import Pace
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
    if task is None or worker is None or not stage.is_on(worker, host=presence.HOST):
        return 0
    with slot(task_id) as free:
        settled = asyncio.run(Shift(task, worker).run()) if free else 0
    connections.close_all()
    return settled


def key_of(worker: Worker) -> str:
    """The key this worker calls with. The installation's own never goes to another address than the installation's."""
    if worker.key_name:
        return os.environ.get(worker.key_name, "")
    return "" if worker.base_url else str(settings.ENV.OPENAI_API_KEY)


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
    """One worker profile at work on one task: what the pump's hands do."""

    def __init__(self, task: Task, worker: Worker) -> None:
        env = settings.ENV
        self._task, self._worker, self._env = task, worker, env
        self._name = f"{presence.HOST}:{os.getpid()}"
        self._schema = Schema.compile(task.output_schema)
        self._format = prompt.response_format(task.output_schema, ask_confidence=worker.ask_confidence)
        self._wrapped = prompt.wraps(task.output_schema, ask_confidence=worker.ask_confidence)
        self._examples = [prompt.Example(example["input"], example["output"]) for example in worker.examples]
        self._base_url = worker.base_url or env.OPENAI_BASE_URL
        self._key = key_of(worker)
        self._pace = Pace(
            f"{task.pk}:{worker.name}",
            redis_url=settings.REDIS_URL,
            requests=worker.requests_per_min,
            tokens=worker.tokens_per_min,
        )
        own = (worker.price_in, worker.price_out)
        self._prices = prices.Prices(own[0], own[1]) if own[0] is not None and own[1] is not None else None
        self._client: Client | None = None

    async def run(self) -> int:
        env = self._env
        async with Client(self._base_url, api_key=self._key, timeout_s=self._worker.timeout_s) as self._client:
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
                watch=self.watch,
            )
            try:
                return await pump.Pump(
                    hands,
                    in_flight=self._worker.in_flight,
                    lease_s=env.SLIDER_LEASE_S,
                    shift_s=env.SLIDER_SHIFT_S,
                    linger_s=env.SLIDER_LINGER_S,
                ).run()
            finally:
                presence.carry()

    def watch(self, held: int, flying: int) -> pump.Halted:
        """Say what is in hand, and hear from PostgreSQL whether an operator has halted this, on whichever host."""
        presence.carry(task_id=self._task.pk, profile=self._worker.name, held=held, flying=flying)
        stance = patiently(
            lambda: halts.read(self._worker.pk, host=presence.HOST).stance, limit_s=self._env.SLIDER_LEASE_S
        )
        return "" if stance is None else "paused" if stance == Stance.PAUSED else "draining"

    def claim(self, most: int, held: int) -> list[Claim]:
        """As many items as the budget, the rate limits and the worker's health allow."""
        return patiently(lambda: self._claim(most, held), limit_s=PATIENCE_S)

    def _claim(self, most: int, held: int) -> list[Claim]:
        if not stage.is_on(self._worker, host=presence.HOST):
            return []
        if self._worker.trouble:
            most = 1 - held  # one probe at a time until it answers again
        left = stage.calls_left(self._worker)
        if left is not None:
            most = min(most, left - held)
        if most < 1 or (most := self._pace.permits(most, held=held)) < 1:
            return []
        taken = claims.claim(
            self._task.pk,
            most=most,
            max_tries=self._task.max_tries,
            lease_s=self._env.SLIDER_LEASE_S,
            by=self._name,
        )
        self._pace.begun(len(taken))
        return taken

    async def ask(self, claim: Claim) -> Finding:
        if self._client is None:
            raise RuntimeError("the shift has not begun: ask is called by the pump alone")
        worker = self._worker
        answered = await self._client.ask(
            Ask(
                model=worker.model,
                messages=prompt.messages(
                    instructions=worker.instructions,
                    examples=self._examples,
                    item_input=claim.body,
                    output_schema=self._task.output_schema,
                    ask_confidence=worker.ask_confidence,
                ),
                schema=self._schema,
                response_format=self._format,
                wrapped=self._wrapped,
                ask_confidence=worker.ask_confidence,
                temperature=worker.temperature,
                n=worker.samples,
                max_tokens=worker.max_tokens,
                logprobs=worker.logprobs,
                top_logprobs=5 if worker.logprobs else None,
            )
        )
        cost = prices.cost(
            worker.model,
            base_url=self._base_url,
            tokens_in=answered.tokens_in,
            tokens_out=answered.tokens_out,
            own=self._prices,
        )
        return Finding(claim, answered, cost.usd)

    def settle(self, findings: list[Finding]) -> None:
        """Write findings in one transaction; if the database refuses one of them, the others don't suffer for it."""
        self._pace.used(
            calls=len(findings),
            tokens=sum((f.answered.tokens_in or 0) + (f.answered.tokens_out or 0) for f in findings),
        )
        self._settle(findings)

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
        if finding.answered.outcome.needs_a_person:
            return math.inf
        if finding.answered.outcome is not Outcome.RATE_LIMITED:
            return 0.0
        return min(LONGEST_PAUSE_S, finding.answered.retry_after_s or 1.0)


def settle(findings: list[Finding], worker: Worker, task: Task) -> None:
    """Work, score and route of one batch, in one transaction: all of it is there, or none."""
    # Before the transaction: reading texts takes longer than writing rows, and needs no lock.
    looks = sentinels.look_at([_seen(finding) for finding in findings], task, worker)
    with transaction.atomic():
        kept = stage.record(findings, worker, max_tries=task.max_tries)
        if not kept:
            return
        sights = sentinels.weigh(task.pk, [looks[k.finding.claim.item_id] for k in kept])
        standing = route.lock(task.pk)
        rated = score.rate(
            [
                score.Candidate(
                    k.finding.claim.item_id,
                    k.finding.claim.token,
                    k.finding.claim.body,
                    k.attempt,
                    k.finding.answered,
                    sight,
                )
                for k, sight in zip(kept, sights, strict=True)
            ],
            Calibration.from_json(standing.policy.calibration),
        )
        route.route(standing, rated)


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
