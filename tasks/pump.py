"""The pump: one asyncio loop that keeps calls in flight for one task, refilled continuously, written in bulk."""

import asyncio
import math
import mmap
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

FLUSH_S = 0.05
FLUSH_MOST = 500
DRY_WAIT_S = 0.2
WATCH_S = 0.5  # so soon after an operator's word no pump begins anything more
GRACE_S = 15.0  # calls in flight at a stop may take this long; their leases run out by themselves otherwise

# One byte shared with the forked children: the worker's main process sets it when it is told to stop.
_stopping = mmap.mmap(-1, 1)


def ask_to_stop() -> None:
    """Tell every pump of this worker, in whichever child process, to finish what is in flight and end."""
    _stopping[0] = 1


class Held(Protocol):
    """A claim: what the pump needs to know of it."""

    @property
    def item_id(self) -> int: ...
    @property
    def token(self) -> int: ...


C = TypeVar("C", bound=Held)
F = TypeVar("F")
T = TypeVar("T")
Pair = tuple[int, int]
Halted = Literal["", "paused", "draining"]


def _nobody_halts(_held: int, _flying: int) -> Halted:
    return ""


@dataclass(frozen=True, slots=True)
class Hands(Generic[C, F]):
    """What a pump does with the world. All but `ask` block, have a thread each, and are safe to repeat.

    `claim(most, held)` takes up to `most` more items while `held` are in hand; `settle` writes findings; `renew`
    and `give_back` take (item, token) pairs; `pause_s` says for how long a finding asks everybody to wait, infinity
    to end the shift; `goodbye` closes what a thread has opened. `watch(held, in_flight)` tells what is in hand and
    says whether an operator has halted this: paused begins nothing more, draining finishes what is held.
    """

    claim: Callable[[int, int], list[C]]
    ask: Callable[[C], Awaitable[F]]
    settle: Callable[[list[F]], None]
    renew: Callable[[list[Pair]], None]
    give_back: Callable[[list[Pair]], None]
    pause_s: Callable[[F], float]
    goodbye: Callable[[], None]
    watch: Callable[[int, int], Halted] = _nobody_halts


class Pump(Generic[C, F]):
    """Runs until the task is dry for `linger_s`, its shift of `shift_s` is over, or the worker is stopping."""

    def __init__(self, hands: Hands[C, F], *, in_flight: int, lease_s: float, shift_s: float, linger_s: float) -> None:
        self._hands = hands
        self._in_flight = in_flight
        self._lease_s = lease_s
        self._linger_s = linger_s
        self._ends_at = time.monotonic() + shift_s
        self._waiting: deque[C] = deque()
        self._held: dict[int, C] = {}
        self._found: list[tuple[C, F]] = []
        self._slots = asyncio.Semaphore(0)  # one permit a waiting claim
        self._hungry = asyncio.Event()
        self._wrote = asyncio.Event()
        self._anything = asyncio.Event()
        self._closing = False
        self._leaving = asyncio.Event()
        self._untouched: list[C] = []
        self._paused_until = 0.0
        self._halted: Halted = ""
        self._flying = 0
        self._threads = {name: ThreadPoolExecutor(1, f"pump-{name}") for name in ("claim", "write", "beat")}
        self.settled = 0

    async def run(self) -> int:
        """Pump; returns how many findings were settled. An error in a hand ends the pump after what can be saved is."""
        callers = [asyncio.create_task(self._call()) for _ in range(self._in_flight)]
        writer, beat = asyncio.create_task(self._write()), asyncio.create_task(self._beat())
        watch = asyncio.create_task(self._watch())
        try:
            await self._feed([*callers, writer, beat, watch])
        finally:
            await self._close(callers, writer, [beat, watch])
        return self.settled

    async def _feed(self, crew: Sequence["asyncio.Task[None]"]) -> None:
        """Claim whenever less than a quarter of what can be in flight is waiting, never in batches with a barrier."""
        low = max(1, self._in_flight // 4)
        dry_since: float | None = None
        while not self._over() and not any(member.done() for member in crew):
            if self._halted == "draining":
                if not self._held:
                    return
                self._wrote.clear()
                await self._within(self._wrote, DRY_WAIT_S)
                continue
            if len(self._waiting) >= low:
                self._hungry.clear()
                await self._within(self._hungry, DRY_WAIT_S)
                continue
            most = max(low, self._in_flight + low - len(self._held))
            claims = await self._in("claim", self._hands.claim, most, len(self._held))
            self._take(claims)
            if len(claims) == most:
                dry_since = None
                continue
            if claims or self._held:
                dry_since = None
            elif dry_since is None:
                dry_since = time.monotonic()
            elif time.monotonic() - dry_since >= self._linger_s:
                return
            self._wrote.clear()
            await self._within(self._wrote, DRY_WAIT_S)

    def _take(self, claims: list[C]) -> None:
        for claim in claims:
            self._held[claim.item_id] = claim
            self._waiting.append(claim)
            self._slots.release()

    async def _call(self) -> None:
        while True:
            await self._slots.acquire()
            if not self._waiting:
                return  # woken to close
            claim = self._waiting.popleft()
            if len(self._waiting) < max(1, self._in_flight // 4):
                self._hungry.set()
            if (wait := self._paused_until - time.monotonic()) > 0:
                await self._within(self._leaving, wait)
            if self._closing or self._halted == "paused":
                self._untouched.append(claim)
                return
            self._flying += 1
            try:
                finding = await self._hands.ask(claim)
            finally:
                self._flying -= 1
            self._paused_until = max(self._paused_until, time.monotonic() + self._hands.pause_s(finding))
            self._found.append((claim, finding))
            self._anything.set()

    async def _write(self) -> None:
        """Gather findings for at most 50 ms or 500 rows, then write them in one go."""
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
                self._wrote.set()
            if self._found:
                self._anything.set()
            elif self._closing and not self._held:
                return

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            if pairs := [(claim.item_id, claim.token) for claim in self._held.values()]:
                await self._in("beat", self._hands.renew, pairs)

    async def _watch(self) -> None:
        """Say what is in hand, and hear whether an operator has halted this; in the beat's thread, which is idle."""
        while True:
            self._halted = await self._in("beat", self._hands.watch, len(self._held), self._flying)
            if self._halted:
                self._hungry.set()
                self._wrote.set()
            await asyncio.sleep(WATCH_S)

    async def _close(
        self, callers: list["asyncio.Task[None]"], writer: "asyncio.Task[None]", signs: list["asyncio.Task[None]"]
    ) -> None:
        """Give back what was not begun, let what is in flight finish, write it, and leave nothing open."""
        self._closing = True
        self._leaving.set()
        self._untouched.extend(self._waiting)
        self._waiting.clear()
        for _ in callers:
            self._slots.release()
        _, late = await asyncio.wait(callers, timeout=GRACE_S)
        for claim in self._untouched:
            self._held.pop(claim.item_id, None)
        if pairs := [(claim.item_id, claim.token) for claim in self._untouched]:
            await self._in("claim", self._hands.give_back, pairs)
        for caller in late:
            caller.cancel()
        # Nothing comes in any more: what is not found by now never will be, and its lease runs out.
        self._held = {claim.item_id: claim for claim, _ in self._found}
        self._anything.set()
        outcomes = await asyncio.gather(*callers, writer, return_exceptions=True)
        for sign in signs:
            sign.cancel()
        await asyncio.gather(*signs, return_exceptions=True)
        for name, thread in self._threads.items():
            await self._in(name, self._hands.goodbye)
            thread.shutdown(wait=False)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _over(self) -> bool:
        if _stopping[0] or self._halted == "paused" or math.isinf(self._paused_until):
            return True
        # What is drained may take longer than a shift: it is in hand, and nothing else comes in.
        return self._halted != "draining" and time.monotonic() >= self._ends_at

    async def _in(self, thread: str, act: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads[thread], act, *arguments)

    async def _within(self, event: asyncio.Event, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await event.wait()
        except TimeoutError:
            return
