"""The played reviewers judge what they know, and leave the rest to people."""

from io import StringIO

import pytest
from django.core.management import call_command

from slider.management.demo import brief
from slider.models import OwnAnswer, Review, ReviewState
from tests import casts

pytestmark = pytest.mark.django_db


def test_items_that_are_not_the_demos_own_are_left_to_people() -> None:
    cast = casts.company(share=0.0)
    cast.project.slug, cast.task.slug, cast.task.output_schema = "demo", brief.TASK_SLUG, {"type": "object"}
    cast.project.save()
    cast.task.save()
    casts.one(cast.task, "of-a-stranger")
    casts.one(cast.task, "m0001")
    out = StringIO()
    call_command("demo_review", people=1, stdout=out)
    states = dict(Review.objects.values_list("item__external_id", "state"))
    assert states == {"of-a-stranger": ReviewState.OPEN, "m0001": ReviewState.DECIDED}
    assert "1 looks by 1 played reviewers" in out.getvalue()
    assert "Left to you, since they are not the demo's own: 1" in out.getvalue()


def test_where_drafts_are_hidden_they_answer_first() -> None:
    cast = casts.company(share=0.0, hidden_rate=0.5)
    cast.project.slug, cast.task.slug, cast.task.output_schema = "demo", brief.TASK_SLUG, {"type": "object"}
    cast.project.save()
    cast.task.save()
    for number in range(1, 13):
        casts.one(cast.task, f"m{number:04}")
    call_command("demo_review", people=1, stdout=StringIO())
    looks = list(Review.objects.select_related("task"))
    assert {look.state for look in looks} == {ReviewState.DECIDED}
    drawn = {look.pk for look in looks if look.is_drawn_hidden}
    assert drawn
    assert set(OwnAnswer.objects.values_list("review_id", flat=True)) == drawn
