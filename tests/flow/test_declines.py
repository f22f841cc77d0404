"""A decline belongs to a person and lasts: over every look at the item, whichever comes first."""

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from slider.flow import review
from slider.models import Decline, Item, Review, ReviewKind, ReviewState
from slider.queries import desk, frame, offered
from tests import casts
from tests.casts import Company
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db(transaction=True)
LATER = [ReviewKind.AUDIT, ReviewKind.LOOKBACK]


@pytest.fixture
def cast() -> Company:
    return casts.company()


def skipped(cast: Company) -> Item:
    """An item that the reviewer has passed on, and the colleague has decided."""
    item = casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    casts.decide(cast.colleague, cast.task)
    return item


def ask(item: Item, kind: ReviewKind) -> Review:
    return Review.objects.create(item=item, task=item.task, kind=kind)


def may(who: User, look: Review) -> bool:
    return Review.objects.filter(offered.to(who.pk), pk=look.pk).exists()


@pytest.mark.parametrize("kind", LATER)
def test_a_skip_outlasts_a_later_look_at_the_same_item(cast: Company, kind: ReviewKind) -> None:
    look = ask(skipped(cast), kind)
    assert review.take(cast.reviewer.pk, task_ids=[cast.task.pk], lease_s=60) is None
    assert (may(cast.reviewer, look), may(cast.colleague, look)) == (False, True)
    assert (frame.desk(cast.reviewer).count, frame.desk(cast.colleague).count) == (0, 1)
    assert desk.elsewhere(cast.reviewer.pk, [cast.task], hidden=[]).skipped == 1
    assert casts.take(cast.colleague, cast.task).pk == look.pk


@pytest.mark.parametrize("kind", LATER)
def test_a_skip_holds_for_another_look_that_is_open_already(cast: Company, kind: ReviewKind) -> None:
    item = casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    other = ask(item, kind)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    assert not may(cast.reviewer, other)
    assert review.take(cast.reviewer.pk, task_ids=[cast.task.pk], lease_s=60) is None


def test_a_look_at_an_item_that_nobody_has_passed_on_is_not_asked_about(cast: Company) -> None:
    casts.one(cast.task)
    assert not Review.objects.get().declined


def test_a_skip_that_is_said_twice_is_one_whoever_has_the_look_by_then(cast: Company) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    mine = casts.take(cast.colleague, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)  # its answer was lost on the way
    mine.refresh_from_db()
    assert (mine.state, mine.holder_id) == (ReviewState.HELD, cast.colleague.pk)
    assert Decline.objects.count() == 1


def test_a_skip_and_a_new_look_in_the_same_moment_wait_for_each_other(cast: Company) -> None:
    item = casts.one(cast.task)
    gate = Review.objects.get(item=item)
    with transaction.atomic():
        Decline.objects.create(review=gate, user=cast.reviewer)
        asking = Elsewhere(partial(ask, item, ReviewKind.AUDIT))
        asking.start()
        asking.until_it_waits()
    asking.done()
    with transaction.atomic():
        ask(item, ReviewKind.LOOKBACK)
        passing = Elsewhere(lambda: Decline.objects.create(review=gate, user=cast.colleague))
        passing.start()
        passing.until_it_waits()
    passing.done()
    for look in Review.objects.filter(item=item, state=ReviewState.OPEN):
        assert look.declined
        assert not may(cast.reviewer, look)
        assert not may(cast.colleague, look)
