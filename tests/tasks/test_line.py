"""A line: what may begin at an endpoint, by seats, by what it bears, by its breaker and by its own wish."""

import asyncio
import time
from itertools import count
from typing import Any

import pytest

from slider.flow import circuits, crew
from slider.flow.work import Bill
from slider.llm.records import Answered, Outcome
from slider.models import Worker
from tasks import caller
from tasks.line import Line
from tests import casts

pytestmark = pytest.mark.django_db
_numbers = count()


def line(seats: int = 8, **worker: Any) -> Line:
    cast = casts.company(prefix=f"{next(_numbers)} ")
    Worker.objects.filter(pk=cast.worker.pk).update(**({"in_flight": 8, "samples": 1} | worker))
    cast.worker.refresh_from_db()
    caller._throttles.pop(cast.worker.pk, None)
    return Line(cast.task, cast.worker, seats=seats)


def fail(one: Line, times: int, outcome: Outcome = Outcome.SERVER_ERROR, **more: Any) -> None:
    news = [circuits.News(outcome, "it said no", **more) for _ in range(times)]
    circuits.note(one._key, news, known=circuits.Standing())


def test_as_many_may_begin_as_it_has_seats_and_the_endpoint_bears() -> None:
    one = line(6)
    assert one.limit(0) == 6
    one._caller.throttle.refused(began=1.0, now=2.0)
    assert one.limit(0) == 3
    one.deal(2)
    assert one.limit(0) == 2
    one.deal(8)
    assert one.limit(0) == 3


def test_whose_sign_of_life_is_late_takes_its_seats_for_lost_until_it_is_dealt_some_again() -> None:
    """Others may have them by now: what is in the air anywhere stays within what the worker allows."""
    one = line(6)
    one.deal(6, at=time.monotonic() - crew.ALIVE_S - 0.1)
    assert (one.limit(0), one.room(4, held=0)) == (0, 2)
    one.deal(6, at=time.monotonic())
    assert (one.limit(0), one.room(4, held=0)) == (6, 4)


def test_items_whose_samples_are_asked_for_one_by_one_take_as_many_seats() -> None:
    one = line(8, samples=4)
    assert one.limit(0) == 8
    circuits.takes_one_sample(one._key)
    one.look()
    assert one.limit(0) == 2
    one.deal(1)
    assert one.limit(0) == 1, "one after the other"


def test_at_an_open_breaker_nothing_begins_but_a_probe_that_somebody_asked_for() -> None:
    one, other = line(), line()
    fail(one, 8)
    for each in (one, other):
        each.look()
        assert (each.limit(0), each.room(8, held=0), each.room(8, held=1)) == (0, 1, 0)
    circuits._run("UPDATE slider_circuit SET probe_at = clock_timestamp()", one._key)
    for each in (one, other):
        each.look()
    assert [each.has_probe for each in (one, other)] == [True, False]
    assert (one.limit(0), one.limit(3)) == (1, 4), "one more than those that were under way before"
    assert other.limit(0) == 0


def due(one: Line) -> None:
    """The breaker is open, and whoever asks first may probe it."""
    fail(one, 8)
    one.look()
    circuits._run("UPDATE slider_circuit SET probe_at = clock_timestamp()", one._key)


def test_who_has_no_seat_or_nothing_to_ask_takes_no_probe_from_others() -> None:
    seatless, idle, ready = line(0), line(), line()
    due(seatless)
    for each, is_idle in ((seatless, False), (idle, True), (ready, False)):
        each.look(idle=is_idle)
        assert each.limit(0) == 0
        each.look(idle=is_idle)
    assert [each.has_probe for each in (seatless, idle, ready)] == [False, False, True]


def test_a_shift_that_ends_leaves_the_probe_that_it_did_not_make_to_the_next() -> None:
    """Nobody else may probe for seconds otherwise, and shift after shift may end like that."""
    one, other = line(), line()
    due(one)
    for each in (one, other):
        each.look()
        assert each.limit(0) == 0
        each.look()
        each.leave()
    assert (one.has_probe, other.has_probe) == (False, False)
    assert other.limit(0) == 0
    other.look()
    assert other.has_probe


def test_an_endpoint_that_wants_silence_is_left_alone_by_every_pump() -> None:
    one, other = line(), line()
    fail(one, 1, Outcome.RATE_LIMITED, retry_after_s=30.0)
    other.look()
    assert (other.is_open, other.limit(0), other.room(8, held=0)) == (False, 0, 1)


def test_failures_in_a_row_stop_it_before_anybody_has_written_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """At an endpoint that fails at once a pump would make a hundred calls until its answers are written."""
    one = line()
    answers = [casts.fails(Outcome.SERVER_ERROR)] * 7 + [casts.says({})] + [casts.fails(Outcome.SERVER_ERROR)] * 8
    coming = iter(answers)

    async def ask(body: dict[str, Any]) -> tuple[Answered, Bill]:
        return next(coming), Bill(one.worker.pk, 1, 0, 0, None)

    monkeypatch.setattr(one._caller, "ask", ask)

    async def calls(times: int) -> None:
        for _ in range(times):
            await one.ask({})

    asyncio.run(calls(15))
    assert one.limit(0) == 8
    asyncio.run(calls(1))
    assert (one.limit(0), one.is_open) == (0, False)
    one.note()
    assert (one.limit(0), one.is_open) == (0, True)
    other = line()
    other.look()
    assert other.is_open
