"""Asks a model about one item: in one call or in as many as samples are wanted, twice where a call straggles."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import TracebackType
from typing import Any, Protocol, Self

from slider.engine.stragglers import Stragglers
from slider.engine.throttle import Throttle
from slider.flow.work import Bill
from slider.llm import client
from slider.llm.client import Client, Raw
from slider.llm.records import Answered, Ask, Outcome
from slider.models import Task, Worker
from tasks import keys
from tasks.asking import Asking, Outgoing
from tasks.gate import Gate

# What a process has learnt of a worker version's endpoint: a shift is too short to learn it anew.
_usual: dict[int, Stragglers] = {}
_throttles: dict[int, Throttle] = {}


class Bounds(Protocol):
    """What bounds the calls: a line."""

    @property
    def cap(self) -> int:
        """Calls at once."""

    @property
    def apart(self) -> bool:
        """Whether the endpoint gives one sample a call."""

    def learn_apart(self) -> None:
        """The endpoint was found to give one sample a call. It blocks."""

    def book(self, calls: int) -> int:
        """Book calls that nobody foresaw; returns how many the rate limit allows. It blocks."""

    def may_hedge(self) -> bool:
        """Whether money is left for a second call, at an endpoint that answers. It blocks."""


@dataclass(slots=True)
class _Tally:
    """Calls that really began: one that was still at the gate costs nothing."""

    begun: int = 0
    failed: int = 0
    used: int = 0


class Caller:
    """Open it with `async with` in the loop that asks."""

    def __init__(self, task: Task, worker: Worker, *, bounds: Bounds) -> None:
        self._worker, self._bounds = worker, bounds
        self._asking = Asking(task, worker)
        self.base_url = self._asking.base_url
        self._client: Client | None = None
        self._stragglers = _usual.setdefault(worker.pk, Stragglers())
        self.throttle = _throttles.setdefault(worker.pk, Throttle(worker.in_flight))
        self.gate = Gate(lambda: max(1, bounds.cap))
        self.hedges = 0
        self._n_is_fine = False

    async def __aenter__(self) -> Self:
        self._client = Client(
            self.base_url,
            api_key=keys.key_of(self._worker),
            timeout_s=self._worker.timeout_s,
            only_public=keys.only_public(self._worker),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def ask(self, body: dict[str, Any]) -> tuple[Answered, Bill]:
        """Ask about one item; whatever happens is an outcome."""
        tally = _Tally()
        item = self._asking.item(body)
        answered = await self._asked(item, tally)
        return replace(answered, masked=item.masked), self._bill(answered, tally)

    async def _asked(self, item: Outgoing, tally: _Tally) -> Answered:
        whole = self._asking.whole
        if whole.n > 1 and self._bounds.apart:
            return _read(await self._apart(item, whole.n, tally), whole, tally, item)
        after_s = self._stragglers.after_s if self._worker.hedge else None
        raw = await (self._once(whole, item, tally) if after_s is None else self._hedged(item, tally, after_s))
        answered = _read([raw], whole, tally, item)
        if raw.failed is None and self._worker.hedge:
            self._stragglers.took(raw.latency_ms / 1000)
        if whole.n > 1:
            refused = answered.outcome is Outcome.BAD_REQUEST and not self._n_is_fine
            if refused or 0 < len(answered.samples) < whole.n:
                return await self._topped_up(item, raw, answered, tally)
        return answered

    async def _once(self, question: Ask, item: Outgoing, tally: _Tally) -> Raw:
        assert self._client is not None, "the line is not open: ask inside «async with»"
        async with self.gate:
            tally.begun += 1
            began = time.monotonic()
            raw = await self._client.fetch(question, last=item.text)
            if raw.failed is None:
                self.throttle.answered(began=began, now=time.monotonic(), in_air=self.gate.in_air)
                return raw
            tally.failed += 1
            if raw.failed.overloaded:
                self.throttle.refused(began=began, now=time.monotonic())
            return raw

    async def _apart(self, item: Outgoing, times: int, tally: _Tally) -> list[Raw]:
        """As many calls as samples are wanted, each for one."""
        single = self._asking.single
        return list(await asyncio.gather(*(self._once(single, item, tally) for _ in range(times))))

    async def _topped_up(self, item: Outgoing, raw: Raw, answered: Answered, tally: _Tally) -> Answered:
        """Ask for the samples that are missing one by one; where that helps, ask so from now on."""
        question = self._asking.whole
        missing = question.n - len(answered.samples)
        await asyncio.to_thread(self._bounds.book, missing)
        more = await self._apart(item, missing, tally)
        if all(one.failed is not None for one in more):
            self._n_is_fine = answered.outcome is Outcome.BAD_REQUEST  # it is refused for something else
            return answered
        if not self._bounds.apart:
            await asyncio.to_thread(self._bounds.learn_apart)
        return _read([raw, *more] if raw.failed is None else more, question, tally, item)

    async def _hedged(self, item: Outgoing, tally: _Tally, after_s: float) -> Raw:
        """Ask a second time when the first call is a straggler; the first answer wins, the other call is cut off."""
        question, began = self._asking.whole, time.perf_counter()
        calls = {asyncio.create_task(self._once(question, item, tally))}
        hedged = False
        try:
            done, _ = await asyncio.wait(calls, timeout=after_s)
            if not done and await self._may_hedge():
                hedged = True
                calls.add(asyncio.create_task(self._once(question, item, tally)))
            pending = set(calls)
            while True:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                raws = sorted((one.result() for one in done), key=lambda raw: raw.failed is not None)
                if raws[0].failed is None or not pending:
                    return replace(raws[0], latency_ms=(time.perf_counter() - began) * 1000)
        finally:
            self.hedges -= int(hedged)
            if hedged and tally.begun < 2:
                self._stragglers.hedged -= 1  # the first answered while it was still at the gate
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    async def _may_hedge(self) -> bool:
        """Take the right to one more call out of the share of those; what may not be used goes back."""
        if not self._stragglers.may:
            return False
        self._stragglers.hedged += 1
        self.hedges += 1
        if await asyncio.to_thread(keys.then_close, self._bounds.may_hedge):
            return True
        self._stragglers.hedged -= 1
        self.hedges -= 1
        return False

    def _bill(self, answered: Answered, tally: _Tally) -> Bill:
        """What an item's calls cost. One that was cut off is taken for as dear as one that was used: nobody says."""
        if tally.begun == 1:
            tokens = (answered.tokens_in or 0, answered.tokens_out or 0)
            return Bill(self._worker.pk, 1, *tokens, self._asking.cost(answered))
        cut_off = tally.begun - tally.failed - tally.used
        times = Fraction(tally.used + cut_off, tally.used) if tally.used else Fraction(1)
        tokens_in, tokens_out = (round((count or 0) * times) for count in (answered.tokens_in, answered.tokens_out))
        cost = self._asking.cost(answered)
        dear = None if cost is None else cost * times.numerator / times.denominator
        return Bill(self._worker.pk, tally.begun, tokens_in, tokens_out, dear)


def _read(raws: Sequence[Raw], question: Ask, tally: _Tally, item: Outgoing) -> Answered:
    """Read what came, and count what of it the answer is made of."""
    tally.used = len([1 for raw in raws if raw.failed is None])
    return client.read(raws, ask=question, restore=item.restore)
