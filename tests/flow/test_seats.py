"""Seats: however many pumps there are, together they never have more calls in the air than their worker may."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from slider.flow import seats
from slider.models import Seat
from tests import casts

pytestmark = pytest.mark.django_db(transaction=True)


class Pump:
    """One pump as the negotiation sees it: it fills its part at once, and its calls end when a test says so."""

    def __init__(self, task_id: int, *, most: int) -> None:
        self.task_id, self.most = task_id, most
        self.part: seats.Part | None = None
        self.in_air = 0

    @property
    def limit(self) -> int:
        return self.part.limit if self.part else 0

    def tick(self) -> None:
        self.part = seats.renew(
            self.part.seat if self.part else None,
            task_id=self.task_id,
            name="reader",
            most=self.most,
            holding=max(self.limit, self.in_air),
        )

    def work(self, ends: int) -> None:
        self.in_air = max(0, self.in_air - ends)
        self.in_air = max(self.in_air, self.limit)

    def leave(self) -> None:
        assert self.part is not None
        seats.leave(self.part.seat)
        self.part, self.in_air = None, 0


def test_one_pump_has_all_of_it() -> None:
    pump = Pump(casts.company().task.pk, most=16)
    pump.tick()
    assert (pump.limit, pump.part and pump.part.share, pump.part and pump.part.first) == (16, 1.0, True)


def test_who_comes_later_waits_until_the_first_has_shrunk_to_its_fair_part() -> None:
    task = casts.company().task.pk
    old, new = Pump(task, most=10), Pump(task, most=10)
    old.tick()
    old.work(0)
    new.tick()
    assert (old.in_air, new.limit) == (10, 0)
    old.tick()
    assert (old.limit, old.part and old.part.calls) == (5, 10)
    old.work(3)
    old.tick()
    new.tick()
    assert (old.in_air, new.limit) == (7, 3)
    old.work(3)
    old.tick()
    new.tick()
    assert (old.limit, new.limit) == (5, 5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("most", [1, 7, 40])
def test_whoever_comes_and_goes_the_sum_never_exceeds_the_limit(most: int, seed: int) -> None:
    rng = random.Random(seed)
    task = casts.company().task.pk
    pumps = [Pump(task, most=most)]
    fullest = 0
    for _ in range(80):
        if len(pumps) < 5 and rng.random() < 0.1:
            pumps.append(Pump(task, most=most))
        elif len(pumps) > 1 and rng.random() < 0.05:
            pumps.pop(rng.randrange(len(pumps))).leave()
        one = rng.choice(pumps)
        if rng.random() < 0.5:
            one.tick()
        else:
            one.work(rng.randrange(4))
        in_air = sum(pump.in_air for pump in pumps)
        fullest = max(fullest, in_air)
        assert in_air <= most
        assert sum(pump.part.share for pump in pumps if pump.part) <= 1 + 1e-9
    assert fullest == most
    for _ in range(3):
        for one in pumps:
            one.work(most)
            one.in_air = min(one.in_air, one.limit)
            one.tick()
    assert sum(pump.limit for pump in pumps) == most
    assert max(pump.limit for pump in pumps) - min(pump.limit for pump in pumps) <= 1


def test_each_worker_and_each_task_has_seats_of_its_own() -> None:
    first, second = casts.company(prefix="a ").task.pk, casts.company(prefix="b ").task.pk
    assert seats.renew(None, task_id=first, name="reader", most=8, holding=0).limit == 8
    assert seats.renew(None, task_id=first, name="other", most=6, holding=0).limit == 6
    assert seats.renew(None, task_id=second, name="reader", most=4, holding=0).limit == 4


def test_what_a_killed_pump_held_is_free_again_and_what_a_frozen_one_holds_is_not() -> None:
    task = casts.company().task.pk
    lost, frozen = (seats.renew(None, task_id=task, name="reader", most=9, holding=0) for _ in range(2))
    Seat.objects.filter(pk=lost.seat).update(calls=3)
    Seat.objects.filter(pk=frozen.seat).update(calls=3)
    Seat.objects.update(seen_at=timezone.now() - timedelta(seconds=seats.LOST_S + 1))
    with connection.cursor() as cursor:  # what a killed process's session leaves behind: nothing
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [7_305, lost.seat])
        assert cursor.fetchone()[0]
    mine = seats.renew(None, task_id=task, name="reader", most=9, holding=0)
    assert set(Seat.objects.values_list("pk", flat=True)) == {frozen.seat, mine.seat}
    assert mine.limit == 4


def test_a_seat_that_was_taken_for_dead_begins_anew_with_what_is_free() -> None:
    task = casts.company().task.pk
    lost = seats.renew(None, task_id=task, name="reader", most=9, holding=0)
    Seat.objects.all().delete()
    other = seats.renew(None, task_id=task, name="reader", most=9, holding=0)
    again = seats.renew(lost.seat, task_id=task, name="reader", most=9, holding=9)
    assert (other.limit, again.limit) == (9, 0)


def test_a_limit_that_was_lowered_is_kept_as_soon_as_calls_have_ended() -> None:
    task = casts.company().task.pk
    pump = Pump(task, most=20)
    pump.tick()
    pump.work(0)
    pump.most = 4
    pump.tick()
    assert pump.limit == 4
