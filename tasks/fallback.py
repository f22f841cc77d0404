"""Another worker in a worker's place, by the rules of its profile: while its endpoint is out, or where it gave nothing.

What a fallback answers goes to people: it has no evidence of its own, and its task's is about somebody else.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import TracebackType
from typing import Self

from django.db import connections

from slider.flow import crew
from slider.flow import work as stage
from slider.flow.claims import Claim
from slider.flow.work import TROUBLES, Finding
from slider.llm.records import Outcome
from slider.models import FallbackOn, Worker
from slider.models import Outcome as Stored
from tasks import presence
from tasks.line import Line, Told

WHEN = {
    Outcome.REFUSED: FallbackOn.REFUSED,
    Outcome.FILTERED: FallbackOn.REFUSED,
    Outcome.TRUNCATED: FallbackOn.TOO_LONG,
    Outcome.TOO_LONG: FallbackOn.TOO_LONG,
    Outcome.EMPTY: FallbackOn.UNUSABLE,
    Outcome.MALFORMED: FallbackOn.UNUSABLE,
    Outcome.SCHEMA_BROKEN: FallbackOn.UNUSABLE,
    Outcome.BAD_REQUEST: FallbackOn.REJECTED,
}


def of(worker: Worker) -> Worker | None:
    """The worker that is asked in this one's place: the next rung of the task's ladder, where a rule names one."""
    if not worker.fallback_on:
        return None
    higher = Worker.objects.select_related("task").filter(task_id=worker.task_id, retired_at=None, rung__gt=worker.rung)
    return higher.order_by("rung").first()


class Fallback:
    """A worker's fallback for one shift; without one it never stands in. Open it with `async with`."""

    def __init__(self, worker: Worker, *, post: crew.Post | None) -> None:
        self._on = frozenset(worker.fallback_on)
        self._after_s = worker.fallback_after_s
        other = of(worker)
        # Its seats are dealt with the first look: until then it has none, unless there is nobody to share them with.
        self._post = post
        self._line = None if other is None else Line(other.task, other, seats=0 if post else other.in_flight)
        self._thread = ThreadPoolExecutor(1, "fallback")
        self._works = True
        self._asked = self._written = 0

    async def __aenter__(self) -> Self:
        if self._line is not None:
            await self._line.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._line is not None:
            await self._line.__aexit__(kind, error, trace)
            await asyncio.get_running_loop().run_in_executor(self._thread, connections.close_all)
        self._thread.shutdown(wait=False)

    def stands_in(self, first: Line) -> Line | None:
        """The line that is asked in place of the first, whose endpoint has been out for too long."""
        if self._line is None or not self._works or FallbackOn.OUT not in self._on:
            return None
        return self._line if first.is_open and first.out_s() >= self._after_s else None

    def limit(self, first: Line, under_way: int) -> int:
        """How many items may be under way now. A probe of the first line goes before anything else."""
        own = first.limit(under_way)
        instead = None if own else self.stands_in(first)
        return own if instead is None else instead.limit(under_way)

    def look(self, *, idle: bool) -> None:
        """Its seats, and how its endpoint stands; one that was retired, halted or has trouble stands in no more."""
        line = self._line
        if line is None:
            return
        if self._post is not None:
            at = time.monotonic()
            line.deal(crew.deal_fallback(self._post, in_flight=line.worker.in_flight, uses=line.uses), at=at)
        self._works = stage.is_on(line.worker, host=presence.HOST) and not _has_trouble(line.worker)
        line.look(idle=idle)

    def leave(self) -> None:
        """The shift is over."""
        if self._line is not None:
            self._line.leave()

    def note(self) -> None:
        if self._line is not None:
            self._line.note()

    def written(self, findings: Sequence[Finding]) -> None:
        """These are written: what the fallback cost for them is known."""
        if self._line is not None:
            own = self._line.worker.pk
            self._written += sum(len(f.bills) > 1 and f.bills[-1].worker_id == own for f in findings)

    async def after(self, claim: Claim, told: Told) -> Finding:
        """What comes of the first worker's answer: itself, or where a rule says so and it can, the fallback's."""
        own = Finding(claim, told.answered, told.bill.cost, (told.bill,), free=told.probe)
        why = WHEN.get(told.answered.outcome)
        if self._line is None or why is None or why not in self._on or not await self._may_begin():
            return own
        second = await self._line.ask(claim.body)
        if second.answered.outcome is not Outcome.ANSWERED:
            return Finding(claim, told.answered, _sum(told, second), (told.bill, second.bill))
        return self.instead(claim, second, why, first=told)

    def instead(self, claim: Claim, told: Told, why: FallbackOn, *, first: Told | None = None) -> Finding:
        """The fallback's answer, with what the first worker was paid for nothing."""
        assert self._line is not None, "nobody answered in the worker's place: there is no fallback"
        paid = [told] if first is None else [first, told]
        if Stored(told.answered.outcome.value) in TROUBLES:
            self._works = False
        return Finding(
            claim,
            told.answered,
            _sum(*paid),
            tuple(one.bill for one in paid),
            fallback=self._line.worker,
            instead_of=why,
        )

    async def _may_begin(self) -> bool:
        line = self._line
        if line is None or not self._works or line.limit(0) < 1:
            return False
        # What it has answered and nobody has written yet is in no sum that the budget is read from; the other pumps
        # have as much in hand as their shares let them.
        held = math.ceil((self._asked - self._written) / (line.share or 1.0))
        self._asked += 1
        if await asyncio.get_running_loop().run_in_executor(
            self._thread, lambda: line.permits(1, held=held) == 1 and line.begun(1) == 1
        ):
            return True
        self._asked -= 1
        return False


def _has_trouble(worker: Worker) -> bool:
    return Worker.objects.filter(pk=worker.pk).exclude(trouble="").exists()


def _sum(*told: Told) -> Decimal | None:
    """What they cost together; None where one price is not known."""
    costs = [one.bill.cost for one in told if one.bill.cost is not None]
    return sum(costs, Decimal(0)) if len(costs) == len(told) else None
