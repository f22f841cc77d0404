"""A shift: one pump on one task. Its hands are the worker, its fallback, the database and an operator's word."""

import asyncio
import math
import time

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, InternalError

from slider.flow import claims, crew, halts
from slider.flow import work as stage
from slider.flow.claims import Claim
from slider.flow.work import Finding
from slider.llm.records import Outcome
from slider.models import FallbackOn, Stance, Task, Worker
from tasks import fallback, news, presence
from tasks.hands import Halted, Hands, Pair
from tasks.line import Line
from tasks.logged import plainly
from tasks.patience import patiently
from tasks.pump import Pump
from tasks.settle import settle
from tasks.threads import Threads

log = structlog.get_logger(__name__)
PATIENCE_S = 3600.0
LONGEST_PAUSE_S = 60.0
LOOK_EVERY_S = 1.0


class Shift:
    """A task's worker at work, and its fallback: what the pump's hands do."""

    def __init__(self, task: Task, worker: Worker, *, post: crew.Post | None = None, seats: int | None = None) -> None:
        env = settings.ENV
        self._task, self._worker, self._env = task, worker, env
        self._post = post
        self._seats = worker.in_flight if seats is None else seats
        self._name = presence.myself()
        self._line = Line(task, worker, seats=self._seats)
        self._fallback = fallback.Fallback(worker, post=post)
        if post is not None:
            self._line.deal(self._seats, at=time.monotonic())
        self._news = asyncio.Event()
        self._seen_waiting = False
        self._looked_at = time.monotonic()
        self._under_way = 0
        self.rests = False  # its limits let nothing begin, and nothing is on its way

    async def run(self, threads: Threads) -> int:
        env = self._env
        ears = asyncio.create_task(news.hear(self._heard)) if self._post else None
        async with self._line, self._fallback:
            hands = Hands(
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
                limit=self.limit,
            )
            try:
                return await Pump(
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

    def watch(self, held: int, flying: int) -> Halted:
        """Say what is in hand, and hear from PostgreSQL whether this may go on, on whichever host.

        Not under a worker that was replaced: what it has claimed and not begun waits for the next one.
        """
        presence.carry(task_id=self._task.pk, profile=self._worker.name, held=held, flying=flying)
        standing = patiently(lambda: halts.read(self._worker.pk, host=presence.HOST), limit_s=self._env.SLIDER_LEASE_S)
        if standing.is_retired or standing.stance == Stance.PAUSED:
            return "paused"
        return "" if standing.stance is None else "draining"

    def claim(self, most: int, held: int) -> list[Claim]:
        """As many items as the budget, the rate limits and the worker's health allow."""
        return patiently(lambda: self._claim(most, held), limit_s=PATIENCE_S)

    def _claim(self, most: int, held: int) -> list[Claim]:
        if not stage.is_on(self._worker, host=presence.HOST):
            return []
        line = self._fallback.stands_in(self._line) or self._line
        most = line.room(most, held=held)
        if not line.is_bounded or most < 1:
            self.rests = False
            return self._taken(most)
        with claims.alone(self._task.pk):
            # All that the pumps of this task have in hand may still cost money, whoever's hands they are.
            held = claims.in_work(self._task.pk)
            allowed = line.permits(most, held=held)
            self.rests = allowed < 1 and held == 0
            return self._booked(line, self._taken(allowed))

    def _booked(self, line: Line, taken: list[Claim]) -> list[Claim]:
        """Those of these items that may begin: a second call for another one may have taken the last of a minute."""
        may = line.begun(len(taken))
        if late := [(claim.item_id, claim.token) for claim in taken[may:]]:
            claims.give_back(late, reason="others took the last calls of this minute")
        return taken[:may]

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
        seats = uses
        if post is not None:
            seats = crew.deal(post, in_flight=self._worker.in_flight, uses=max(uses, self._line.uses))
            self._line.deal(seats, at=now)
        self.look(idle=idle)
        if post is None:
            return seats, False
        if now - self._looked_at < (0 if idle else LOOK_EVERY_S):
            return seats, False
        seen, waits = self._seen_waiting, crew.may_leave(post, idle=idle)
        self._looked_at, self._seen_waiting = now, waits
        return seats, waits and (seen or idle)

    def look(self, *, idle: bool = False) -> None:
        """How the endpoints stand. It blocks."""
        self._line.look(idle=idle)
        self._fallback.look(idle=idle)

    def leave(self) -> None:
        """Keep nothing from the next shift. It blocks."""
        self._line.leave()
        self._fallback.leave()

    def limit(self) -> int:
        """How many items may be under way at whichever endpoint it is."""
        return self._fallback.limit(self._line, self._under_way)

    async def news(self) -> None:
        await self._news.wait()
        self._news.clear()

    def _heard(self, said: str) -> None:
        task, _, what = said.partition(" ")
        if task == str(self._task.pk) or not what:  # of other tasks that they have items: an idle pump makes room
            self._news.set()

    async def ask(self, claim: Claim) -> Finding:
        """Ask the worker, or its fallback in its place."""
        self._under_way += 1
        try:
            return await self._asked(claim)
        finally:
            self._under_way -= 1

    async def _asked(self, claim: Claim) -> Finding:
        instead = self._fallback.stands_in(self._line)
        if instead is not None and not self._line.has_probe:
            return self._fallback.instead(claim, await instead.ask(claim.body), FallbackOn.OUT)
        told = await self._line.ask(claim.body)
        if told.answered.outcome is Outcome.ANSWERED:
            return Finding(claim, told.answered, told.bill.cost, (told.bill,))
        return await self._fallback.after(claim, told)

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
                log.error("finding refused", item=findings[0].claim.item_id, **plainly(error))
                return
            for finding in findings:
                self._settle([finding])

    def give_back(self, pairs: list[Pair]) -> None:
        patiently(lambda: claims.give_back(pairs, reason="the shift ended before its turn"), limit_s=10)

    def pause_s(self, finding: Finding) -> float:
        """After a 429 everybody waits as long as the endpoint asks, up to a minute; wrong settings end the shift."""
        answered = finding.answered
        if answered.outcome is Outcome.ANSWERED or finding.fallback is not None or finding.free:
            return 0.0
        if answered.outcome.needs_a_person:
            return math.inf
        if answered.outcome is Outcome.RATE_LIMITED:
            return min(LONGEST_PAUSE_S, answered.retry_after_s or 1.0)
        return min(LONGEST_PAUSE_S, answered.retry_after_s or 0.0) if answered.overloaded else 0.0
