"""What lies behind looks that are not for a person is found: some of it in each request, and all of it in the end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from slider.flow import ahead, claims, walks
from slider.models import Membership, Review, Task, Walk
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db

# The rows are there for their turns alone: nothing ever reads an item of theirs.
_IN_FRONT = """
INSERT INTO slider_review (item_id, task_id, kind, slot, state, token, verdict, reason, note, skills, created_at, turn)
SELECT -n, %(task)s, 'gate', 1, 'open', 0, '', '', '', '["sumerian"]',
       now(), now() - interval '2 days' + n * interval '1 millisecond'
FROM generate_series(1, %(rows)s) AS rows(n)
"""


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def in_front(of: Task, rows: int) -> None:
    """So many open looks, each of which takes what nobody knows, before all others of the task."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(_IN_FRONT, {"task": of.pk, "rows": rows})
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("ANALYZE slider_review")


def taken(who: User, *tasks: Task, most: int = 1) -> list[int]:
    with transaction.atomic():
        claims.lock_person(who.pk)
        return claims.take_looks(who.pk, task_ids=[task.pk for task in tasks], most=most, lease_s=60)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps of twenty looks, a hundred of them in a request: what holds for them holds for thousands."""
    monkeypatch.setattr(walks, "STEP", 20)
    monkeypatch.setattr(walks, "ROWS", 100)
    monkeypatch.setattr(walks, "PATIENCE_S", 600)
    monkeypatch.setitem(claims._FRONT, "window", 5)
    monkeypatch.setitem(claims._BEYOND, "window", 20)


def test_a_look_behind_sixty_thousand_that_are_for_others_is_given(cast: Company) -> None:
    mine = Review.objects.get(item=casts.one(cast.task))
    in_front(cast.task, 60_000)
    ids, leases = [cast.task.pk], ahead.Leases(page_s=50, typed_s=600)
    hands = (
        ahead.fill(cast.reviewer.pk, page="a" * 32, grips=(), want=4, tasks=ids, may=ids, leases=leases)
        for _ in range(8)  # one is enough, unless the machine is slow
    )
    hand = next(one for one in hands if one.fresh)
    assert [look.pk for look in hand.fresh] == [mine.pk]


@pytest.mark.usefixtures("small")
def test_a_request_that_takes_long_stops_and_the_next_goes_on(cast: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Review.objects.get(item=casts.one(cast.task))
    in_front(cast.task, 70)
    monkeypatch.setattr(walks, "PATIENCE_S", 0)
    assert [taken(cast.reviewer, cast.task) for _ in range(3)] == [[], [], [mine.pk]]


@pytest.mark.usefixtures("small")
def test_a_request_goes_so_far_and_the_next_goes_on_from_there(cast: Company) -> None:
    mine = Review.objects.get(item=casts.one(cast.task))
    in_front(cast.task, 470)
    requests = 1
    while not (found := taken(cast.reviewer, cast.task)):
        requests += 1
        assert requests < 10, "the walk does not come to its end"
    assert found == [mine.pk]
    assert requests == 6  # a hundred at first; then twenty in front anew each time, and eighty beyond


@pytest.mark.usefixtures("small")
def test_one_request_asks_no_more_than_so_many_statements(cast: Company) -> None:
    in_front(cast.task, 470)
    asked: list[str] = []

    def listen(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(listen):
        assert taken(cast.reviewer, cast.task) == []
    assert sum("UPDATE slider_review" in sql for sql in asked) == 1 + 5


@pytest.mark.usefixtures("small")
def test_a_walk_that_is_at_its_end_begins_anew(cast: Company) -> None:
    mine = Review.objects.get(item=casts.one(cast.task))
    in_front(cast.task, 110)
    at = Review.objects.order_by("turn")[30].turn
    Review.objects.filter(pk=mine.pk).update(skills=["sumerian"], turn=at)
    assert taken(cast.reviewer, cast.task) == []
    assert Walk.objects.filter(user=cast.reviewer, task=cast.task).exists()
    assert taken(cast.reviewer, cast.task) == []
    assert not Walk.objects.exists()
    Review.objects.filter(pk=mine.pk).update(skills=None)  # it is for them by now
    assert taken(cast.reviewer, cast.task) == [mine.pk]


@pytest.mark.usefixtures("small")
def test_what_lies_behind_is_handed_out_in_order_and_each_once(cast: Company) -> None:
    looks = [Review.objects.get(item=casts.one(cast.task, f"m{n}")).pk for n in range(6)]
    in_front(cast.task, 150)
    found: list[int] = []
    for _ in range(12):
        found += taken(cast.reviewer, cast.task, most=2)
    assert found == looks
    assert taken(cast.colleague, cast.task, most=2) == []


@pytest.mark.usefixtures("small")
def test_each_task_is_walked_by_itself(cast: Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Another kind", slug="another")
    mine = {Review.objects.get(item=casts.one(task)).pk for task in (cast.task, other)}
    in_front(cast.task, 200)
    found: set[int] = set()
    for _ in range(10):
        found |= set(taken(cast.reviewer, cast.task, other, most=2))
    assert found == mine


@pytest.mark.usefixtures("small")
def test_a_walk_that_stood_still_for_an_hour_begins_at_the_front(cast: Company) -> None:
    in_front(cast.task, 300)
    assert taken(cast.reviewer, cast.task) == []
    once = Walk.objects.get().look
    assert taken(cast.reviewer, cast.task) == []
    assert Walk.objects.get().look > once
    Walk.objects.update(at=timezone.now() - timedelta(hours=2))
    assert taken(cast.reviewer, cast.task) == []
    assert Walk.objects.get().look == once


@pytest.mark.usefixtures("small")
def test_whoever_learns_a_skill_gets_what_lies_in_front_first(cast: Company) -> None:
    mine = Review.objects.get(item=casts.one(cast.task))
    in_front(cast.task, 60)
    first = Review.objects.order_by("turn").values_list("turn", flat=True)[0]
    Review.objects.filter(pk=mine.pk).update(skills=["sumerian"], turn=first - timedelta(seconds=1))
    assert taken(cast.reviewer, cast.task) == []
    Membership.objects.filter(user=cast.reviewer).update(skills=["sumerian"])
    assert taken(cast.reviewer, cast.task) == [mine.pk]
