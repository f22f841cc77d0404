"""The error over time is that of the audits in each stretch, owes up to what is owed, and starts anew with an epoch."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.db.models import F

from slider.flow import policies
from slider.models import Decision, Gauge, Maker, Mode, Review, ReviewState, Task, Worker
from slider.queries import errors, quality_acts, quality_stretches
from slider.queries.quality_stretches import Course, Span
from tests import casts, stages, stream
from tests.stream import Wave

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(mode=Mode.TRIAL, share=0.8))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def read(cast: casts.Company, span: Span = Span.ALL) -> Course:
    return quality_stretches.course(Gauge.objects.select_related("policy", "task").get(pk=cast.task.pk), span=span)


def new_epoch(cast: casts.Company) -> None:
    Worker.objects.filter(pk=cast.worker.pk).update(retired_at=cast.task.created_at)
    better = Worker.objects.create(task=cast.task, name="reader", version=2, model="m", instructions="Read.")
    policies.make(cast.task.pk, policies.Change(worker=better), maker=Maker.PERSON, reason="v2", by=cast.tuner.pk)


def aged(hours: float, *, first: int, last: int) -> None:
    """Make decisions of a stretch older than they are."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Decision.objects.filter(seq__gte=first, seq__lte=last).update(
            created_at=F("created_at") - timedelta(hours=hours)
        )
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_each_stretch_counts_its_own_audits(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=2_400, error=0.05, chance=1.0), by=cast.reviewer)
    course = read(cast)
    assert (course.first, course.last, len(course.stretches)) == (0, 2_399, 24)
    for stretch in course.stretches:
        audits = Review.objects.filter(kind="audit", item__decision__seq__range=(stretch.first, stretch.last))
        assert stretch.judged == audits.count()
        assert stretch.wrong == audits.exclude(verdict="accept").count()
        if stretch.error is not None:
            assert stretch.lower is not None
            assert stretch.upper is not None
            assert stretch.error == pytest.approx(stretch.wrong / stretch.judged)
            assert stretch.lower <= stretch.error <= stretch.upper
    assert course.known


def test_where_audits_are_rare_neighbours_are_taken_together_and_none_is_lost(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=2_400, error=0.05, chance=0.0625), by=cast.reviewer)
    stretches = read(cast).stretches
    assert 2 < len(stretches) < 12
    assert all(stretch.error is not None for stretch in stretches[:-1])
    assert all(before.last < after.first for before, after in pairwise(stretches))
    assert sum(stretch.judged for stretch in stretches) == Review.objects.filter(kind="audit").count()


def test_no_stretch_reaches_over_the_end_of_an_epoch(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_000, chance=0.0625), by=cast.reviewer)
    new_epoch(cast)
    stream.pour(cast.task, Wave(items=1_000, chance=0.0625), by=cast.reviewer)
    assert all(not stretch.first < 1_000 <= stretch.last for stretch in read(cast).stretches)


def test_few_audits_are_no_number(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=200, chance=0.125), by=cast.reviewer)
    course = read(cast)
    assert course.stretches
    assert all(stretch.error is None and stretch.judged < errors.FEW for stretch in course.stretches)
    assert not course.known


def test_a_task_without_items_has_no_course(cast: casts.Company) -> None:
    course = read(cast)
    assert (course.stretches, course.bounds, course.until, course.known) == ([], [], None, False)


def test_audits_that_are_owed_widen_the_interval_and_leave_the_estimate(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_200, error=0.05, chance=1.0), by=cast.reviewer)
    (before, *_) = read(cast).stretches
    looks = Review.objects.filter(kind="audit", item__decision__seq__lt=before.last, verdict="accept").order_by("pk")
    owed = list(looks.values_list("pk", flat=True)[:2])
    Review.objects.filter(pk__in=owed).update(state=ReviewState.OPEN, verdict="", holder=None, decided_at=None)
    (after, *_) = read(cast).stretches
    assert (after.owed, after.judged, after.wrong) == (2, before.judged - 2, before.wrong)
    assert before.upper is not None
    assert before.lower is not None
    assert after.upper is not None
    assert after.lower is not None
    assert after.error == pytest.approx(after.wrong / after.judged)
    # As if both were wrong, and as if both were right, as they were.
    assert after.upper > before.upper
    assert after.lower == pytest.approx(before.lower)


def test_the_bound_ends_with_the_oldest_audit_owed(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=2_400, owed=1_000), by=cast.reviewer)
    course = read(cast)
    first_owed = Review.objects.filter(kind="audit", state="open").order_by("item__decision__seq").first()
    assert first_owed is not None
    seq = Decision.objects.get(pk=first_owed.item_id).seq
    assert course.until is not None
    assert 1_390 < course.until < seq
    assert course.bounds[-1].at < seq
    assert course.bounds[-1].audits == Review.objects.filter(kind="audit", item__decision__seq__lt=seq).count()


def test_one_that_is_overdue_holds_up_nothing_and_counts_as_wrong(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=2_400, owed=1_000, error=0.0), by=cast.reviewer)
    waiting = read(cast)
    Task.objects.update(judge_within_h=1)
    aged(30, first=0, last=2_399)
    overdue = read(cast)
    assert overdue.bounds[-1].at == 2_399
    assert overdue.bounds[-1].audits == Review.objects.filter(kind="audit").count()
    assert overdue.bounds[-1].upper > 0.3 > waiting.bounds[-1].upper
    found = errors.unattended(Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy)
    assert found.wrong == Review.objects.filter(kind="audit", state="open").count()


def test_a_new_epoch_starts_its_bound_anew(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=1_200, error=0.2), by=cast.reviewer)
    new_epoch(cast)
    stream.pour(cast.task, Wave(items=1_200, error=0.0), by=cast.reviewer)
    bounds = read(cast).bounds
    assert {bound.epoch for bound in bounds} == {1, 2}
    last = {epoch: [b for b in bounds if b.epoch == epoch][-1] for epoch in (1, 2)}
    assert last[1].upper > 0.2 > last[2].upper
    second = Review.objects.filter(kind="audit", item__decision__epoch=2).count()
    assert last[2].audits == second


def test_a_short_span_shows_less_and_bounds_the_same(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000, error=0.02), by=cast.reviewer)
    short, whole = read(cast, Span.LAST), read(cast)
    assert (short.first, short.last) == (1_000, 2_999)
    assert short.bounds[-1] == whole.bounds[-1]
    assert min(stretch.first for stretch in short.stretches) == 1_000


def test_stretches_stay_where_they_are_as_items_come_in(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=3_000), by=cast.reviewer)
    before = {stretch.first: stretch for stretch in read(cast, Span.LAST).stretches[1:-1]}
    stream.pour(cast.task, Wave(items=130), by=cast.reviewer)
    after = {stretch.first: stretch for stretch in read(cast, Span.LAST).stretches}
    shared = before.keys() & after.keys()
    assert len(shared) > 10
    assert all(after[first] == before[first] for first in shared)


def test_the_headline_is_the_end_of_the_line(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=2_400, owed=500), by=cast.reviewer)
    found = errors.unattended(Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy)
    end = read(cast).bounds[-1]
    assert found.audited == end.audits
    assert found.upper == pytest.approx(end.upper)


def test_another_tasks_audits_are_not_counted(cast: casts.Company) -> None:
    other = casts.company(mode=Mode.TRIAL, share=0.8, prefix="other ")
    stream.pour(other.task, Wave(items=600), by=other.reviewer)
    assert read(cast).stretches == []


def test_moments_find_their_place_in_the_routing_order(cast: casts.Company) -> None:
    stream.pour(cast.task, Wave(items=2_000, days=10), by=cast.reviewer)
    at = dict(Decision.objects.filter(seq__in=[0, 500, 1_500, 1_999]).values_list("seq", "created_at"))
    early = at[0] - timedelta(days=1)
    places = quality_acts.places_of(
        cast.task.pk, [early, at[500], at[1_500], at[1_999] + timedelta(days=1)], first=0, last=1_999
    )
    assert places == [0, pytest.approx(500, abs=20), pytest.approx(1_500, abs=20), 1_999]
    assert quality_acts.places_of(cast.task.pk, [], first=0, last=1_999) == []


@pytest.mark.parametrize(("items", "step"), [(0, 10), (240, 10), (241, 20), (20_000, 1_000), (1_000_000, 50_000)])
def test_a_stretch_has_a_round_number_of_items(items: int, step: int) -> None:
    assert quality_stretches._step(items) == step
