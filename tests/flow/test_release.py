"""A lead takes a look out of somebody's hands: fenced, with a reason, and told in the story."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from slider.flow import ahead, claims, release, review
from slider.flow.release import Gone, Unfit
from slider.models import Freed, Review, ReviewState, Verdict
from tests import casts

pytestmark = pytest.mark.django_db


def held() -> tuple[casts.Company, Review]:
    cast = casts.company()
    casts.one(cast.task)
    return cast, casts.take(cast.reviewer, cast.task)


def test_a_released_look_is_open_to_everybody_and_says_who_released_it_and_why() -> None:
    cast, look = held()
    release.release(look.pk, token=look.token, by=cast.admin.pk, words="  gone\nhome ")
    look.refresh_from_db()
    assert (look.state, look.holder_id, look.last_holder_id, look.lease_until) == (
        ReviewState.OPEN,
        None,
        cast.reviewer.pk,
        None,
    )
    told = Freed.objects.get()
    assert (told.review, told.holder, told.by, told.words, told.token) == (
        look,
        cast.reviewer,
        cast.admin,
        "gone home",
        look.token,
    )
    assert casts.take(cast.colleague, cast.task).pk == look.pk


def test_an_old_page_releases_no_newer_claim() -> None:
    cast, look = held()
    release.release(look.pk, token=look.token, by=cast.admin.pk, words="gone")
    again = casts.take(cast.colleague, cast.task)
    for token in (look.token, 0, again.token + 1):
        with pytest.raises(Gone):
            release.release(look.pk, token=token, by=cast.admin.pk, words="gone")
    again.refresh_from_db()
    assert (again.state, again.holder_id, Freed.objects.count()) == (ReviewState.HELD, cast.colleague.pk, 1)


def test_a_decided_look_can_not_be_released() -> None:
    cast, look = held()
    review.decide(look.pk, user_id=cast.reviewer.pk, token=look.token, said=review.Said(Verdict.ACCEPT))
    with pytest.raises(Gone):
        release.release(look.pk, token=look.token, by=cast.admin.pk, words="gone")
    look.refresh_from_db()
    assert look.verdict == Verdict.ACCEPT


@pytest.mark.parametrize("words", ["", " \n", "\x00", "x" * 251])
def test_a_release_says_why(words: str) -> None:
    cast, look = held()
    with pytest.raises(Unfit):
        release.release(look.pk, token=look.token, by=cast.admin.pk, words=words)
    look.refresh_from_db()
    assert look.state == ReviewState.HELD


def test_what_its_holder_typed_still_counts_until_somebody_else_takes_it() -> None:
    cast, look = held()
    release.release(look.pk, token=look.token, by=cast.admin.pk, words="gone")
    said = review.Said(Verdict.ACCEPT)
    decided = review.decide(look.pk, user_id=cast.reviewer.pk, token=look.token, said=said)
    assert decided.state == ReviewState.DECIDED


def test_a_lease_that_ran_out_is_written_down_once() -> None:
    cast, look = held()
    Review.objects.filter(pk=look.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert (claims.free_reviews(), claims.free_reviews()) == (1, 0)
    told = Freed.objects.get()
    assert (told.review, told.holder, told.by, told.words) == (look, cast.reviewer, None, "")
    assert told.taken_at is not None
    look.refresh_from_db()
    assert (look.state, look.last_holder_id) == (ReviewState.OPEN, cast.reviewer.pk)


def test_what_was_written_down_stays() -> None:
    cast, look = held()
    release.release(look.pk, token=look.token, by=cast.admin.pk, words="gone")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE slider_freed SET words = 'never'")


def page(cast: casts.Company, *grips: ahead.Grip) -> ahead.Hand:
    """A sign of life of the reviewer's open page."""
    leases, ids = ahead.Leases(page_s=50, typed_s=600), [cast.task.pk]
    who = cast.reviewer.pk
    return ahead.fill(who, page="a" * 32, grips=grips, want=0 if grips else 1, tasks=ids, may=ids, leases=leases)


@pytest.mark.parametrize("long", [False, True])
def test_a_page_that_is_still_open_does_not_take_a_released_look_again(long: bool) -> None:
    cast = casts.company()
    casts.one(cast.task)
    (look,) = page(cast).fresh
    release.release(look.pk, token=look.token, by=cast.admin.pk, words="gone home")
    assert page(cast, ahead.Grip(look.pk, look.token, long)).kept == frozenset()
    assert casts.take(cast.colleague, cast.task).pk == look.pk


def test_what_a_page_took_up_again_after_its_lease_can_be_released() -> None:
    cast = casts.company()
    casts.one(cast.task)
    (look,) = page(cast).fresh
    Review.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.free_reviews()
    assert page(cast, ahead.Grip(look.pk, look.token)).kept == {look.pk}
    release.release(look.pk, token=look.token, by=cast.admin.pk, words="gone home")
    assert list(Freed.objects.order_by("pk").values_list("token", "words")) == [(1, ""), (1, "gone home")]
