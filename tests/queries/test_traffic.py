"""A day is summed from counters that the database keeps itself: nothing is scanned, nothing is forgotten."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.db.models import F, Sum
from django.test.utils import CaptureQueriesContext

from slider.engine import certificate
from slider.models import Attempt, Decision, Review, Tally, Task, Why
from slider.queries import clock, traffic
from tests import casts

pytestmark = pytest.mark.django_db


def seen(cast: casts.Company, *, now: datetime | None = None) -> traffic.Traffic:
    return traffic.traffic(cast.task.pk, now=now or clock.now())


def some(cast: casts.Company) -> None:
    Task.objects.update(never_unattended=[{"field": "channel", "equals": "chat"}])
    cast.task.refresh_from_db()
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name)
    casts.one(cast.task, "m4", channel="chat")
    casts.one(cast.task, "m5", casts.fails())


def test_a_day_counts_each_item_once_where_it_ranked() -> None:
    cast = casts.company(share=0.0)
    some(cast)
    found = seen(cast)
    assert (found.items, found.ruled, found.by_bin.sum()) == (5, 1, 3)
    assert found.fixed == pytest.approx(0.2)
    assert found.model_cost == pytest.approx(0.00021)
    ranked = list(Decision.objects.filter(why=Why.HARD).order_by("bin").values_list("bin", flat=True))
    assert [place for place, n in enumerate(found.by_bin) for _ in range(int(n))] == ranked


def test_the_tallies_are_the_decisions_counted() -> None:
    cast = casts.company(share=0.0)
    some(cast)
    other = casts.task(cast.project, by=cast.admin, name="Another", slug="another")
    casts.one(other, "x1")
    assert Tally.objects.aggregate(n=Sum("items"))["n"] == Decision.objects.count() == 6
    for tally in Tally.objects.all():
        place = {"bin": None} if tally.bin == -1 else {"bin": tally.bin}
        assert tally.items == Decision.objects.filter(task=tally.task_id, why=tally.why, **place).count()


def test_a_batch_that_is_taken_back_is_not_counted() -> None:
    cast = casts.company(share=0.0)
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        casts.one(cast.task, "m1")
        assert Tally.objects.count() == 1
        cursor.execute("ROLLBACK TO before")
    assert Tally.objects.count() == 0


def test_what_is_older_than_a_day_is_not_of_the_day_and_the_oldest_hour_counts_in_part() -> None:
    cast = casts.company(share=0.0)
    now = datetime.fromisoformat("2026-03-04T10:15:00+00:00")
    for hours, items in ((0, 8), (23, 16), (24, 40), (25, 1000)):
        hour = now.replace(minute=0) - timedelta(hours=hours)
        Tally.objects.create(task=cast.task, hour=hour, why=Why.HARD, bin=3, items=items)
    assert seen(cast, now=now).items == pytest.approx(8 + 16 + 40 * 0.75)


def test_a_reason_that_this_page_does_not_know_goes_to_people() -> None:
    cast = casts.company(share=0.0)
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    Tally.objects.create(task=cast.task, hour=hour, why="something_new", bin=3, items=10)
    found = seen(cast)
    assert (found.items, found.by_bin.sum()) == (10, 0)


def test_a_quiet_task_has_an_empty_day() -> None:
    found = seen(casts.company())
    assert (found.items, found.fixed, found.seconds_a_look, found.model_cost) == (0, 0, None, None)
    assert found.by_bin.shape == certificate.CUTS.shape


def test_it_asks_three_questions_and_none_of_them_counts_decisions() -> None:
    cast = casts.company(share=0.0)
    some(cast)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        traffic.traffic(cast.task.pk, now=datetime.fromisoformat("2026-03-04T10:15:00+00:00"))
    assert len(asked) == 3
    assert all("LIMIT" in query["sql"] for query in asked if "slider_decision" in query["sql"])


def test_the_seconds_of_a_look_are_a_mean_of_enough_of_them_without_the_coffee() -> None:
    cast = casts.company(share=0.0)
    for place in range(5):
        assert traffic.seconds_a_look(cast.task.pk) is None
        casts.one(cast.task, f"m{place}")
        look = casts.decide(cast.reviewer, cast.task)
        seconds = 20 if place < 4 else 3000
        Review.objects.filter(pk=look.pk).update(taken_at=F("decided_at") - timedelta(seconds=seconds))
    assert traffic.seconds_a_look(cast.task.pk) == pytest.approx((4 * 20 + 5 * 20) / 5)
    Review.objects.update(taken_at=F("decided_at") - timedelta(seconds=0.3))
    assert traffic.seconds_a_look(cast.task.pk) is None


def test_without_a_price_the_models_cost_is_not_known() -> None:
    cast = casts.company(share=0.0)
    casts.one(cast.task)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # past the trigger that keeps history as it is
        Attempt.objects.update(cost=None)
    assert traffic.model_cost(cast.task.pk) is None
