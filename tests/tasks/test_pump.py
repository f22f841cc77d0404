"""The pump's machine by itself: continuous refill, bulk writes, pauses, stops, and errors that can't hang it."""

import asyncio
import math

import pytest

from tasks import pump
from tasks.hands import Halted, Pair
from tests.tasks.world import World, run


@pytest.fixture(autouse=True)
def _not_stopping() -> None:
    pump._stopping[0] = 0


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
