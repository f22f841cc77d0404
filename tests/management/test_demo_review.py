"""The played reviewers judge what they know, and leave the rest to people."""

from io import StringIO

import pytest
from django.core.management import call_command

from slider.management.demo import brief
from slider.models import Review, ReviewState
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
