"""The guard's machine measures what waits and lets the overflow policy act, before it judges."""

from datetime import timedelta

import pytest
from django.utils import timezone

from slider.models import Gauge, Overflow, Review, ReviewState, Spell, Task
from tasks import guard
from tests import casts

pytestmark = pytest.mark.django_db


def test_a_round_begins_a_spell_from_measured_looks_and_ends_it_when_they_are_done() -> None:
    cast = casts.company(staffed_hours=0.1, overflow=Overflow.STRETCH, judge_within_h=24)
    names = [f"m{n}" for n in range(20)]
    casts.route_all(
        cast.task,
        {name: casts.says({"topic": "refund", "urgent": False}) for name in names},
        bodies={name: {"text": "hello"} for name in names},
    )
    for _ in range(8):
        casts.decide(cast.reviewer, cast.task)
    now = timezone.now()
    decided = Review.objects.filter(state=ReviewState.DECIDED)
    decided.update(taken_at=now - timedelta(seconds=60), decided_at=now)
    before = Gauge.objects.get(pk=cast.task.pk).policy
    guard.guard()
    spell = Spell.objects.get()
    assert spell.hours == pytest.approx(0.2)
    assert (spell.waiting, spell.ended_at is None) == (12, True)
    assert Task.objects.get(pk=cast.task.pk).due_within_h == 48  # two days of work, where one day was given
    assert Gauge.objects.get(pk=cast.task.pk).policy.effective == before.effective
    for _ in range(12):
        casts.decide(cast.reviewer, cast.task)
    guard.guard()
    assert Spell.objects.get().ended_at is not None
    assert Task.objects.get(pk=cast.task.pk).due_within_h == 24
