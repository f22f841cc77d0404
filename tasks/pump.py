"""The pump: one asyncio loop that keeps calls in flight for one task, refilled continuously, written in bulk."""

import asyncio
import math
import mmap
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

FLUSH_S = 0.05
FLUSH_MOST = 500
DRY_WAIT_S = 0.2
TICK_S = 0.5
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


@dataclass(frozen=True, slots=True)
class Hands(Generic[C, F]):
    """What a pump does with the world. All but `ask` block, have a thread each, and are safe to repeat.

    `claim(most, held)` takes up to `most` more items while `held` are in hand; `settle` writes findings; `renew`
    and `give_back` take (item, token) pairs; `pause_s` says for how long a finding asks everybody to wait, infinity
    to end the shift; `goodbye` closes what a thread has opened. `tick` is called before anything begins and twice a
    second from then on, by one thread; `limit`, which does not block, says how many items may be under way now, never
    more than `in_flight` are.
    """

    claim: Callable[[int, int], list[C]]
    ask: Callable[[C], Awaitable[F]]
    settle: Callable[[list[F]], None]
    renew: Callable[[list[Pair]], None]
    give_back: Callable[[list[Pair]], None]
    pause_s: Callable[[F], float]
    goodbye: Callable[[], None]
    tick: Callable[[], None] = lambda: None
    limit: Callable[[], int] = lambda: 2**31


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
        self._under_way = 0
        self._landed = asyncio.Event()
        self._threads = {name: ThreadPoolExecutor(1, f"pump-{name}") for name in ("claim", "write", "beat")}
        self.settled = 0

    async def run(self) -> int:
        """Pump; returns how many findings were settled. An error in a hand ends the pump after what can be saved is."""
        callers = [asyncio.create_task(self._call()) for _ in range(self._in_flight)]
        writer, beat = asyncio.create_task(self._write()), asyncio.create_task(self._beat())
        try:
            await self._feed([*callers, writer, beat])
        finally:
            await self._close(callers, writer, beat)
        return self.settled

    async def _feed(self, crew: Sequence["asyncio.Task[None]"]) -> None:
        """Claim whenever less than a quarter of what can be in flight is waiting, never in batches with a barrier."""
        await self._in("beat", self._hands.tick)
        low = max(1, self._in_flight // 4)
        dry_since: float | None = None
        while not self._over() and not any(member.done() for member in crew):
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
            if not await self._turn():
                self._untouched.append(claim)
                return
            self._under_way += 1
            finding = await self._hands.ask(claim)
            self._under_way -= 1
            self._landed.set()
            self._paused_until = max(self._paused_until, time.monotonic() + self._hands.pause_s(finding))
            self._found.append((claim, finding))
            self._anything.set()

    async def _turn(self) -> bool:
        """Wait until one more item may be under way; False when the pump closes first."""
        while not self._closing:
            if (wait := self._paused_until - time.monotonic()) > 0:
                await self._within(self._leaving, wait)
            elif self._under_way < self._hands.limit():
                return True
            else:
                self._landed.clear()
                await self._within(self._landed, TICK_S / 4)
        return False

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
        renewed_at = time.monotonic()
        while True:
            await asyncio.sleep(min(TICK_S, self._lease_s / 3))
            await self._in("beat", self._hands.tick)
            if time.monotonic() - renewed_at < self._lease_s / 3 - TICK_S / 2:
                continue
            renewed_at = time.monotonic()
            if pairs := [(claim.item_id, claim.token) for claim in self._held.values()]:
                await self._in("beat", self._hands.renew, pairs)

    async def _close(
        self, callers: list["asyncio.Task[None]"], writer: "asyncio.Task[None]", beat: "asyncio.Task[None]"
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
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)
        for name, thread in self._threads.items():
            await self._in(name, self._hands.goodbye)
            thread.shutdown(wait=False)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _over(self) -> bool:
        return bool(_stopping[0]) or time.monotonic() >= self._ends_at or math.isinf(self._paused_until)

    async def _in(self, thread: str, act: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads[thread], act, *arguments)

    async def _within(self, event: asyncio.Event, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s):
                await event.wait()
        except TimeoutError:
            return
