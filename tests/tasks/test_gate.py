"""The gate: never more inside than its limit, first come first served, and a limit may move at any moment."""

import asyncio

import pytest

from tasks.gate import Gate


def test_no_more_are_inside_than_its_limit_and_all_get_through_in_order() -> None:
    order: list[int] = []
    peak = 0

    async def one(gate: Gate, number: int) -> None:
        nonlocal peak
        async with gate:
            order.append(number)
            peak = max(peak, gate.in_air)
            await asyncio.sleep(0)

    async def all_of_them() -> None:
        gate = Gate(lambda: 3)
        async with asyncio.timeout(10):
            await asyncio.gather(*(one(gate, number) for number in range(50)))
        assert gate.in_air == 0

    asyncio.run(all_of_them())
    assert (peak, order) == (3, list(range(50)))


def test_a_limit_that_rises_lets_the_next_in_and_one_that_falls_keeps_them_out() -> None:
    async def scene() -> None:
        limit = 0
        gate = Gate(lambda: limit)
        inside = asyncio.Event()

        async def one() -> None:
            async with gate:
                inside.set()

        task = asyncio.create_task(one())
        await asyncio.sleep(0)
        assert not inside.is_set()
        limit = 1
        async with asyncio.timeout(5):
            await task
        limit = 0
        assert not gate.is_free

    asyncio.run(scene())


@pytest.mark.parametrize("gives_up", [0, 1, 2])
def test_who_gives_up_at_the_gate_leaves_no_gap(gives_up: int) -> None:
    async def scene() -> list[int]:
        entered: list[int] = []
        gate = Gate(lambda: 1)

        async def one(number: int) -> None:
            async with gate:
                entered.append(number)

        async with asyncio.timeout(5):
            async with gate:
                tasks = [asyncio.create_task(one(number)) for number in range(3)]
                await asyncio.sleep(0)
                tasks[gives_up].cancel()
                await asyncio.sleep(0)
            await asyncio.gather(*tasks, return_exceptions=True)
        assert gate.in_air == 0
        return entered

    assert asyncio.run(scene()) == [number for number in range(3) if number != gives_up]


def test_a_call_that_fails_inside_frees_its_place() -> None:
    async def scene() -> None:
        gate = Gate(lambda: 1)
        with pytest.raises(RuntimeError):
            async with gate:
                raise RuntimeError("a defect")
        assert gate.is_free

    asyncio.run(scene())
