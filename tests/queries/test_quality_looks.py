"""What is owed is counted with its age and with who could take it; the pace is that of the last days."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from slider.flow import review
from slider.models import Mode, Review, Task
from slider.queries import quality_looks
from tests import casts, stages, stream
from tests.queries.test_quality_stretches import aged
from tests.stream import Wave

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(mode=Mode.TRIAL, share=0.8))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def owed(cast: casts.Company) -> quality_looks.Owed:
    return quality_looks.owed(Task.objects.select_related("project").get(pk=cast.task.pk))


def test_nothing_owed_is_nothing(cast: casts.Company) -> None:
    found = owed(cast)
    assert (found.all, found.audits, found.oldest, found.due_by, found.orphans) == (0, 0, None, None, 0)


def test_audits_are_counted_among_all_looks(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=400, owed=400), by=cast.reviewer)
    found = owed(cast)
    audits = Review.objects.filter(kind="audit", state="open")
    assert (found.all, found.audits) == (Review.objects.filter(state="open").count(), audits.count())
    oldest = audits.order_by("created_at").values_list("created_at", flat=True)[0]
    assert found.oldest == oldest
    assert found.due_by == oldest + timedelta(hours=72)
    assert (found.overdue, found.held, found.orphans) == (0, 0, 0)


def test_beyond_the_deadline_it_is_overdue(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=100, owed=100), by=cast.reviewer)
    aged(73, first=0, last=49)
    assert 0 < owed(cast).overdue < owed(cast).audits


def test_who_has_them_and_what_nobody_may_take(cast: casts.Company) -> None:
    casts.audited(cast.task, "a1")
    held = casts.take(cast.reviewer, cast.task)
    assert (owed(cast).held, owed(cast).holders, owed(cast).orphans) == (1, 1, 0)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    for who in (cast.colleague, cast.admin):
        assert owed(cast).orphans == 0
        taken = casts.take(who, cast.task)
        review.skip(taken.pk, user_id=who.pk, token=taken.token)
    assert (owed(cast).orphans, owed(cast).reviewers) == (1, 3)


def test_where_nobody_reviews_every_audit_is_with_nobody(cast: casts.Company) -> None:
    casts.audited(cast.task, "a1")
    User.objects.update(is_active=False)
    assert (owed(cast).orphans, owed(cast).reviewers) == (1, 0)


def test_the_pace_is_not_known_without_a_look(cast: casts.Company) -> None:
    found = quality_looks.pace(cast.task.pk)
    assert (found.looks_done, found.audits_done, found.looks_due, found.keeps_up) == (None, None, 0, None)


def test_the_pace_of_a_young_task_is_what_was_done(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=500, days=0.5), by=cast.reviewer)
    found = quality_looks.pace(cast.task.pk)
    assert found.looks_done == Review.objects.filter(state="decided").count()
    assert found.audits_done == Review.objects.filter(kind="audit").count()
    assert found.looks_due == found.looks_done
    assert found.keeps_up


def test_the_pace_of_a_week_is_that_of_a_day(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_000, days=5), by=cast.reviewer)
    found = quality_looks.pace(cast.task.pk)
    assert found.looks_done == pytest.approx(Review.objects.filter(state="decided").count() / 5, rel=0.02)
    Review.objects.update(decided_at=F("decided_at") - timedelta(days=30))
    assert quality_looks.pace(cast.task.pk).looks_done is None


def test_a_desk_that_falls_behind_is_said(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=500, owed=300, days=0.5), by=cast.reviewer)
    assert quality_looks.pace(cast.task.pk).keeps_up is False
