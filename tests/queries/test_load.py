"""What waits in a task and what comes in, counted in looks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from slider.models import Gauge, Policy, Review, ReviewState, Role, Tally, Verdict
from slider.queries import lead, load
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db


def test_what_waits_is_counted_by_who_may_take_it() -> None:
    cast = casts.company()
    for n in range(4):
        casts.one(cast.task, f"m{n}")
    one, other, *_ = Review.objects.order_by("pk")
    Review.objects.filter(pk=one.pk).update(assignee=cast.reviewer, for_lead=True)
    Review.objects.filter(pk=other.pk).update(for_lead=True)
    casts.take(cast.colleague, cast.task)
    found = load.of(cast.task.pk)
    assert (found.anybody, found.assigned, found.for_lead, found.held, found.waiting) == (1, 1, 1, 1, 4)


def test_a_gate_that_waits_behind_several_looks_counts_as_often_as_a_lead_had_to_settle() -> None:
    cast = casts.company(looks=2, undo_s=0)
    leads = casts.person("the lead", role=Role.LEAD, of=cast.project)
    casts.one(cast.task, "first")
    found = load.of(cast.task.pk)
    assert (found.anybody, found.behind, found.to_settle, found.waiting) == (2, 1, 1, 3)  # nothing is known yet
    decide_all(cast, agree=True)
    for n in range(4):
        casts.one(cast.task, f"m{n}")
        decide_all(cast, agree=n > 0)
        if n == 0:
            casts.decide(leads, cast.task)
    assert load.of(cast.task.pk).waiting == 0
    for n in range(10):
        casts.one(cast.task, f"new{n}")
    Review.objects.filter(state=ReviewState.DECIDED).update(
        taken_at=timezone.now() - timedelta(seconds=36), decided_at=timezone.now()
    )
    found = load.of(cast.task.pk)
    assert (found.anybody, found.behind, found.settled, found.waiting) == (20, 10, 0.2, 22)
    assert found.hours == pytest.approx(0.22, rel=0.01)


def decide_all(cast: Company, *, agree: bool) -> None:
    casts.decide(cast.reviewer, cast.task)
    if agree:
        casts.decide(cast.colleague, cast.task)
    else:
        casts.decide(cast.colleague, cast.task, verdict=Verdict.REJECT, reason="wrong")


def test_an_empty_task_owes_nothing() -> None:
    found = load.of(casts.company().task.pk)
    assert (found.waiting, found.behind, found.oldest, found.oldest_h, found.hours) == (0, 0, None, 0.0, None)


@pytest.mark.parametrize(("looks", "expected"), [(1, 1.5 * (2 + 0.5) * 1.1), (3, 1.5 * (2 * 4 + 0.5 * 1.1))])
def test_what_comes_in_is_counted_in_looks(looks: int, expected: float) -> None:
    """Two items to people and one easy one an hour; audits at a half, known answers too, second looks at a tenth."""
    cast = casts.company(looks=looks, known_rate=0.5, second_rate=0.1, audit_floor=0.5)
    Gauge.objects.filter(pk=cast.task.pk).update(policy=Policy.objects.get(task=cast.task, audit_chance=0.5))
    now = timezone.now()
    hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    Tally.objects.bulk_create(
        [Tally(task=cast.task, hour=hour, why=why, bin=3, items=n) for why, n in (("hard", 2), ("easy", 1))]
    )
    assert lead.arrivals(cast.task, now=now) == pytest.approx([expected])
