"""One worker profile's line to its endpoint for a shift: what may begin now, one answer, and what it has cost.

Everything that bounds calls meets here: the worker's part of its calls at once, what the endpoint bears, rates, money,
and the breaker. What blocks (`tick`, `permits`, `begun`, `note`) runs in threads; the rest is the event loop's.
"""

import math
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from django.conf import settings

from slider.flow import circuits, seats
from slider.flow import work as stage
from slider.flow.circuits import News
from slider.flow.work import Bill
from slider.llm.records import Answered
from slider.models import Task, Worker
from tasks import keys
from tasks.caller import Caller
from tasks.pace import Pace


@dataclass(frozen=True, slots=True)
class Told:
    """What a line gave for one item."""

    answered: Answered
    bill: Bill
    probe: bool = False


class Line:
    """Open it with `async with` in the loop that asks; `tick` before anything begins, and about twice a second."""

    def __init__(self, task: Task, worker: Worker) -> None:
        self.worker = worker
        self._task = task
        self._caller = Caller(task, worker, bounds=self)
        self._key = circuits.Key(self._caller.base_url, worker.model, worker.key_name)
        self._pace = Pace(
            f"{task.pk}:{worker.name}",
            redis_url=settings.REDIS_URL,
            requests=worker.requests_per_min,
            tokens=worker.tokens_per_min,
        )
        self._part: seats.Part | None = None
        self._renewed_at = -math.inf
        self._standing = circuits.Standing()
        self._quiet_until = 0.0
        self._probe_is_free = self._probe_wanted = False
        self._spare_calls: int | None = None
        self._unheard: deque[Told] = deque()

    async def __aenter__(self) -> Self:
        await self._caller.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._caller.__aexit__(kind, error, trace)

    # What may begin

    @property
    def cap(self) -> int:
        """Calls at once: this pump's part, and no more than the endpoint bears."""
        if self._part is None or time.monotonic() - self._renewed_at > seats.LOST_S:
            return 0
        return min(self._part.limit, self._caller.throttle.limit)

    @property
    def calls_an_item(self) -> int:
        return self.worker.samples if self._standing.apart else 1

    @property
    def is_open(self) -> bool:
        """Whether the endpoint does not answer at present."""
        return self._standing.open

    @property
    def waits(self) -> bool:
        """Whether nothing but a probe may begin now."""
        return self.is_open or time.monotonic() < self._quiet_until

    def out_s(self) -> float:
        """For how long the endpoint has not answered; 0 while it does."""
        return self._standing.open_s + time.monotonic() - self._renewed_at if self.is_open else 0.0

    def limit(self) -> int:
        """How many items may be under way at this line now; whoever asks in vain wants a probe."""
        if self.is_open:
            self._probe_wanted = True
            return 2**31 if self._probe_is_free else 0
        cap = self.cap - self._caller.hedges
        return 0 if cap < 1 or self.waits else max(1, cap // self.calls_an_item)

    @property
    def has_probe(self) -> bool:
        """Whether the next item asked here is the one that finds out whether the endpoint is back."""
        return self._probe_is_free

    def room(self, held: int) -> int:
        """How many more items to claim while `held` are in hand: what may be under way, and a quarter to go on with."""
        if self.waits:
            return 1 - held
        most = self.worker.in_flight if self._part is None else self.cap
        most = max(1, most // self.calls_an_item) if most else 0
        return most + math.ceil(most / 4) - held

    def permits(self, most: int, *, held: int) -> int:
        """How many of `most` items money and rates allow while `held` are in hand."""
        each = self.calls_an_item
        part = self._part
        left = stage.calls_left(self.worker)
        if left is not None:
            # The other pumps spend from the same budget; where it is nearly gone, one of them goes on.
            left = left if part is None else max(int(left * part.share), int(part.first and left > 0))
            self._spare_calls = left - held * each
            most = min(most, max(left // each, int(left > 0)) - held)
        if most < 1:
            return 0
        granted = self._pace.permits(most * each, held=held * each)
        return granted // each if granted >= each else int(granted == self.worker.requests_per_min and granted > 0)

    def begun(self, items: int) -> int:
        """Book items as they begin; returns how many may."""
        each = self.calls_an_item
        booked = self._pace.begun(items * each)
        return booked // each or int(booked > 0 and booked == self.worker.requests_per_min)

    def tick(self) -> None:
        """Show life, learn this pump's part and how the breaker stands, and ask for the right to probe."""
        at, worker = time.monotonic(), self.worker
        self._standing = circuits.look(self._key)
        self._quiet_until = max(self._quiet_until, at + self._standing.quiet_s) if self._standing.quiet_s else 0.0
        # The loop takes the right away at any moment: it is never written back from what was read before.
        if not self.is_open:
            self._probe_is_free = False
        elif self._probe_wanted and not self._probe_is_free and circuits.probe(self._key):
            self._probe_is_free = True
        self._probe_wanted = False
        limit = 0 if self._part is None else self._part.limit
        self._part = seats.renew(
            None if self._part is None else self._part.seat,
            task_id=self._task.pk,
            name=worker.name,
            most=worker.in_flight,
            holding=max(limit, self._caller.gate.in_air),
        )
        self._pace.share = self._part.share
        self._renewed_at = at

    def leave(self) -> None:
        """Give the seat back: nothing is in the air any more."""
        if self._part is not None:
            seats.leave(self._part.seat)
            self._part = None

    # One item

    async def ask(self, body: dict[str, Any]) -> Told:
        """Ask about one item; whatever happens is an outcome."""
        probe, self._probe_is_free = self._probe_is_free, False
        answered, bill = await self._caller.ask(body)
        told = Told(answered, bill, probe)
        self._unheard.append(told)
        return told

    @property
    def apart(self) -> bool:
        """Whether the endpoint gives one sample a call, whatever it is asked for."""
        return self._standing.apart

    def learn_apart(self) -> None:
        """Ask for each sample by itself from now on, here and everywhere."""
        self._standing = replace(self._standing, apart=True)
        keys.then_close(circuits.takes_one_sample, self._key)

    def book(self, calls: int) -> int:
        """Book calls that nobody foresaw; returns how many the rate limit allows."""
        return self._pace.begun(calls)

    def may_hedge(self) -> bool:
        """Whether one more call may be sent for an item: nobody hedges at an endpoint that does not answer."""
        paid_for = self._spare_calls is None or self._spare_calls > self._caller.hedges
        return not self.waits and paid_for and self.book(1) == 1

    # Afterwards

    def note(self) -> None:
        """Tell the breaker and the rate limits how calls ended, in the order in which they did."""
        told = [self._unheard.popleft() for _ in range(len(self._unheard))]
        if not told:
            return
        self._pace.used(
            calls=sum(one.bill.calls for one in told),
            tokens=sum(one.bill.tokens_in + one.bill.tokens_out for one in told),
        )
        news = [News(one.answered.outcome, one.answered.detail, one.answered.retry_after_s, one.probe) for one in told]
        is_open = circuits.note(self._key, news, known=self._standing)
        opened_at = (self._standing.opened_at or datetime.now(UTC)) if is_open else None
        self._standing = replace(self._standing, opened_at=opened_at, points=news[-1].weight)
