"""The pump: one asyncio loop that keeps calls in flight for one task, refilled continuously, written in bulk."""

import asyncio
import math
import mmap
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

from tasks.hands import C, F, Halted, Hands
from tasks.threads import Threads

T = TypeVar("T")
FLUSH_S = 0.05
FLUSH_MOST = 250
DRY_WAIT_S = 0.2
STOCK_S = 0.2  # what is claimed ahead lasts so long at the pace of the last claims
MOST_UNWRITTEN = FLUSH_MOST  # more answers than that wait to be written: nothing new is claimed
TICK_S = 0.5
WATCH_S = 0.5  # so soon after an operator's word no pump begins anything more
QUICK_TICK_S = 0.05  # while seats change hands
GRACE_S = 15.0  # calls in flight at a stop may take this long; their leases run out by themselves otherwise

# One byte shared with the forked children: the worker's main process sets it when it is told to stop.
_stopping = mmap.mmap(-1, 1)


def ask_to_stop() -> None:
    """Tell every pump of this worker, in whichever child process, to finish what is in flight and end."""
    _stopping[0] = 1


class Pump(Generic[C, F]):
    """Runs until the task is dry for `linger_s`, its shift of `shift_s` is over, or the worker is stopping."""

    def __init__(
        self,
        hands: Hands[C, F],
        *,
        threads: Threads,
        in_flight: int,
        lease_s: float,
        shift_s: float,
        linger_s: float,
    ) -> None:
        self._hands = hands
        self._threads = threads.by_name
        self._seats = in_flight
        self._lease_s = lease_s
        self._linger_s = linger_s
        self._ends_at = time.monotonic() + shift_s
        self._waiting: deque[C] = deque()
        self._held: dict[int, C] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._found: list[tuple[C, F]] = []
        self._stir = asyncio.Event()  # something happened that may let more be claimed, or end the shift
        self._tick_now = asyncio.Event()
        self._anything = asyncio.Event()
        self._closing = False
        self._error: BaseException | None = None
        self._paused_until = 0.0
        self._halted: Halted = ""
        self._begun, self._pace, self._claimed_at = 0, 0.0, time.monotonic()
        self.settled = 0

    async def run(self) -> int:
        """Pump; returns how many findings were settled. An error in a hand ends the pump after what can be saved is."""
        crew = [asyncio.create_task(act()) for act in (self._write, self._beat, self._tick, self._hear, self._watch)]
        for member in crew:
            member.add_done_callback(self._ended)
        try:
            await self._feed()
        finally:
            await self._close(*crew)
        return self.settled

    async def _feed(self) -> None:
        """Claim whenever little of what can be in flight is waiting, never in batches with a barrier."""
        dry_since: float | None = None
        while not self._over():
            self._stir.clear()
            if self._halted == "draining" and not self._held:
                return
            most = self._wanted()
            if most < 1:
                await _within(self._stir, DRY_WAIT_S)
                continue
            claims = await self._in("claim", self._hands.claim, most, len(self._waiting) + len(self._calls))
            self._take(claims)
            if len(claims) == most or claims or self._held:
                dry_since = None
            elif dry_since is None:
                dry_since = time.monotonic()
            if dry_since is not None and time.monotonic() - dry_since >= self._linger_s:
                return
            if len(claims) < most:
                await _within(self._stir, DRY_WAIT_S)

    def _wanted(self) -> int:
        """How many items to claim now: enough for every free seat, and in stock what the pace of late uses up soon."""
        allowed = min(self._seats, self._hands.limit())
        stock = min(FLUSH_MOST, max(1, allowed // 4, int(self._pace * STOCK_S) if allowed else 0))
        free = max(0, allowed - len(self._calls))
        if self._halted or self._seats < 1 or 2 * len(self._waiting) >= stock + 2 * free:
            return 0
        if len(self._found) > MOST_UNWRITTEN:
            return 0
        return free + stock - len(self._waiting)

    def _take(self, claims: list[C]) -> None:
        now = time.monotonic()
        self._pace += 0.5 * (self._begun / max(0.01, now - self._claimed_at) - self._pace)
        self._begun, self._claimed_at = 0, now
        for claim in claims:
            self._held[claim.item_id] = claim
            self._waiting.append(claim)
        self._begin()

    def _begin(self) -> None:
        """Let a call begin for every item that waits and every seat that is free."""
        while self._waiting and self._may_begin(len(self._calls)):
            call = asyncio.create_task(self._call(self._waiting.popleft()))
            self._calls.add(call)
            call.add_done_callback(self._called)

    def _may_begin(self, others: int) -> bool:
        if others >= self._seats or others >= self._hands.limit():
            return False
        return time.monotonic() >= self._paused_until and not (self._closing or self._over())

    async def _call(self, claim: C) -> None:
        """One call after the other for as long as items wait and this seat is among those allowed."""
        while True:
            self._begun += 1
            finding = await self._hands.ask(claim)
            self._found.append((claim, finding))
            self._anything.set()
            if (pause_s := self._hands.pause_s(finding)) > 0:
                self._pause(pause_s)
            if self._wanted() > 0:
                self._stir.set()
            if not self._waiting or not self._may_begin(len(self._calls) - 1):
                return
            claim = self._waiting.popleft()
            if len(self._calls) < self._seats:
                self._begin()  # the limit may have risen by this answer

    def _called(self, call: "asyncio.Task[None]") -> None:
        self._calls.discard(call)
        self._ended(call)
        self._begin()

    def _pause(self, pause_s: float) -> None:
        self._paused_until = max(self._paused_until, time.monotonic() + pause_s)
        if math.isinf(pause_s):
            self._stir.set()
        else:
            asyncio.get_running_loop().call_later(pause_s + 0.001, self._begin)

    def _ended(self, member: "asyncio.Task[None]") -> None:
        """An error anywhere ends the shift; the first one is what it ends with."""
        if not member.cancelled() and (error := member.exception()) is not None:
            self._error = self._error or error
            self._stir.set()

    async def _write(self) -> None:
        """Gather findings for at most 50 ms or 250 rows, then write them in one go."""
        while True:
            await self._anything.wait()
            if not self._closing and len(self._found) < min(FLUSH_MOST, len(self._held)):
                await asyncio.sleep(FLUSH_S)
            self._anything.clear()
            batch, self._found = self._found[:FLUSH_MOST], self._found[FLUSH_MOST:]
            if batch:
                await self._in("write", self._hands.settle, [finding for _, finding in batch])
                self.settled += len(batch)
                for claim, _ in batch:
                    self._held.pop(claim.item_id, None)
                self._stir.set()
            if self._found:
                self._anything.set()
            elif self._closing and not self._held:
                return

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            if pairs := [(claim.item_id, claim.token) for claim in self._held.values()]:
                await self._in("beat", self._hands.renew, pairs)

    async def _tick(self) -> None:
        """Signs of life, more often while seats change hands."""
        settling = self._seats == 0
        while True:
            await _within(self._tick_now, QUICK_TICK_S if settling else TICK_S)
            self._tick_now.clear()
            uses = max(self._seats, len(self._calls))
            self._seats, leave = await self._in("beat", self._hands.tick, uses, not self._held)
            if leave:
                self._ends_at = 0.0
            self._stir.set()
            self._begin()
            settling = self._seats < uses or self._seats == 0

    async def _watch(self) -> None:
        """Say what is in hand, and hear whether an operator has halted this; in the beat's thread, which is idle."""
        while True:
            self._halted = await self._in("beat", self._hands.watch, len(self._held), len(self._calls))
            if self._halted:
                self._stir.set()
            await asyncio.sleep(WATCH_S)

    async def _hear(self) -> None:
        while True:
            await self._hands.news()
            self._stir.set()
            self._tick_now.set()

    async def _close(self, writer: "asyncio.Task[None]", *others: "asyncio.Task[None]") -> None:
        """Give back what was not begun, let what is in flight finish, write it, and leave nothing open."""
        self._closing = True
        untouched = list(self._waiting)
        self._waiting.clear()
        if calls := list(self._calls):
            await asyncio.wait(calls, timeout=GRACE_S)
        for claim in untouched:
            self._held.pop(claim.item_id, None)
        if pairs := [(claim.item_id, claim.token) for claim in untouched]:
            await self._in("claim", self._hands.give_back, pairs)
        for call in calls:
            call.cancel()
        # Nothing comes in any more: what is not found by now never will be, and its lease runs out.
        self._held = {claim.item_id: claim for claim, _ in self._found}
        self._anything.set()
        await asyncio.gather(*calls, writer, return_exceptions=True)
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        if self._error is not None:
            raise self._error

    def _over(self) -> bool:
        if self._error is not None:
            return True
        if _stopping[0] or self._halted == "paused" or math.isinf(self._paused_until):
            return True
        # What is drained may take longer than a shift: it is in hand, and nothing else comes in.
        return self._halted != "draining" and time.monotonic() >= self._ends_at

    async def _in(self, thread: str, act: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads[thread], act, *arguments)


async def _within(event: asyncio.Event, limit_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event.wait()
