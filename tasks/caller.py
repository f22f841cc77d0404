"""Asks a model about one item: in one call or in as many as samples are wanted, twice where a call straggles."""

import asyncio
import time
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import TracebackType
from typing import Any, Protocol, Self

from django.conf import settings

from slider.engine.stragglers import Stragglers
from slider.engine.throttle import Throttle
from slider.flow.work import Bill
from slider.llm import client, prices, prompt
from slider.llm.client import Client, Raw
from slider.llm.records import Answered, Ask, Outcome
from slider.models import Task, Worker
from slider.schema import Schema
from tasks import keys
from tasks.gate import Gate

_known: dict[int, Stragglers] = {}  # by worker version: a shift is too short to learn what is usual


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
    ended: list[Raw] = field(default_factory=list)


class Caller:
    """Open it with `async with` in the loop that asks."""

    def __init__(self, task: Task, worker: Worker, *, bounds: Bounds) -> None:
        self._task, self._worker, self._bounds = task, worker, bounds
        self._schema = Schema.compile(task.output_schema)
        self._format = prompt.response_format(task.output_schema, ask_confidence=worker.ask_confidence)
        self._wrapped = prompt.wraps(task.output_schema, ask_confidence=worker.ask_confidence)
        self._examples = [prompt.Example(example["input"], example["output"]) for example in worker.examples]
        self.base_url = worker.base_url or settings.ENV.OPENAI_BASE_URL
        own = (worker.price_in, worker.price_out)
        self._prices = prices.Prices(own[0], own[1]) if own[0] is not None and own[1] is not None else None
        self._client: Client | None = None
        self._stragglers = _known.setdefault(worker.pk, Stragglers())
        self.throttle = Throttle(worker.in_flight)
        self.gate = Gate(lambda: max(1, bounds.cap))
        self.hedges = 0

    async def __aenter__(self) -> Self:
        self._client = Client(self.base_url, api_key=keys.key_of(self._worker), timeout_s=self._worker.timeout_s)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    def question(self, body: dict[str, Any]) -> Ask:
        """What is asked about an item."""
        worker = self._worker
        return Ask(
            model=worker.model,
            messages=prompt.messages(
                instructions=worker.instructions,
                examples=self._examples,
                item_input=body,
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

    async def ask(self, body: dict[str, Any]) -> tuple[Answered, Bill]:
        """Ask about one item; whatever happens is an outcome."""
        tally = _Tally()
        answered = await self._asked(self.question(body), tally)
        return answered, self._bill(answered, tally)

    async def _asked(self, question: Ask, tally: _Tally) -> Answered:
        if question.n > 1 and self._bounds.apart:
            return client.read(await self._apart(question, question.n, tally), ask=question)
        after_s = self._stragglers.after_s if self._worker.hedge else None
        raw = await (self._once(question, tally) if after_s is None else self._hedged(question, tally, after_s))
        answered = client.read([raw], ask=question)
        self._stragglers.took(raw.latency_ms / 1000)
        if question.n > 1 and (answered.outcome is Outcome.BAD_REQUEST or 0 < len(answered.samples) < question.n):
            return await self._topped_up(question, raw, answered, tally)
        return answered

    async def _once(self, question: Ask, tally: _Tally) -> Raw:
        assert self._client is not None, "the line is not open: ask inside «async with»"
        async with self.gate:
            tally.begun += 1
            began = time.monotonic()
            raw = await self._client.fetch(question)
            tally.ended.append(raw)
            if raw.failed is not None and raw.failed.overloaded:
                self.throttle.refused(began=began, now=time.monotonic())
            elif raw.failed is None:
                self.throttle.answered(began=began, now=time.monotonic(), in_air=self.gate.in_air)
            return raw

    async def _apart(self, question: Ask, times: int, tally: _Tally) -> list[Raw]:
        """As many calls as samples are wanted, each for one."""
        single = replace(question, n=1)
        return list(await asyncio.gather(*(self._once(single, tally) for _ in range(times))))

    async def _topped_up(self, question: Ask, raw: Raw, answered: Answered, tally: _Tally) -> Answered:
        """Ask for the samples that are missing one by one; where that helps, ask so from now on."""
        missing = question.n - len(answered.samples)
        await asyncio.to_thread(self._bounds.book, missing)
        more = await self._apart(question, missing, tally)
        if all(one.failed is not None for one in more):
            return answered
        if not self._bounds.apart:
            await asyncio.to_thread(self._bounds.learn_apart)
        return client.read([raw, *more] if raw.failed is None else more, ask=question)

    async def _hedged(self, question: Ask, tally: _Tally, after_s: float) -> Raw:
        """Ask a second time when the first call is a straggler; the first answer wins, the other call is cut off."""
        began = time.perf_counter()
        calls = {asyncio.create_task(self._once(question, tally))}
        hedged = False
        try:
            done, _ = await asyncio.wait(calls, timeout=after_s)
            if not done and self._stragglers.may and await asyncio.to_thread(self._bounds.may_hedge):
                hedged = True
                self.hedges += 1
                self._stragglers.hedged += 1
                calls.add(asyncio.create_task(self._once(question, tally)))
            pending = set(calls)
            while True:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                raws = sorted((one.result() for one in done), key=lambda raw: raw.failed is not None)
                if raws[0].failed is None or not pending:
                    return replace(raws[0], latency_ms=(time.perf_counter() - began) * 1000)
        finally:
            self.hedges -= hedged
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    def _bill(self, answered: Answered, tally: _Tally) -> Bill:
        """What an item's calls cost. One that was cut off is taken for as dear as the one that won: nobody says."""
        times = 1 + tally.begun - len(tally.ended) if answered.tokens_in is not None else 1
        tokens_in, tokens_out = (answered.tokens_in or 0) * times, (answered.tokens_out or 0) * times
        cost = self.cost(answered)
        return Bill(self._worker.pk, tally.begun, tokens_in, tokens_out, None if cost is None else cost * times)

    def cost(self, answered: Answered) -> Decimal | None:
        """What one answer costs; None where the price is not known."""
        return prices.cost(
            self._worker.model,
            base_url=self.base_url,
            tokens_in=answered.tokens_in,
            tokens_out=answered.tokens_out,
            own=self._prices,
        ).usd
