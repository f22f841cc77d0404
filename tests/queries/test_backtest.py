"""A backtest moves what another share would move, and nothing that stays with people at any share."""

import pytest

from slider.engine import calibration, regions
from slider.flow import policies, steer
from slider.models import Decision, Maker, Mode, Task, Why
from slider.queries import backtest
from tests import casts, judged

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> casts.Company:
    cast = casts.company(share=0.0)
    judged.routed(cast, 60)
    return cast


def inside(low: float, high: float) -> set[int]:
    return set(Decision.objects.filter(rank__gt=low, rank__lte=high).values_list("item_id", flat=True))


@pytest.mark.parametrize("region", range(regions.COUNT))
def test_ranks_in_quarantine_change_no_lane(cast: casts.Company, region: int) -> None:
    edges = [0.0, *regions.EDGES.tolist()]
    kept = inside(edges[region], edges[region + 1])
    found = backtest.backtest(cast.task.pk, now=0.0, then=1.0, closed=[region])
    assert found.to_unattended == len(inside(0.0, 1.0) - kept)
    assert {mover.item_id for mover in found.movers} & kept == set()


def test_regions_that_are_none_are_nothing(cast: casts.Company) -> None:
    free = backtest.backtest(cast.task.pk, now=0.0, then=1.0)
    assert backtest.backtest(cast.task.pk, now=0.0, then=1.0, closed=[-1, regions.COUNT]) == free


def close(task: Task, closed: list[int]) -> None:
    """Put these regions in quarantine, or lift it."""
    evidence = policies.Evidence(None, calibration.prior().to_json(), {"closed_regions": closed}, 0)
    policies.make(task.pk, policies.Change(evidence=evidence), maker=Maker.GUARD, reason="quarantine")


def test_what_a_lifted_quarantine_kept_counts_again(cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=1.0, mode=Mode.TRIAL, reason="all", by=cast.tuner.pk)
    close(cast.task, [0, 1, 2, 3, 4])
    judged.routed(cast, 60, start=100)
    kept = set(Decision.objects.filter(why=Why.QUARANTINE).values_list("item_id", flat=True))
    assert kept
    assert backtest.realised(cast.task.pk).quarantine == len(kept)
    found = backtest.backtest(cast.task.pk, now=1.0, then=0.0)
    assert found.to_people == len(inside(0.0, 1.0))


def test_what_stays_with_people_at_any_share_changes_no_lane(cast: casts.Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(never_unattended=[{"field": "channel", "equals": "chat"}])
    cast.task.refresh_from_db()
    casts.one(cast.task, "ruled", channel="chat")
    casts.one(cast.task, "silent", casts.fails())
    casts.one(cast.task, "odd", text="da da da da da da")
    kept = set(Decision.objects.exclude(why=Why.HARD).values_list("item_id", flat=True))
    found = backtest.backtest(cast.task.pk, now=0.0, then=1.0)
    assert len(kept) == 3
    assert (found.looked_at, found.to_unattended) == (63, len(inside(0.0, 1.0) - kept))


def test_realised_adds_up(cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=1.0, mode=Mode.TRIAL, reason="all", by=cast.tuner.pk)
    close(cast.task, [0])
    judged.routed(cast, 60, start=100)
    casts.one(cast.task, "silent", casts.fails())
    casts.one(cast.task, "odd", text="da da da da da da")
    found = backtest.realised(cast.task.pk)
    parts = (found.unattended, found.hard, found.rules, found.no_answer, found.sentinel, found.quarantine, found.silent)
    assert (found.no_answer, found.sentinel) == (1, 1)
    assert sum(parts) == found.routed == 122
