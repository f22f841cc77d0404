"""A pump among others: its seats change hands, a limit moves under it, and it hears of news and of who waits."""

import asyncio
import threading
from itertools import pairwise

import pytest

from tasks import pump
from tests.tasks.world import Claim, World, run


@pytest.fixture(autouse=True)
def _not_stopping() -> None:
    pump._stopping[0] = 0


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
