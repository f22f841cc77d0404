"""What a share would mean is worked out from the last day, and not known where nothing was seen."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from slider.models import Decision, Mode, Review, Task
from slider.queries import backtest, curve, steer
from tests import casts

DAY = steer.Traffic(items=1000, fixed=0.1, seconds_a_look=36, model_cost=0.002, look_cost=0.4)
POINTS = [
    curve.Point(share=0.5, verdicts=100, error=0.01, upper=0.02, certified=True),
    curve.Point(share=0.8, verdicts=10, error=None, upper=None, certified=False),
]
OUTLOOK = steer.Outlook(DAY, POINTS, audit_chance=0.25)


def test_a_day_at_one_share() -> None:
    found = steer.effects(0.5, outlook=OUTLOOK)
    assert found.looks == pytest.approx(1000 - 450 + 450 / 4)
    assert found.hours == pytest.approx(6.625)
    assert found.wrong == pytest.approx(4.5)
    assert found.wrong_most == pytest.approx(9)
    assert found.cost == pytest.approx(2 + 662.5 * 0.4)


def test_between_two_cuts_the_harder_one_speaks() -> None:
    assert steer.effects(0.51, outlook=OUTLOOK).wrong is None
    assert steer.effects(0.4, outlook=OUTLOOK).wrong == pytest.approx(3.6)


def test_nothing_unattended_is_nothing_wrong() -> None:
    assert steer.effects(0, outlook=OUTLOOK).wrong == 0


def test_without_items_nothing_is_known() -> None:
    quiet = steer.Traffic(items=0, fixed=0, seconds_a_look=None, model_cost=None, look_cost=0.4)
    found = steer.effects(0.5, outlook=steer.Outlook(quiet, POINTS, 0.25))
    assert (found.looks, found.hours, found.wrong, found.wrong_most, found.cost) == (None,) * 5


@pytest.mark.django_db
def test_a_policy_without_evidence_has_no_points() -> None:
    cast = casts.company()
    assert curve.points(cast.task.policies.get()) == []


@pytest.mark.django_db
def test_traffic_is_that_of_the_last_day() -> None:
    cast = casts.company(share=0.0)
    Task.objects.update(never_unattended=[{"field": "channel", "equals": "chat"}])
    cast.task.refresh_from_db()
    for name in ("m1", "m2", "m3"):
        casts.one(cast.task, name)
    casts.one(cast.task, "m4", channel="chat")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # past the trigger that keeps history as it is
        Decision.objects.filter(item__external_id="m1").update(created_at=F("created_at") - timedelta(days=2))
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = steer.traffic(cast.task.pk)
    assert found.items == 3
    assert found.fixed == pytest.approx(1 / 3)
    assert found.model_cost == pytest.approx(0.00021)


@pytest.mark.django_db
def test_the_seconds_of_a_look_are_a_median_of_enough_of_them() -> None:
    cast = casts.company(share=0.0)
    for place in range(5):
        assert steer.seconds_a_look(cast.task.pk) is None
        casts.one(cast.task, f"m{place}")
        look = casts.decide(cast.reviewer, cast.task)
        seconds = 20 if place < 4 else 3000
        Review.objects.filter(pk=look.pk).update(taken_at=F("decided_at") - timedelta(seconds=seconds))
    assert steer.seconds_a_look(cast.task.pk) == pytest.approx(20)
    Review.objects.update(taken_at=F("decided_at") - timedelta(seconds=0.3))
    assert steer.seconds_a_look(cast.task.pk) is None


@pytest.mark.django_db
def test_the_backtest_finds_who_changes_lane() -> None:
    cast = casts.company(share=0.0)
    for place in range(10):
        casts.one(cast.task, f"m{place}", casts.says({"topic": "refund", "urgent": False}, p=0.5 + place * 7 % 10 / 25))
    ranks = list(Decision.objects.order_by("seq").values_list("rank", flat=True))
    found = backtest.backtest(cast.task.pk, now=0.2, then=0.6)
    inside = [rank for rank in ranks if rank is not None and 0.2 < rank <= 0.6]
    assert inside
    assert (found.looked_at, found.to_unattended, found.to_people) == (10, len(inside), 0)
    assert sorted(mover.rank for mover in found.movers) == sorted(inside)
    back = backtest.backtest(cast.task.pk, now=0.6, then=0.2)
    assert (back.to_unattended, back.to_people) == (0, len(inside))


@pytest.mark.django_db
def test_the_backtest_of_nothing_is_empty() -> None:
    cast = casts.company()
    assert backtest.backtest(cast.task.pk, now=0.2, then=0.6) == backtest.Backtest(0, 0, 0, [])


@pytest.mark.django_db
def test_realised_counts_each_way_apart() -> None:
    cast = casts.company(mode=Mode.TRIAL, share=1.0, never_unattended=[{"field": "channel", "equals": "chat"}])
    casts.one(cast.task, "m1")
    casts.one(cast.task, "m2", channel="chat")
    casts.one(cast.task, "m3", casts.fails())
    found = backtest.realised(cast.task.pk)
    assert (found.routed, found.unattended, found.rules, found.no_answer) == (3, 1, 1, 1)
    assert found.share == pytest.approx(0.5)
    assert found.in_force == pytest.approx(1.0)
