"""One worker profile's line to its endpoint for a shift: what may begin now, one answer, and what it has cost.

Everything that bounds calls meets here: the seats that this pump was dealt, what the endpoint bears, rates, money, and
the breaker. What blocks (`look`, `permits`, `begun`, `note`) runs in threads; the rest is the event loop's.
"""

import math
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from django.conf import settings

from slider.flow import circuits, crew
from slider.flow import work as stage
from slider.flow.circuits import News
from slider.flow.work import Bill
from slider.llm.records import Answered, Outcome
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
    """Open it with `async with` in the loop that asks; `look` before anything begins, and about twice a second."""

    def __init__(self, task: Task, worker: Worker, *, seats: int) -> None:
        self.worker = worker
        self._caller = Caller(task, worker, bounds=self)
        self._key = circuits.Key(self._caller.base_url, worker.model, worker.key_name)
        self._pace = Pace(
            f"{task.pk}:{worker.name}",
            redis_url=settings.REDIS_URL,
            requests=worker.requests_per_min,
            tokens=worker.tokens_per_min,
        )
        self._seats, self._mine_until = 0, math.inf
        self.deal(seats)
        self._standing, self._looked_at = circuits.Standing(), time.monotonic()
        self._quiet_until = 0.0
        self._probe_is_free = self._probe_wanted = False
        self._spare_calls: int | None = None
        self._unheard: deque[Told] = deque()
        self._points = 0  # of failures in a row that nobody has written yet

    async def __aenter__(self) -> Self:
        await self._caller.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._caller.__aexit__(kind, error, trace)

    # What may begin

    def deal(self, seats: int, *, at: float = math.inf) -> None:
        """So many seats are this pump's, asked for `at`: without another deal in time they are taken for lost."""
        self._mine_until = at + crew.ALIVE_S
        if seats != self._seats:
            self._seats = seats
            self._caller.throttle.bound(seats)
            self._pace.share = min(1.0, seats / self.worker.in_flight)

    @property
    def uses(self) -> int:
        """The seats that are in use now, or may be before this is read again."""
        gate = self._caller.gate
        return max(self._seats, gate.in_air, int(gate.is_wanted))

    @property
    def share(self) -> float:
        """The part of the worker's calls that is this pump's (0-1)."""
        return self._pace.share

    @property
    def cap(self) -> int:
        """Calls at once: this pump's seats, and no more than the endpoint bears."""
        if time.monotonic() > self._mine_until:
            return 0
        seats, borne = self._seats, self._caller.throttle.limit
        return seats if seats < borne else borne

    @property
    def calls_an_item(self) -> int:
        return self.worker.samples if self._standing.apart else 1

    @property
    def is_open(self) -> bool:
        """Whether the endpoint does not answer at present."""
        return self._standing.opened_at is not None

    @property
    def waits(self) -> bool:
        """Whether nothing but a probe may begin now."""
        return self.is_open or time.monotonic() < self._quiet_until

    def out_s(self) -> float:
        """For how long the endpoint has not answered; 0 while it does."""
        return self._standing.open_s + time.monotonic() - self._looked_at if self.is_open else 0.0

    def limit(self, under_way: int) -> int:
        """How many items may be under way now, where `under_way` are; at an open breaker one more than those probes.

        Whoever asks in vain wants a probe, if it has a seat for one.
        """
        standing = self._standing
        if standing.opened_at is not None:
            self._probe_wanted = self._seats > 0
            return under_way + 1 if self._probe_is_free else 0
        if self._points >= circuits.OPENS_AT:
            return 0  # the breaker opens with the next word of this pump: none begins meanwhile
        cap = self.cap - self._caller.hedges
        if cap < 1 or (self._quiet_until and time.monotonic() < self._quiet_until):
            return 0
        return max(1, cap // self.worker.samples) if standing.apart else cap

    @property
    def has_probe(self) -> bool:
        """Whether the next item asked here is the one that finds out whether the endpoint is back."""
        return self._probe_is_free

    @property
    def is_bounded(self) -> bool:
        """Whether money, a rate or a wrong setting bounds what may begin: then pumps claim one after the other."""
        return self.worker.daily_budget is not None or self._pace.is_limited or bool(self.worker.trouble)

    def room(self, most: int, *, held: int) -> int:
        """How many of `most` items to claim while `held` wait for an answer: no stock for an endpoint that balks."""
        if self.waits:
            return min(most, 1 - held)
        cap = self.cap
        if cap >= self._seats and self.calls_an_item == 1:
            return most
        under_way = max(1, cap // self.calls_an_item)
        return min(most, under_way + math.ceil(under_way / 4) - held)

    def permits(self, most: int, *, held: int) -> int:
        """How many of `most` items money and rates allow while all pumps together have `held` in hand."""
        if self.worker.trouble:
            most = min(most, 1 - held)  # one probe at a time until it answers again
        each = self.calls_an_item
        left = stage.calls_left(self.worker)
        if left is not None:
            self._spare_calls = int((left - held * each) * self.share)
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

    def look(self, *, idle: bool = False) -> None:
        """Learn how the breaker stands, and ask for the right to probe where somebody waits for it; an idle one would
        keep it from those who have an item to ask about.
        """
        at = time.monotonic()
        self._standing = circuits.look(self._key)
        self._looked_at = at
        self._quiet_until = max(self._quiet_until, at + self._standing.quiet_s) if self._standing.quiet_s else 0.0
        # The loop takes the right away at any moment: it is never written back from what was read before.
        if not self.is_open:
            self._probe_is_free = False
        elif self._probe_wanted and not (idle or self._probe_is_free) and circuits.probe(self._key):
            self._probe_is_free = True
        self._probe_wanted = False

    def leave(self) -> None:
        """The shift is over. A right to probe that it did not use goes back: nobody else may probe meanwhile."""
        if self._probe_is_free:
            self._probe_is_free = False
            circuits.give_back(self._key)

    # One item

    async def ask(self, body: dict[str, Any]) -> Told:
        """Ask about one item; whatever happens is an outcome."""
        probe, self._probe_is_free = self._probe_is_free, False
        answered, bill = await self._caller.ask(body)
        told = Told(answered, bill, probe)
        self._unheard.append(told)
        if answered.outcome is Outcome.ANSWERED:
            self._points = 0
        else:
            self._points = _news(told).counted(self._points)
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
        try:
            self._note(told)
        finally:
            self._points = 0

    def _note(self, told: list[Told]) -> None:
        if self._pace.is_limited:
            self._pace.used(
                calls=sum(one.bill.calls for one in told),
                tokens=sum(one.bill.tokens_in + one.bill.tokens_out for one in told),
            )
        standing = self._standing
        if not (standing.opened_at or standing.points) and all(_is_well(one) for one in told):
            return
        news = [_news(one) for one in told]
        is_open = circuits.note(self._key, news, known=standing)
        opened_at = (standing.opened_at or datetime.now(UTC)) if is_open else None
        self._standing = replace(self._standing, opened_at=opened_at, points=news[-1].weight)


def _news(told: Told) -> News:
    return News(told.answered.outcome, told.answered.detail, told.answered.retry_after_s, told.probe)


def _is_well(told: Told) -> bool:
    return told.answered.outcome is Outcome.ANSWERED
