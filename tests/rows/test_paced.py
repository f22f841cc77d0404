"""Signs of life go by the clock, however few the rows are."""

import time
from collections.abc import Iterator

import pytest

from slider import rows
from slider.flow import imports
from slider.rows import Record
from slider.rows.reader import Raw, Reader
from slider.rows.records import Cells

SLOW = 5


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock of our own."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def slow(clock: list[float]) -> Iterator[Cells]:
    """A few large rows: each takes half a minute to be read."""
    for line in range(2, SLOW + 2):
        clock[0] += 30.0
        yield Cells(line, ("x",))


def reader(clock: list[float]) -> Reader:
    return Reader("", slow(clock), lambda _: Record(2, {"text": "x"}, "a"))


def test_few_large_rows_are_counted_under_signs_of_life(clock: list[float]) -> None:
    seen: list[float] = []
    assert reader(clock).count(most=100, pulse=lambda: seen.append(clock[0])) == SLOW
    assert seen == [30.0, 60.0, 90.0, 120.0, 150.0]


def test_few_large_rows_are_examined_under_signs_of_life(clock: list[float]) -> None:
    seen: list[int] = []
    rows.peek(Raw("", ("text",), slow(clock)), {}, most=100, pulse=seen.append)
    assert seen == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("skip", [0, 3, SLOW])
def test_few_large_rows_come_in_under_signs_of_life(clock: list[float], skip: int) -> None:
    seen: list[float] = []
    batches = list(imports._batches(reader(clock), skip=skip, pulse=lambda: seen.append(clock[0])))
    assert (sum(map(len, batches)), len(seen)) == (SLOW - skip, SLOW)


def test_many_small_rows_cost_no_more_of_them(clock: list[float]) -> None:
    seen: list[int] = []
    beat = rows.paced(seen.append)
    for count in range(1, 100_001):
        clock[0] += 0.0001
        beat(count)
    assert len(seen) == 4
