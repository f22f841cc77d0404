"""Leases: nobody gets what another holds, nothing stays with the dead, and the late are told."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from slider.flow import claims, moves
from slider.models import Item, Review, ReviewState, State
from tests import casts

pytestmark = pytest.mark.django_db


def claim(cast: casts.Company, most: int = 10) -> list[claims.Claim]:
    return claims.claim(cast.task.pk, most=most, max_tries=cast.task.max_tries, lease_s=60, by="a worker")


def run_out_now(item_id: int) -> None:
    Item.objects.filter(pk=item_id).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_the_oldest_of_the_lowest_priority_number_comes_first() -> None:
    cast = casts.company()
    first, second, urgent = casts.bring_in(cast.task, {"m1": {"text": "a"}, "m2": {"text": "b"}, "m3": {"text": "c"}})
    Item.objects.filter(pk=urgent.pk).update(priority=-1)
    assert [c.item_id for c in claim(cast)] == [urgent.pk, first.pk, second.pk]


def test_of_one_priority_what_is_wanted_soonest_comes_first_and_what_is_wanted_at_no_time_last() -> None:
    cast = casts.company()
    late, never, soon, urgent = casts.bring_in(cast.task, {f"m{n}": {"text": "a"} for n in range(4)})
    now = timezone.now()
    Item.objects.filter(pk=late.pk).update(due_at=now + timedelta(hours=5))
    Item.objects.filter(pk=soon.pk).update(due_at=now + timedelta(hours=1))
    Item.objects.filter(pk=urgent.pk).update(priority=-1)
    assert [c.item_id for c in claim(cast)] == [urgent.pk, soon.pk, late.pk, never.pk]


def test_an_item_that_is_not_due_yet_or_was_tried_too_often_is_left() -> None:
    cast = casts.company()
    later, worn, good = casts.bring_in(cast.task, {"m1": {"text": "a"}, "m2": {"text": "b"}, "m3": {"text": "c"}})
    Item.objects.filter(pk=later.pk).update(run_at=timezone.now() + timedelta(hours=1))
    Item.objects.filter(pk=worn.pk).update(tries=cast.task.max_tries)
    assert [c.item_id for c in claim(cast)] == [good.pk]


def test_a_worker_whose_lease_ran_out_writes_nothing_even_after_the_item_was_taken_again() -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {"m1": {"text": "a"}})
    zombie = claim(cast)[0]
    run_out_now(zombie.item_id)
    assert claims.run_out() == 1
    heir = claim(cast)[0]
    assert (zombie.token, heir.token) == (1, 2)
    assert moves.hold([(zombie.item_id, zombie.token)]) == set()
    assert moves.hold([(heir.item_id, heir.token)]) == {heir.item_id}
    claims.renew([(zombie.item_id, zombie.token)], lease_s=9999)
    assert Item.objects.filter(pk=heir.item_id, lease_until__lt=timezone.now() + timedelta(seconds=61)).exists()


def test_a_run_out_lease_counts_as_a_try_and_a_returned_one_does_not() -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {"m1": {"text": "a"}, "m2": {"text": "b"}})
    lost, returned = claim(cast)
    run_out_now(lost.item_id)
    claims.run_out()
    assert claims.give_back([(returned.item_id, returned.token)], reason="the shift ended") == 1
    tries = dict(Item.objects.values_list("pk", "tries"))
    assert tries == {lost.item_id: 1, returned.item_id: 0}


@pytest.mark.django_db(transaction=True)
def test_workers_side_by_side_never_hold_the_same_item() -> None:
    cast = casts.company()
    casts.bring_in(cast.task, {f"m{n}": {"text": "a"} for n in range(120)})
    held: list[int] = []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        while mine := claim(cast, most=7):
            held.extend(c.item_id for c in mine)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A pass over rows that others are just taking may come back empty early: what is left is still ready.
    left = Item.objects.filter(state=State.READY).count()
    assert len(held) == len(set(held)) == 120 - left


@pytest.mark.django_db(transaction=True)
def test_one_person_in_two_tabs_holds_one_review_and_two_people_never_the_same() -> None:
    cast = casts.company()
    for n in range(8):
        casts.one(cast.task, f"m{n}")
    got: dict[int, list[int]] = {cast.reviewer.pk: [], cast.colleague.pk: []}
    start = threading.Barrier(8)

    def tab(user_id: int) -> None:
        start.wait()
        review = claims.take_review(user_id, task_ids=[cast.task.pk], lease_s=60)
        assert review is not None
        got[user_id].append(review.pk)
        connections.close_all()

    threads = [threading.Thread(target=tab, args=[user_id]) for user_id in got for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    mine, theirs = (set(reviews) for reviews in got.values())
    assert len(mine) == len(theirs) == 1
    assert mine != theirs
    assert Review.objects.filter(state=ReviewState.HELD).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("others_left", [0, 1])
def test_what_somebody_else_takes_in_the_very_moment_of_looking_stays_theirs(others_left: int) -> None:
    cast = casts.company()
    for n in range(1 + others_left):
        casts.one(cast.task, f"m{n}")
    mine = casts.take(cast.reviewer, cast.task)
    found: list[Review | None] = []

    def look_again() -> None:
        found.append(claims.take_review(cast.reviewer.pk, task_ids=[cast.task.pk], lease_s=60))
        connections.close_all()

    looking = threading.Thread(target=look_again)
    with transaction.atomic():
        # My lease has run out and a colleague takes the item; neither is committed while I look.
        Review.objects.filter(pk=mine.pk).update(holder=cast.colleague, token=mine.token + 1)
        looking.start()
        wait_for_a_lock()
    looking.join()
    mine.refresh_from_db()
    assert (mine.holder, mine.token) == (cast.colleague, 2)
    assert [review and review.pk for review in found] == ([mine.pk + 1] if others_left else [None])


def wait_for_a_lock() -> None:
    """Until some other connection waits for a row that this transaction holds."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.005)")
    raise AssertionError("nobody waited for the row: nothing was tested")


def test_a_review_whose_lease_ran_out_is_open_again_for_others() -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    assert claims.take_review(cast.colleague.pk, task_ids=[cast.task.pk], lease_s=60) is None
    Review.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claims.free_reviews() == 1
    heir = casts.take(cast.colleague, cast.task)
    assert (heir.pk, heir.token) == (held.pk, held.token + 1)
    assert not claims.renew_review(held.pk, user_id=cast.reviewer.pk, token=held.token, lease_s=60)
