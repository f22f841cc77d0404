"""What an open desk holds: looks ahead, for as long as the page lives, and never more than two desks full."""

import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from slider.flow import ahead, claims, review
from slider.flow.ahead import Grip, Hand, Leases
from slider.flow.review import NotYours, Said
from slider.models import Decline, LastWord, Review, ReviewState, Verdict
from tests import casts
from tests.casts import Company
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db

LEASES = Leases(page_s=50, typed_s=600)
ONE, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def cast() -> Company:
    made = casts.company()
    for n in range(10):
        casts.one(made.task, f"m{n}")
    return made


def fill(cast: Company, *grips: Grip, page: str = ONE, want: int = 4, user_id: int = 0, number: int = 0) -> Hand:
    ids = [cast.task.pk]
    who = user_id or cast.reviewer.pk
    return ahead.fill(who, page=page, grips=grips, want=want, tasks=ids, may=ids, leases=LEASES, number=number)


def grips(hand: Hand, *, long: bool = False) -> list[Grip]:
    return [Grip(look.pk, look.token, long) for look in hand.fresh]


def names(hand: Hand) -> list[str]:
    return [look.item.external_id for look in hand.fresh]


def run_out() -> None:
    Review.objects.filter(state=ReviewState.HELD).update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.free_reviews()


def test_a_page_gets_as_many_as_it_lacks_in_their_turn(cast: Company) -> None:
    first = fill(cast)
    assert names(first) == ["m0", "m1", "m2", "m3"]
    more = fill(cast, *grips(first)[1:], want=1)
    assert names(more) == ["m0"]  # given once and not named any more: its answer was lost, so it comes again
    sent = grips(first)[:1]
    assert names(fill(cast, *grips(first)[1:], *sent, want=1)) == ["m4"]


def test_two_pages_of_one_person_hold_different_looks_and_a_third_none(cast: Company) -> None:
    one, other, third = (fill(cast, page=page) for page in (ONE, OTHER, "c" * 32))
    assert (names(one), names(other), names(third)) == (
        ["m0", "m1", "m2", "m3"],
        ["m4", "m5", "m6", "m7"],
        [],
    )
    assert (one.elsewhere, other.elsewhere, third.elsewhere) == (0, 4, 8)


def test_a_sign_of_life_renews_what_the_page_holds_and_longer_what_is_typed_for(cast: Company) -> None:
    hand = fill(cast, want=2)
    before = timezone.now()
    short, long = grips(hand)
    kept = fill(cast, short, Grip(long.review_id, long.token, long=True), want=0).kept
    assert kept == {short.review_id, long.review_id}
    left = {look.pk: look.lease_until - before for look in Review.objects.filter(pk__in=kept) if look.lease_until}
    assert timedelta(seconds=49) < left[short.review_id] < timedelta(seconds=60)
    assert timedelta(seconds=590) < left[long.review_id] < timedelta(seconds=610)


def test_what_ran_out_is_held_again_under_the_same_claim_unless_somebody_has_taken_it(cast: Company) -> None:
    hand = fill(cast, want=2)
    run_out()
    theirs = fill(cast, page=OTHER, want=1, user_id=cast.colleague.pk)
    assert names(theirs) == ["m0"]
    again = fill(cast, *grips(hand), want=0)
    assert again.kept == {hand.fresh[1].pk}
    assert Review.objects.get(pk=hand.fresh[1].pk).token == hand.fresh[1].token


@pytest.mark.parametrize("token", [0, 2, 10**17])
def test_a_claim_that_is_none_keeps_nothing(cast: Company, token: int) -> None:
    hand = fill(cast, want=1)
    assert fill(cast, Grip(hand.fresh[0].pk, token), want=0).kept == frozenset()


def test_another_persons_claim_and_a_task_that_one_may_not_review_keep_nothing(cast: Company) -> None:
    (grip,) = grips(fill(cast, want=1))
    assert fill(cast, grip, want=0, user_id=cast.colleague.pk).kept == frozenset()
    may_not = ahead.fill(cast.reviewer.pk, page=ONE, grips=[grip], want=4, tasks=[], may=[], leases=LEASES)
    assert (may_not.kept, may_not.fresh) == (frozenset(), ())


def test_a_page_that_closes_lets_go_of_its_own_and_the_decision_still_counts(cast: Company) -> None:
    hand = fill(cast, want=2)
    assert ahead.release(cast.colleague.pk, page=ONE, but=[]) == 0
    assert ahead.release(cast.reviewer.pk, page=OTHER, but=[]) == 0
    assert ahead.release(cast.reviewer.pk, page=ONE, but=[]) == 2
    assert not Review.objects.filter(state=ReviewState.HELD).exists()
    first = hand.fresh[0]
    decided = review.decide(first.pk, user_id=cast.reviewer.pk, token=first.token, said=Said(Verdict.ACCEPT))
    assert decided.state == ReviewState.DECIDED


def test_a_late_word_of_a_closed_page_takes_nothing_from_the_page_that_has_it_now(cast: Company) -> None:
    hand = fill(cast, want=1)
    assert fill(cast, *grips(hand), page=OTHER, want=0).kept == {hand.fresh[0].pk}
    assert ahead.release(cast.reviewer.pk, page=ONE, but=[]) == 0


def test_a_page_that_closes_keeps_what_it_names_and_nothing_else(cast: Company) -> None:
    hand = fill(cast, want=3)
    assert ahead.release(cast.reviewer.pk, page=ONE, but=[hand.fresh[1].pk, 10**15]) == 2
    assert Review.objects.get(state=ReviewState.HELD).pk == hand.fresh[1].pk


def test_what_a_person_skipped_is_not_held_again(cast: Company) -> None:
    (grip,) = grips(fill(cast, want=1))
    for _ in range(2):  # said twice, it is one
        review.skip(grip.review_id, user_id=cast.reviewer.pk, token=grip.token)
    assert Decline.objects.count() == 1
    assert fill(cast, grip, want=0).kept == frozenset()


def test_the_time_of_a_look_begins_when_it_comes_into_sight_and_not_before_its_claim(cast: Company) -> None:
    slow, quick = fill(cast, want=2).fresh
    Review.objects.update(taken_at=timezone.now() - timedelta(seconds=100))
    for look, seen_s in ((slow, 10_000.0), (quick, 7.0)):
        said = Said(Verdict.ACCEPT)
        review.decide(look.pk, user_id=cast.reviewer.pk, token=look.token, said=said, seen_s=seen_s)
    spent = [
        (look.decided_at - look.taken_at).total_seconds()
        for look in Review.objects.filter(state=ReviewState.DECIDED).order_by("pk")
        if look.decided_at and look.taken_at
    ]
    assert spent == pytest.approx([100, 7], abs=5)


def test_another_verdict_under_the_same_claim_is_told_that_the_first_stands(cast: Company) -> None:
    (look,) = fill(cast, want=1).fresh

    def say(said: Said) -> Review:
        return review.decide(look.pk, user_id=cast.reviewer.pk, token=look.token, said=said)

    say(Said(Verdict.REJECT, reason="wrong"))
    assert say(Said(Verdict.REJECT, reason="wrong")).reason == "wrong"
    for other in (Said(Verdict.ACCEPT), Said(Verdict.REJECT, reason="policy"), Said(Verdict.FIX, {"topic": "other"})):
        with pytest.raises(NotYours, match="something else of this item before \\(rejected\\), and that stands"):
            say(other)


def test_what_a_page_asked_for_before_it_closed_gives_it_nothing_when_it_comes_after(cast: Company) -> None:
    hand = fill(cast, want=2, number=3)
    ahead.release(cast.reviewer.pk, page=ONE, but=[], number=4)
    ahead.release(cast.reviewer.pk, page=ONE, but=[], number=2)  # its last word but one came last
    late = fill(cast, *grips(hand), number=4)
    assert (late.kept, late.fresh) == (frozenset(), ())
    assert not Review.objects.filter(state=ReviewState.HELD).exists()
    assert len(fill(cast, number=4, user_id=cast.colleague.pk).fresh) == 4
    assert len(fill(cast, number=4, page=OTHER).fresh) == 4


def test_a_page_that_comes_back_from_where_the_browser_kept_it_holds_again(cast: Company) -> None:
    hand = fill(cast, want=2, number=1)
    ahead.release(cast.reviewer.pk, page=ONE, but=[], number=1)
    assert fill(cast, *grips(hand), want=0, number=2).kept == {look.pk for look in hand.fresh}


def test_last_words_are_kept_for_an_hour(cast: Company) -> None:
    for number, page in enumerate((ONE, OTHER), start=1):
        ahead.release(cast.reviewer.pk, page=page, but=[], number=number)
        LastWord.objects.filter(page=ONE).update(at=timezone.now() - timedelta(hours=2))
    ahead.release(cast.colleague.pk, page=ONE, but=[], number=7)
    said = LastWord.objects.order_by("user", "page").values_list("user", "page", "asked")
    assert list(said) == [(cast.reviewer.pk, OTHER, 2), (cast.colleague.pk, ONE, 7)]


@pytest.mark.django_db(transaction=True)
def test_a_page_that_closes_waits_for_what_it_is_just_being_given() -> None:
    cast = casts.company()
    casts.one(cast.task)
    closing = Elsewhere(lambda: ahead.release(cast.reviewer.pk, page=ONE, but=[]))
    with transaction.atomic():
        assert names(fill(cast)) == ["m1"]
        closing.start()
        closing.until_it_waits()
    assert closing.done() == 1
    assert not Review.objects.filter(state=ReviewState.HELD).exists()


@pytest.mark.django_db(transaction=True)
def test_many_pages_at_once_never_hold_one_look_twice_nor_a_person_too_many() -> None:
    cast = casts.company()
    for n in range(40):
        casts.one(cast.task, f"m{n}")
    got: list[tuple[int, int]] = []
    start = threading.Barrier(8)

    def tab(user_id: int, page: str) -> None:
        start.wait()
        for _ in range(3):
            hand = fill(cast, page=page, user_id=user_id)
            got.extend((look.pk, user_id) for look in hand.fresh)
        connections.close_all()

    people = (cast.reviewer.pk, cast.colleague.pk, cast.admin.pk, cast.tuner.pk)
    tabs = [threading.Thread(target=tab, args=[who, letter * 32]) for who in people for letter in "ab"]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join()
    holders = dict(got)
    assert len(holders) == len(set(got)) == Review.objects.filter(state=ReviewState.HELD).count() == 32
    assert all(list(holders.values()).count(who) == 8 for who in people)


def test_a_page_that_wakes_takes_no_second_look_at_the_same_item() -> None:
    cast = casts.company(looks=2)
    casts.one(cast.task)
    held_by_another = casts.take(cast.colleague, cast.task)
    first = fill(cast)
    run_out()
    review.skip(held_by_another.pk, user_id=cast.colleague.pk, token=held_by_another.token)
    again = fill(cast, page=OTHER)  # the first one is free by now, and comes first
    assert {look.pk for look in again.fresh} == {held_by_another.pk}
    assert fill(cast, *grips(first), want=0).kept == frozenset()
