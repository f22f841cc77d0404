"""The pump's machine by itself: continuous refill, bulk writes, pauses, stops, and errors that can't hang it."""

import asyncio
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from tasks import pump
from tasks.hands import Halted, Hands, Pair
from tasks.threads import Threads


@dataclass(frozen=True, slots=True)
class Claim:
    item_id: int
    token: int = 1


@dataclass
class World:
    """A queue of items, an endpoint whose answers a test releases, and a record of what was written."""

    ready: list[int]
    waits: dict[int, asyncio.Event] = field(default_factory=dict)
    pauses: dict[int, float] = field(default_factory=dict)
    broken: dict[int, Exception] = field(default_factory=dict)
    settle_error: Exception | None = None
    asked: list[int] = field(default_factory=list)
    settled: list[list[int]] = field(default_factory=list)
    returned: list[int] = field(default_factory=list)
    renewed: list[int] = field(default_factory=list)
    in_flight: int = 0
    peak: int = 0
    limit: int = 2**31
    turns: int = 1  # of the loop, that a call takes
    threads: Threads = field(default_factory=Threads)
    on_asked: Callable[[int], None] = lambda _: None
    halted: Halted = ""
    watched: list[tuple[int, int]] = field(default_factory=list)
    claimed: list[tuple[int, int]] = field(default_factory=list)
    on_settle: Callable[[], object] = lambda: None

    def claim(self, most: int, held: int) -> list[Claim]:
        self.claimed.append((most, held))
        taken, self.ready = self.ready[:most], self.ready[most:]
        return [Claim(item_id) for item_id in taken]

    async def ask(self, claim: Claim) -> int:
        self.asked.append(claim.item_id)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        self.on_asked(claim.item_id)
        try:
            if claim.item_id in self.broken:
                raise self.broken[claim.item_id]
            for _ in range(self.turns):
                await asyncio.sleep(0)
            if claim.item_id in self.waits:
                await self.waits[claim.item_id].wait()
        finally:
            self.in_flight -= 1
        return claim.item_id

    def settle(self, found: list[int]) -> None:
        if self.settle_error is not None:
            raise self.settle_error
        self.on_settle()
        self.settled.append(found)

    def renew(self, pairs: list[Pair]) -> None:
        self.renewed.extend(item_id for item_id, _ in pairs)

    def give_back(self, pairs: list[Pair]) -> None:
        self.returned.extend(item_id for item_id, _ in pairs)

    def watch(self, held: int, flying: int) -> Halted:
        self.watched.append((held, flying))
        return self.halted

    def pump(self, *, in_flight: int = 4, shift_s: float = 30.0, lease_s: float = 60.0) -> pump.Pump[Claim, int]:
        hands = Hands(
            claim=self.claim,
            ask=self.ask,
            settle=self.settle,
            renew=self.renew,
            give_back=self.give_back,
            pause_s=lambda item_id: self.pauses.get(item_id, 0.0),
            watch=self.watch,
            limit=lambda: self.limit,
        )
        return pump.Pump(
            hands, threads=self.threads, in_flight=in_flight, lease_s=lease_s, shift_s=shift_s, linger_s=0.0
        )

    @property
    def written(self) -> list[int]:
        return sorted(item_id for batch in self.settled for item_id in batch)


@pytest.fixture(autouse=True)
def _not_stopping() -> None:
    pump._stopping[0] = 0


def run(world: World, **settings: float) -> int:
    """One shift, which must not take longer than ten seconds."""

    async def shift() -> int:
        async with asyncio.timeout(10):
            return await world.pump(**settings).run()  # type: ignore[arg-type]  # the tests name real settings

    return asyncio.run(shift())


def test_every_item_is_asked_and_written_once_and_never_more_than_allowed_at_a_time() -> None:
    world = World(ready=list(range(200)))
    assert run(world, in_flight=7) == 200
    assert sorted(world.asked) == world.written == list(range(200))
    assert world.peak <= 7


def test_findings_are_written_in_bulk() -> None:
    world = World(ready=list(range(200)))
    run(world, in_flight=50)
    assert len(world.settled) < 50


def test_one_slow_call_does_not_hold_up_the_others() -> None:
    """A barrier would wait for the slow one before it takes more; the pump goes on around it."""
    world = World(ready=list(range(100)))
    world.waits[0] = asyncio.Event()

    def release_at_the_end(item_id: int) -> None:
        if len(world.asked) == 100:
            world.waits[0].set()

    world.on_asked = release_at_the_end
    assert run(world) == 100


def test_when_it_is_told_to_stop_it_finishes_what_is_in_flight_and_returns_the_rest() -> None:
    world = World(ready=list(range(2000)))

    def stop_at_the_tenth(item_id: int) -> None:
        if len(world.asked) == 10:
            pump.ask_to_stop()

    world.on_asked = stop_at_the_tenth
    run(world)
    assert world.written == sorted(world.asked)
    assert sorted(world.asked + world.returned + world.ready) == list(range(2000))
    assert len(world.asked) < 10 + 4
    assert len(world.ready) > 1000


def test_a_shift_ends_by_the_clock_so_that_other_tasks_have_their_turn() -> None:
    world = World(ready=list(range(100)))
    assert run(world, shift_s=0.0) == 0
    assert world.ready == list(range(100))


def test_an_endless_pause_ends_the_shift_and_returns_what_was_not_begun() -> None:
    world = World(ready=list(range(100)), pauses={0: math.inf})
    run(world)
    assert world.written == sorted(world.asked)
    assert len(world.asked) <= 2 * 4
    assert sorted(world.asked + world.returned + world.ready) == list(range(100))


def test_a_pause_holds_everybody_for_that_long() -> None:
    world = World(ready=list(range(6)), pauses={0: 0.3})
    began: dict[int, float] = {}

    def note(item_id: int) -> None:
        began[item_id] = asyncio.get_running_loop().time()

    world.on_asked = note
    run(world, in_flight=1)
    assert began[1] - began[0] >= 0.3
    assert world.written == list(range(6))


def test_leases_of_what_is_held_are_renewed() -> None:
    world = World(ready=[1, 2])
    world.waits[1] = asyncio.Event()

    original = world.renew

    def renew(pairs: list[Pair]) -> None:
        original(pairs)
        loop.call_soon_threadsafe(world.waits[1].set)

    world.renew = renew  # type: ignore[method-assign]  # the second sign of life ends the call
    loop: asyncio.AbstractEventLoop

    async def shift() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            await world.pump(lease_s=0.3).run()

    asyncio.run(shift())
    assert 1 in world.renewed
    assert world.written == [1, 2]


def test_an_error_in_a_call_ends_the_shift_with_it_and_saves_what_was_found() -> None:
    world = World(ready=list(range(8)), broken={3: RuntimeError("a defect")})
    with pytest.raises(RuntimeError, match="a defect"):
        run(world)
    assert 3 not in world.written
    assert set(world.written) == set(world.asked) - {3}


def test_an_error_in_a_write_ends_the_shift_with_it_and_writes_nothing_twice() -> None:
    world = World(ready=list(range(8)), settle_error=RuntimeError("a defect"))
    with pytest.raises(RuntimeError, match="a defect"):
        run(world)
    assert world.settled == []


def halt_at_third(world: World, halted: Halted) -> None:
    """With the third call an operator halts the pump, whose calls hang until it has noticed."""
    event = asyncio.Event()
    world.waits = dict.fromkeys(range(200), event)

    def asked(item_id: int) -> None:
        if len(world.asked) == 3:
            world.halted = halted
            asyncio.get_running_loop().call_later(3 * pump.WATCH_S, event.set)

    world.on_asked = asked


def test_a_paused_pump_begins_nothing_more_and_gives_back_what_it_has_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pump, "WATCH_S", 0.05)
    world = World(ready=list(range(200)))
    halt_at_third(world, "paused")
    assert run(world, in_flight=4) == 4
    assert world.written == sorted(world.asked)
    assert sorted([*world.asked, *world.returned, *world.ready]) == list(range(200))
    assert world.returned


def test_a_draining_pump_finishes_all_that_it_holds_and_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "WATCH_S", 0.05)
    world = World(ready=list(range(200)))
    halt_at_third(world, "draining")
    settled = run(world, in_flight=4, shift_s=0.2)  # a shift that is over is no reason to give back
    assert world.returned == []
    assert settled == len(world.written) > 4
    assert sorted([*world.written, *world.ready]) == list(range(200))


def test_a_pump_says_what_it_holds_and_how_many_calls_are_in_the_air(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "WATCH_S", 0.02)
    world = World(ready=list(range(20)))
    halt_at_third(world, "")
    run(world, in_flight=4)
    assert (5, 4) in world.watched


def test_a_watch_that_breaks_ends_the_pump_and_loses_nothing() -> None:
    world = World(ready=list(range(20)))

    def broken(held: int, flying: int) -> Halted:
        raise ValueError("nobody can say")

    world.watch = broken  # type: ignore[method-assign]  # what is broken is this very method
    with pytest.raises(ValueError, match="nobody can say"):
        run(world, in_flight=4)
    assert sorted([*world.written, *world.returned, *world.ready]) == list(range(20))


def test_of_its_calls_no_more_are_in_the_air_than_it_is_dealt_seats_and_it_uses_what_it_is_given() -> None:
    world = World(ready=list(range(300)))
    dealt = iter([2, 2, 2, 7, 7, 1, 1])
    seen: list[tuple[int, int]] = []
    allowed = [5]

    def tick(uses: int, idle: bool) -> tuple[int, bool]:
        assert not idle
        seats = next(dealt, 5)
        seen.append((uses, seats))
        return seats, False

    async def ask(claim: Claim) -> int:
        began_with = len(shift._calls)
        assert began_with <= max(shift._seats, allowed[0])
        allowed[0] = max(shift._seats, min(allowed[0], began_with))
        world.asked.append(claim.item_id)
        shift._tick_now.set()
        await asyncio.sleep(0.01)
        return claim.item_id

    shift = world.pump(in_flight=5)
    object.__setattr__(shift._hands, "tick", tick)
    object.__setattr__(shift._hands, "ask", ask)

    async def run() -> int:
        async with asyncio.timeout(20):
            return await shift.run()

    assert asyncio.run(run()) == 300
    assert sorted(world.asked) == list(range(300))
    assert len(seen) > 7
    assert all(uses >= before for (_, before), (uses, _) in pairwise(seen)), "it said how many it uses"


def test_a_pump_that_is_told_to_leave_ends_and_gives_back_what_it_has_not_begun() -> None:
    world = World(ready=list(range(20_000)))
    shift = world.pump(in_flight=2)
    object.__setattr__(shift._hands, "tick", lambda uses, _: (uses, True))
    world.on_asked = lambda _: shift._tick_now.set()

    async def run() -> int:
        async with asyncio.timeout(10):
            return await shift.run()

    asyncio.run(run())
    assert world.written == sorted(world.asked)
    assert sorted(world.asked + world.returned + world.ready) == list(range(20_000))
    assert len(world.ready) + len(world.returned) > 0


def test_an_idle_pump_takes_what_it_hears_of_without_waiting_for_its_next_look() -> None:
    world = World(ready=[])
    heard = asyncio.Event()
    shift = world.pump()
    shift._linger_s = 5.0
    looked: list[int] = []
    original = world.claim

    def claim(most: int, held: int) -> list[Claim]:
        looked.append(most)
        if len(looked) == 2:  # it is dry and waits for its next look
            world.ready = [1]
            loop.call_soon_threadsafe(heard.set)
        return original(most, held)

    async def news() -> None:
        await heard.wait()
        heard.clear()

    async def ask(claim: Claim) -> int:
        shift._linger_s = 0.0
        return claim.item_id

    for name, hand in (("claim", claim), ("news", news), ("ask", ask)):
        object.__setattr__(shift._hands, name, hand)
    loop: asyncio.AbstractEventLoop

    async def run() -> int:
        nonlocal loop
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10):
            return await shift.run()

    assert asyncio.run(run()) == 1


def test_a_limit_that_moves_is_kept_at_every_moment() -> None:
    world = World(ready=list(range(120)), limit=2, turns=20)
    seen: list[tuple[int, int]] = []

    def note(item_id: int) -> None:
        seen.append((world.in_flight, world.limit))
        world.limit = 2 if len(world.asked) < 40 else 5 if len(world.asked) < 80 else 1

    world.on_asked = note
    assert run(world, in_flight=8) == 120
    # Who was under way when the limit fell stays so: beyond it nobody begins.
    assert max(in_flight for in_flight, limit in seen[:40]) == 2
    assert 3 <= max(in_flight for in_flight, limit in seen[40:80]) <= 5
    assert max(in_flight for in_flight, limit in seen[90:]) == 1


def test_at_a_limit_of_nothing_one_item_is_held_and_none_begins_and_all_are_returned() -> None:
    world = World(ready=list(range(20)), limit=0)
    assert run(world, shift_s=0.3) == 0
    assert world.asked == []
    assert len(world.returned) == 1
    assert sorted(world.returned + world.ready) == list(range(20))


def test_an_error_in_a_tick_ends_the_shift_with_it() -> None:
    world = World(ready=list(range(20)))

    def broken(uses: int, idle: bool) -> tuple[int, bool]:
        raise RuntimeError("a defect")

    shift = world.pump()
    object.__setattr__(shift._hands, "tick", broken)
    world.waits = dict.fromkeys(range(20), asyncio.Event())
    world.on_asked = lambda _: shift._tick_now.set()

    async def run() -> int:
        asyncio.get_running_loop().call_later(0.2, world.waits[0].set)
        async with asyncio.timeout(10):
            return await shift.run()

    with pytest.raises(RuntimeError, match="a defect"):
        asyncio.run(run())
    assert sorted([*world.written, *world.returned, *world.ready]) == list(range(20))


def test_answers_that_wait_to_be_written_take_no_seat_from_those_that_could_be_asked() -> None:
    """A claim is told what waits for an answer, and not what has one: a slow write holds no call up."""
    world = World(ready=list(range(400)))
    may_write = threading.Event()
    world.on_asked = lambda item_id: may_write.set() if item_id == 399 else None
    world.on_settle = lambda: may_write.wait(5)
    assert run(world, in_flight=8) == 400
    assert may_write.is_set()
    assert max(held for _, held in world.claimed) <= 8 + pump.FLUSH_MOST // 2
    assert len(world.settled) < 4
