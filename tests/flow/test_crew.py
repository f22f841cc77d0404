"""Pumps side by side: never more calls than a worker allows, nobody starves, and the dead lose their seats."""

import random
import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from slider.flow import crew, operate, work
from slider.flow.operate import Target
from slider.models import Item, Pump, Stance, Task, Worker
from tests import casts

pytestmark = pytest.mark.django_db


def company(*, in_flight: int = 10, items: int = 30, prefix: str = "") -> casts.Company:
    cast = casts.company(prefix=prefix)
    Worker.objects.filter(task=cast.task).update(in_flight=in_flight)
    casts.bring_in(cast.task, {f"m{n}": {"text": "a"} for n in range(items)})
    return cast


def join(cast: casts.Company | None = None) -> crew.Post:
    post = crew.join("a pump", host="here")
    assert post is not None, "no task had work for one more"
    assert cast is None or post.task_id == cast.task.pk
    return post


def deal(post: crew.Post, uses: int = 0, in_flight: int = 10) -> int:
    return crew.deal(post, in_flight=in_flight, uses=uses)


def ago(post: crew.Post, seconds: float, field: str = "seen_at") -> None:
    Pump.objects.filter(pk=post.id).update(**{field: timezone.now() - timedelta(seconds=seconds)})


def test_one_pump_has_all_seats_and_two_share_them() -> None:
    company()
    first, second = join(), join()
    assert deal(first) == 5
    assert deal(second) == 5


def test_a_seat_is_dealt_again_only_when_it_is_said_to_be_free() -> None:
    company()
    first = join()
    assert deal(first) == 10
    second = join()
    assert deal(second) == 0, "all ten are the first one's"
    assert deal(first, uses=10) == 5, "it is to stop using five"
    assert deal(second) == 0, "and uses them still"
    assert deal(first, uses=7) == 5
    assert deal(second) == 3
    assert deal(first, uses=5) == 5
    assert deal(second, uses=3) == 5


@pytest.mark.parametrize("in_flight", [1, 2, 3, 7, 100])
def test_at_no_moment_have_all_pumps_together_more_than_is_allowed(in_flight: int) -> None:
    """Pumps that come, use all they may, learn late, and go: by a seeded order of events."""
    cast = company(in_flight=in_flight, items=in_flight * 2)
    chance = random.Random(in_flight)
    may: dict[crew.Post, int] = {}
    uses: dict[crew.Post, int] = {}
    for _ in range(150):
        event = chance.random()
        if event < 0.15 and (post := crew.join("a pump", host="here")) is not None:
            may[post] = uses[post] = 0
        elif event < 0.22 and may:
            post = chance.choice(list(may))
            crew.leave(post, rests=False)
            del may[post], uses[post]
        elif event < 0.5 and may:
            post = chance.choice(list(may))
            uses[post] = min(uses[post], chance.randint(0, in_flight))  # calls end
        elif may:
            post = chance.choice(list(may))
            may[post] = deal(post, max(may[post], uses[post]), in_flight)
        for post in may:
            uses[post] = max(uses[post], may[post])  # whatever is allowed is used at once
        assert sum(uses.values()) <= in_flight
    assert Item.objects.filter(task=cast.task).exists()


def test_who_gives_no_sign_of_life_has_lost_its_seats_and_gets_them_back_when_it_wakes() -> None:
    company()
    first = join()
    deal(first)
    second = join()
    ago(first, crew.ALIVE_S + 1)
    assert deal(second) == 10
    assert deal(first) == 0
    assert deal(second, uses=10) == 5
    assert deal(second, uses=5) == 5
    assert deal(first) == 5


def test_seats_at_the_fallbacks_endpoint_are_dealt_beside_the_workers_own() -> None:
    company(in_flight=10)
    first, second = join(), join()
    assert deal(first) == 5
    assert crew.deal_fallback(first, in_flight=3, uses=0) == 2
    assert crew.deal_fallback(second, in_flight=3, uses=0) == 1
    assert crew.deal_fallback(first, in_flight=1, uses=2) == 0, "the second one has it"
    crew.leave(second, rests=False)
    assert crew.deal_fallback(first, in_flight=3, uses=0) == 3
    assert deal(first, uses=5) == 10


def test_no_pump_joins_a_task_whose_worker_sends_batches_whatever_its_fallback_does() -> None:
    cast = company()
    Worker.objects.filter(pk=cast.worker.pk).update(batch=True)
    Worker.objects.create(task=cast.task, name="another", model="standin-1", rung=2)
    assert crew.join("a pump", host="here") is None
    assert work.waiting() == []
    Worker.objects.filter(pk=cast.worker.pk).update(batch=False)
    assert work.waiting() == [cast.task.pk]
    assert crew.join("a pump", host="here") is not None


def test_a_halted_fallback_halts_no_task_and_a_halted_worker_is_not_kept_going_by_its_fallback() -> None:
    cast = company()
    Worker.objects.create(task=cast.task, name="another", model="standin-1", rung=2)
    another, own = (Target(task_id=cast.task.pk, profile=name) for name in ("another", cast.worker.name))
    operate.stand(another, Stance.PAUSED, by=cast.admin.pk, reason="a test")
    assert work.waiting() == [cast.task.pk]
    operate.stand(another, None, by=cast.admin.pk, reason="a test")
    operate.stand(own, Stance.PAUSED, by=cast.admin.pk, reason="a test")
    assert work.waiting() == []
    assert crew.join("a pump", host="here") is None


def test_a_pump_whose_row_is_gone_may_begin_nothing() -> None:
    company()
    post = join()
    Pump.objects.all().delete()
    assert deal(post) == 0


def test_one_more_pump_joins_only_where_there_is_work_for_it() -> None:
    cast = company(in_flight=10, items=9)
    assert not join(cast).more
    assert crew.join("a second", host="here") is None
    casts.bring_in(cast.task, {"m9": {"text": "a"}})
    join(cast)
    Worker.objects.update(in_flight=2)
    assert crew.join("one without a seat", host="here") is None


def test_no_pump_joins_a_task_that_is_paused_dry_without_a_worker_or_resting() -> None:
    cast = company()
    operate.stand(Target(task_id=cast.task.pk), Stance.PAUSED, by=cast.admin.pk, reason="a test")
    assert crew.join("a pump", host="here") is None
    operate.stand(Target(task_id=cast.task.pk), None, by=cast.admin.pk, reason="a test")
    operate.stand(Target(host="here"), Stance.DRAINING, by=cast.admin.pk, reason="a test")
    assert crew.join("a pump", host="here") is None
    operate.stand(Target(host="here"), None, by=cast.admin.pk, reason="a test")
    operate.stand(Target(task_id=cast.task.pk, profile=cast.worker.name), Stance.PAUSED, by=cast.admin.pk, reason="a")
    assert crew.join("a pump", host="here") is None
    operate.stand(Target(task_id=cast.task.pk, profile=cast.worker.name), None, by=cast.admin.pk, reason="a test")
    crew.leave(join(), rests=True)
    assert crew.join("a pump", host="here") is None, "its limits let nothing begin"
    Pump.objects.update(rests_until=timezone.now() - timedelta(seconds=1))
    Worker.objects.update(retired_at=timezone.now())
    assert crew.join("a pump", host="here") is None
    Worker.objects.update(retired_at=None)
    Item.objects.update(run_at=timezone.now() + timedelta(hours=1))
    assert crew.join("a pump", host="here") is None


def test_a_task_without_a_pump_comes_before_a_larger_one_that_has_one() -> None:
    large = company(items=100)
    join(large)
    small = company(items=1, prefix="other ")
    join(small)


def test_the_task_that_has_waited_longest_for_a_pump_has_the_next_turn() -> None:
    first, second = company(), company(prefix="other ")
    turns = []
    for _ in range(4):
        post = join()
        turns.append(post.task_id)
        crew.leave(post, rests=False)
    assert turns == [first.task.pk, second.task.pk] * 2


def test_a_project_with_many_tasks_has_no_more_turns_than_one_with_a_single_task() -> None:
    many, single = company(), company(prefix="other ")
    for n in range(4):
        task = casts.task(many.project, by=many.admin, name=f"Kind {n}")
        casts.bring_in(task, {"m": {"text": "a"}})
    turns = []
    for _ in range(8):
        post = join()
        turns.append(Task.objects.get(pk=post.task_id).project_id)
        crew.leave(post, rests=False)
    assert turns.count(single.project.pk) == 4


@pytest.mark.django_db(transaction=True)
def test_processes_that_join_at_once_spread_over_the_tasks() -> None:
    casts_ = [company(items=3, prefix=f"{n} ") for n in range(4)]
    posts: list[crew.Post | None] = []
    start = threading.Barrier(6)

    def come() -> None:
        start.wait()
        posts.append(crew.join("a pump", host="here"))
        connections.close_all()

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(post.task_id for post in posts if post) == sorted(cast.task.pk for cast in casts_)


def test_nobody_leaves_while_nobody_waits() -> None:
    company()
    first, second = join(), join()
    assert not crew.may_leave(first, idle=True)
    assert not crew.may_leave(second, idle=False)


def test_of_two_pumps_on_a_task_the_older_one_leaves_for_a_task_that_has_none() -> None:
    company()
    first, second = join(), join()
    company(prefix="other ")
    assert crew.may_leave(first, idle=False)
    assert not crew.may_leave(second, idle=False)


def test_a_pump_alone_on_its_task_stays_for_a_while_and_leaves_then() -> None:
    company()
    post = join()
    company(prefix="other ")
    assert not crew.may_leave(post, idle=False)
    assert crew.may_leave(post, idle=True), "it has nothing to do"
    ago(post, crew.LEAST_S + 1, "began_at")
    assert crew.may_leave(post, idle=False)


def test_what_has_ended_is_cleared_away_when_the_next_one_joins() -> None:
    company()
    for _ in range(5):
        crew.leave(join(), rests=False)
    assert Pump.objects.count() <= 2
