"""The work stage's machine: a hint starts a shift of the pump on one task; work, score and route meet here."""

import asyncio
import gc
import math
import os
import time
from typing import Any

import structlog
from celery.signals import worker_process_init, worker_shutting_down
from django.conf import settings
from django.db import DataError, IntegrityError, InternalError, connections, transaction

from slider.celery import app
from slider.engine.calibration import Calibration
from slider.flow import claims, crew, halts, route, score, sentinels, wake
from slider.flow import work as stage
from slider.flow.claims import Claim
from slider.flow.work import Finding
from slider.llm import prices, prompt
from slider.llm.client import Client
from slider.llm.records import Ask, Outcome
from slider.models import Stance, Task, Worker
from slider.schema import Schema
from tasks import news, presence, pump
from tasks.pace import Pace
from tasks.patience import patiently
from tasks.threads import Threads

log = structlog.get_logger(__name__)
PATIENCE_S = 3600.0
LONGEST_PAUSE_S = 60.0
LOOK_EVERY_S = 1.0
JOIN_S = 10.0


@app.task(name="tasks.work.work")
def work(task_id: int) -> int:  # noqa: ARG001
    """A hint that some task may have ready items. Whose turn it is stands in the database; perhaps it is nobody's."""
    threads = Threads()
    try:
        post = threads.do("claim", lambda: patiently(_joined, limit_s=JOIN_S))
        return 0 if post is None else _shift(post, threads)
    finally:
        threads.leave()


def _joined() -> crew.Post | None:
    return crew.join(myself(), host=presence.HOST)


def _shift(post: crew.Post, threads: Threads) -> int:
    shift: Shift | None = None

    def begin() -> Shift | None:
        task = Task.objects.get(pk=post.task_id)
        worker = Worker.objects.filter(task=task, retired_at=None).order_by("rung").first()
        if worker is None:
            return None
        return Shift(task, worker, post=post, seats=crew.deal(post, in_flight=worker.in_flight, uses=0))

    try:
        shift = threads.do("claim", begin)
        if post.more:
            wake.hint("work", post.task_id)
        return 0 if shift is None else asyncio.run(shift.run(threads))
    finally:
        rests = shift is not None and shift.rests
        threads.do("claim", lambda: patiently(lambda: crew.leave(post, rests=rests), limit_s=JOIN_S))


def myself() -> str:
    """Host and process."""
    return f"{presence.HOST}:{os.getpid()}"


def key_of(worker: Worker) -> str:
    """The key this worker calls with. The installation's own never goes to another address than the installation's."""
    if worker.key_name:
        return os.environ.get(worker.key_name, "")
    return "" if worker.base_url else str(settings.ENV.OPENAI_API_KEY)


class Shift:
    """One worker profile at work on one task: what the pump's hands do."""

    def __init__(self, task: Task, worker: Worker, *, post: crew.Post | None = None, seats: int | None = None) -> None:
        env = settings.ENV
        self._task, self._worker, self._env = task, worker, env
        self._post = post
        self._seats = worker.in_flight if seats is None else seats
        self._name = myself()
        self._ask = _form(task, worker)
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
        self._news = asyncio.Event()
        self._seen_waiting = False
        self._looked_at = time.monotonic()
        self.rests = False  # its limits let nothing begin, and nothing is on its way

    async def run(self, threads: Threads) -> int:
        env = self._env
        ears = asyncio.create_task(news.hear(self._heard)) if self._post else None
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
                tick=self.tick,
                news=self.news,
                watch=self.watch,
            )
            try:
                return await pump.Pump(
                    hands,
                    threads=threads,
                    in_flight=self._seats,
                    lease_s=env.SLIDER_LEASE_S,
                    shift_s=env.SLIDER_SHIFT_S,
                    linger_s=env.SLIDER_LINGER_S,
                ).run()
            finally:
                presence.carry()
                if ears is not None:
                    ears.cancel()
                    await asyncio.gather(ears, return_exceptions=True)

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
        worker = self._worker
        if not stage.is_on(worker, host=presence.HOST):
            return []
        if worker.daily_budget is None and not self._pace.is_limited and not worker.trouble:
            self.rests = False
            return self._taken(most)
        with claims.alone(self._task.pk):
            # All that the pumps of this task have in hand may still cost money, whoever's hands they are.
            held = claims.in_work(self._task.pk)
            allowed = self._allowed(most, held)
            self.rests = allowed < 1 and held == 0
            if allowed < 1:
                return []
            taken = self._taken(allowed)
            self._pace.begun(len(taken))
            return taken

    def _allowed(self, most: int, held: int) -> int:
        if self._worker.trouble:
            most = min(most, 1 - held)  # one probe at a time until it answers again
        left = stage.calls_left(self._worker)
        if left is not None:
            most = min(most, left - held)
        return self._pace.permits(most, held=held) if most > 0 else 0

    def _taken(self, most: int) -> list[Claim]:
        return claims.claim(
            self._task.pk,
            most=most,
            max_tries=self._task.max_tries,
            lease_s=self._env.SLIDER_LEASE_S,
            by=self._name,
        )

    def tick(self, uses: int, idle: bool) -> tuple[int, bool]:  # noqa: FBT001  # as the pump's hands have it
        """A sign of life; how many calls may be in the air from now on, and whether others should have the turn.

        Who waits for a pump is looked for once a second, and given way to at the second sight: a process that is free
        takes it before. One that has nothing to do goes at once.
        """
        return patiently(lambda: self._tick(uses, idle=idle), limit_s=self._env.SLIDER_LEASE_S)

    def _tick(self, uses: int, *, idle: bool) -> tuple[int, bool]:
        post, now = self._post, time.monotonic()
        if post is None:
            return uses, False
        seats = crew.deal(post, in_flight=self._worker.in_flight, uses=uses)
        if now - self._looked_at < (0 if idle else LOOK_EVERY_S):
            return seats, False
        seen, waits = self._seen_waiting, crew.may_leave(post, idle=idle)
        self._looked_at, self._seen_waiting = now, waits
        return seats, waits and (seen or idle)

    async def news(self) -> None:
        await self._news.wait()
        self._news.clear()

    def _heard(self, said: str) -> None:
        task, _, what = said.partition(" ")
        if task == str(self._task.pk) or not what:  # of other tasks that they have items: an idle pump makes room
            self._news.set()

    async def ask(self, claim: Claim) -> Finding:
        if self._client is None:
            raise RuntimeError("the shift has not begun: ask is called by the pump alone")
        worker = self._worker
        answered = await self._client.ask(self._ask, last=prompt.written(claim.body))
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


def _form(task: Task, worker: Worker) -> Ask:
    """What every call of this worker has in common: all but the item."""
    return Ask(
        model=worker.model,
        messages=prompt.before(
            instructions=worker.instructions,
            examples=[prompt.Example(example["input"], example["output"]) for example in worker.examples],
            output_schema=task.output_schema,
            ask_confidence=worker.ask_confidence,
        ),
        schema=Schema.compile(task.output_schema),
        response_format=prompt.response_format(task.output_schema, ask_confidence=worker.ask_confidence),
        wrapped=prompt.wraps(task.output_schema, ask_confidence=worker.ask_confidence),
        ask_confidence=worker.ask_confidence,
        temperature=worker.temperature,
        n=worker.samples,
        max_tokens=worker.max_tokens,
        logprobs=worker.logprobs,
        top_logprobs=5 if worker.logprobs else None,
    )


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
