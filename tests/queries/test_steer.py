"""What a share would mean is worked out from the last day, and not known where nothing was seen."""

from dataclasses import replace

import numpy as np
import pytest

from slider.engine import certificate
from slider.models import Decision, Mode
from slider.queries import backtest, curve, steer, traffic
from tests import casts, evidence

# 900 items with an answer, spread evenly over the ranks; 100 that a hard rule keeps.
WIDTHS = np.diff(certificate.CUTS, prepend=0.0)
SEEN = traffic.Traffic(items=1000, ruled=100, by_bin=900 * WIDTHS, seconds_a_look=36, model_cost=0.002, look_cost=0.4)
POINTS = [
    curve.Point(share=0.5, verdicts=100, error=0.01, upper=0.02, certified=True, lower=0.002),
    curve.Point(share=0.8, verdicts=10, error=None, upper=None, certified=False),
]


def outlook(seen: traffic.Traffic = SEEN) -> steer.Outlook:
    return steer.Outlook(seen, seen.day(0.25), POINTS, staffed_hours=None)


def test_a_day_at_one_share() -> None:
    found = steer.effects(0.5, outlook=outlook())
    assert found.unattended == pytest.approx(450)
    assert found.looks == pytest.approx(1000 - 450 + 450 / 4)
    assert found.hours == pytest.approx(6.625)
    assert found.wrong == pytest.approx(4.5)
    assert found.wrong_least == pytest.approx(0.9)
    assert found.wrong_most == pytest.approx(9)
    assert found.cost == pytest.approx(2 + 662.5 * 0.4)


def test_between_two_cuts_the_harder_one_speaks() -> None:
    assert steer.effects(0.51, outlook=outlook()).wrong is None
    assert steer.effects(0.4, outlook=outlook()).wrong == pytest.approx(3.6)


def test_nothing_unattended_is_nothing_wrong() -> None:
    assert steer.effects(0, outlook=outlook()).wrong == 0


def test_without_items_nothing_is_known() -> None:
    quiet = replace(SEEN, items=0, ruled=0, by_bin=0 * WIDTHS, seconds_a_look=None, model_cost=None)
    found = steer.effects(0.5, outlook=outlook(quiet))
    assert found == steer.Effects(0.5, None, None, None, None, None, None, None)


def test_many_positions_are_each_as_one_alone() -> None:
    shares = [0, 0.123, 0.5, 0.51, 0.999, 1]
    assert steer.positions(shares, outlook=outlook()) == [steer.effects(s, outlook=outlook()) for s in shares]


@pytest.mark.django_db
def test_a_policy_without_evidence_has_no_points() -> None:
    cast = casts.company()
    assert curve.points(cast.task.policies.get()) == []


@pytest.mark.django_db
def test_the_lower_bounds_are_read_where_the_guard_gave_them() -> None:
    cast = casts.company()
    policy = evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    del policy.certificate["lower"]
    assert {point.lower for point in curve.points(policy)} == {None}
    policy.certificate["lower"] = [None, *[0.001] * (len(certificate.CUTS) - 1)]
    lower = [point.lower for point in curve.points(policy)]
    assert lower[0] is None
    assert set(lower[1:]) == {0.001}


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
    assert found.goes == "unattended"
    back = backtest.backtest(cast.task.pk, now=0.6, then=0.2)
    assert (back.to_unattended, back.to_people, back.goes) == (0, len(inside), "people")


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
