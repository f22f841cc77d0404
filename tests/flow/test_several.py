"""Several looks at one item: each without the others, never more than asked, and one verdict that everybody hears."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, transaction

from slider.flow import intake, moves, review, seconds, undo
from slider.flow.review import NotYours, Said
from slider.flow.watching import verdicts
from slider.models import (
    Item,
    Publication,
    Review,
    ReviewKind,
    ReviewState,
    Role,
    State,
    Task,
    Undone,
    Unheard,
    Verdict,
)
from slider.queries import offered, pace, quality_looks, reviewers, story
from tests import casts
from tests.casts import Company
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db(transaction=True)

OTHER = {"topic": "other", "urgent": False}


@pytest.fixture
def cast() -> Company:
    return casts.company(looks=2, undo_s=600)


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


def gate(item: Item) -> Review:
    return Review.objects.get(item=item, kind=ReviewKind.GATE)


def may_take(who: User, of: Task) -> bool:
    return Review.objects.filter(offered.to(who.pk), state=ReviewState.OPEN, task=of).exists()


def decide_both(cast: Company, second: Verdict = Verdict.ACCEPT, **said: object) -> None:
    casts.decide(cast.reviewer, cast.task)
    casts.decide(cast.colleague, cast.task, verdict=second, **said)


def test_an_item_has_so_many_looks_and_one_gate_behind_them(cast: Company) -> None:
    item = casts.one(cast.task)
    rows = Review.objects.filter(item=item).order_by("pk").values_list("kind", "slot", "state", "looks")
    assert list(rows) == [("gate", 1, "waiting", 2), ("peer", 1, "open", 2), ("peer", 2, "open", 2)]


def test_nobody_gets_two_looks_at_one_item(cast: Company) -> None:
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    assert not may_take(cast.reviewer, cast.task)
    assert review.take(cast.reviewer.pk, task_ids=[cast.task.pk], lease_s=60) is None
    assert may_take(cast.colleague, cast.task)


def test_only_the_first_free_look_of_an_item_is_offered(cast: Company) -> None:
    """Or a statement that takes several at once would take two of one item."""
    casts.one(cast.task)
    found = Review.objects.filter(offered.to(cast.reviewer.pk), state=ReviewState.OPEN)
    assert [look.slot for look in found] == [1]
    held = casts.take(cast.reviewer, cast.task)
    assert held.slot == 1
    assert casts.take(cast.colleague, cast.task).slot == 2


def test_the_database_holds_one_look_a_person(cast: Company) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    other = Review.objects.get(kind=ReviewKind.PEER, slot=2)
    with pytest.raises(IntegrityError, match="one_look_a_person"):
        Review.objects.filter(pk=other.pk).update(
            state=ReviewState.HELD, holder=cast.reviewer, lease_until=held.lease_until
        )


def test_a_late_verdict_of_somebody_who_has_looked_elsewhere_is_refused(cast: Company) -> None:
    casts.one(cast.task)
    first = casts.take(cast.reviewer, cast.task)
    Review.objects.filter(pk=first.pk).update(
        state=ReviewState.OPEN, holder=None, lease_until=None, last_holder=cast.reviewer
    )
    other = Review.objects.get(kind=ReviewKind.PEER, slot=2)
    Review.objects.filter(pk=other.pk).update(
        state=ReviewState.HELD, holder=cast.reviewer, lease_until=first.lease_until
    )
    with pytest.raises(NotYours, match="once already"):
        review.decide(first.pk, user_id=cast.reviewer.pk, token=first.token, said=Said(Verdict.ACCEPT))


@pytest.mark.parametrize("slot", [3, 6])
def test_the_database_refuses_more_looks_than_asked(cast: Company, slot: int) -> None:
    item = casts.one(cast.task)
    with pytest.raises(IntegrityError, match="never_more_than_asked"):
        Review.objects.create(item=item, task=cast.task, kind=ReviewKind.PEER, slot=slot, looks=2)


def test_the_database_refuses_a_look_that_says_it_is_one_of_more(cast: Company) -> None:
    item = casts.one(cast.task)
    with pytest.raises(DatabaseError, match="no gate that asks for 5 looks"):
        Review.objects.create(item=item, task=cast.task, kind=ReviewKind.PEER, slot=3, looks=5)
    with pytest.raises(DatabaseError, match="that stays"):
        Review.objects.filter(item=item, kind=ReviewKind.GATE).update(looks=5)


def test_the_database_refuses_a_verdict_before_all_looks_are_in(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    with pytest.raises(DatabaseError, match="not all of its 2 looks are in"):
        Review.objects.filter(pk=gate(item).pk).update(
            state=ReviewState.DECIDED, verdict=Verdict.ACCEPT, decided_at="2026-11-28T00:00Z"
        )


def test_the_item_is_final_with_the_last_look_and_one_verdict_is_heard(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    item.refresh_from_db()
    assert item.state == State.REVIEW
    assert not Unheard.objects.exists()
    casts.decide(cast.colleague, cast.task)
    item.refresh_from_db()
    assert item.state == State.DONE
    assert [one.review_id for one in Unheard.objects.all()] == [gate(item).pk]
    assert Publication.objects.get().review_id == gate(item).pk
    assert gate(item).holder is None


def test_it_is_heard_when_no_look_can_be_taken_back_any_more(cast: Company) -> None:
    casts.one(cast.task)
    decide_both(cast)
    epoch = cast.task.policies.latest("pk").epoch
    assert verdicts.outstanding(cast.task.pk, since=0) == 0
    assert verdicts.heard(cast.task.pk, epoch=epoch).ids == []
    casts.time_passes(cast.task)
    assert len(verdicts.heard(cast.task.pk, epoch=epoch).ids) == 1


def test_an_item_that_waits_for_its_looks_is_still_owed(cast: Company) -> None:
    casts.one(cast.task)
    assert verdicts.outstanding(cast.task.pk, since=0) == 1
    casts.decide(cast.reviewer, cast.task)
    assert verdicts.outstanding(cast.task.pk, since=0) == 1


def test_the_same_is_the_same_answer_however_it_is_written(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer={"topic": "other", "urgent": True, "amount": 3})
    casts.decide(
        cast.colleague, cast.task, verdict=Verdict.FIX, answer={"amount": 3.0, "urgent": True, "topic": "other"}
    )
    assert gate(item).verdict == Verdict.FIX


def test_rejections_agree_whatever_their_reasons(cast: Company) -> None:
    item = casts.one(cast.task)
    first, second = list(cast.task.reason_words)[:2]
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason=first)
    casts.decide(cast.colleague, cast.task, verdict=Verdict.REJECT, reason=second)
    assert (gate(item).verdict, gate(item).reason) == (Verdict.REJECT, first)


def test_where_they_disagree_a_lead_settles_it(cast: Company, lead: User) -> None:
    item = casts.one(cast.task)
    decide_both(cast, Verdict.FIX, answer=OTHER)
    item.refresh_from_db()
    assert (item.state, gate(item).state, gate(item).for_lead) == (State.REVIEW, ReviewState.OPEN, True)
    assert not may_take(lead, cast.task), "a look can still be taken back"
    casts.time_passes(cast.task)
    assert not may_take(casts.person("third", role=Role.REVIEWER, of=cast.project), cast.task)
    settled = casts.decide(lead, cast.task, verdict=Verdict.FIX, answer=OTHER)
    item.refresh_from_db()
    assert (item.state, settled.pk, gate(item).holder) == (State.DONE, gate(item).pk, lead)
    assert [one.review_id for one in Unheard.objects.all()] == [settled.pk]


def test_whoever_was_among_them_settles_only_where_nobody_else_leads(cast: Company) -> None:
    casts.one(cast.task)
    casts.decide(cast.admin, cast.task)
    casts.decide(cast.colleague, cast.task, verdict=Verdict.FIX, answer=OTHER)
    casts.time_passes(cast.task)
    assert may_take(cast.admin, cast.task)
    casts.person("lead", role=Role.LEAD, of=cast.project)
    assert not may_take(cast.admin, cast.task)


def test_more_than_half_of_three_decide() -> None:
    cast = casts.company(looks=3)
    item = casts.one(cast.task)
    decide_both(cast, Verdict.FIX, answer=OTHER)
    assert gate(item).state == ReviewState.WAITING
    casts.decide(cast.admin, cast.task, verdict=Verdict.FIX, answer=OTHER)
    assert (gate(item).verdict, gate(item).answer) == (Verdict.FIX, OTHER)


def test_three_who_say_three_things_decide_nothing() -> None:
    cast = casts.company(looks=3)
    item = casts.one(cast.task)
    decide_both(cast, Verdict.FIX, answer=OTHER)
    casts.decide(cast.admin, cast.task, verdict=Verdict.REJECT, reason=next(iter(cast.task.reason_words)))
    assert (gate(item).state, gate(item).for_lead) == (ReviewState.OPEN, True)


@pytest.mark.parametrize("agree", [True, False])
def test_one_of_them_takes_their_word_back(cast: Company, agree: bool) -> None:
    item = casts.one(cast.task)
    first = casts.decide(cast.reviewer, cast.task)
    casts.decide(cast.colleague, cast.task, verdict=Verdict.ACCEPT if agree else Verdict.FIX, answer=OTHER)
    undo.undo(first.pk, user_id=cast.reviewer.pk, token=first.token, lease_s=60)
    item.refresh_from_db()
    assert (item.state, gate(item).state, gate(item).for_lead) == (State.REVIEW, ReviewState.WAITING, False)
    assert not Publication.objects.exists()
    assert not Unheard.objects.exists()
    assert Undone.objects.count() == 1
    again = casts.decide(cast.reviewer, cast.task, verdict=Verdict.ACCEPT if agree else Verdict.FIX, answer=OTHER)
    item.refresh_from_db()
    assert (item.state, again.pk) == (State.DONE, first.pk)


def test_a_lead_takes_their_word_back_and_the_looks_stay(cast: Company, lead: User) -> None:
    item = casts.one(cast.task)
    decide_both(cast, Verdict.FIX, answer=OTHER)
    casts.time_passes(cast.task)
    settled = casts.decide(lead, cast.task)
    undo.undo(settled.pk, user_id=lead.pk, token=settled.token, lease_s=60)
    item.refresh_from_db()
    assert (item.state, gate(item).state) == (State.REVIEW, ReviewState.HELD)
    assert Review.objects.filter(kind=ReviewKind.PEER, state=ReviewState.DECIDED).count() == 2


def test_a_withdrawal_voids_all_that_is_open(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    held = casts.take(cast.colleague, cast.task)
    intake.withdraw(item.pk, by=cast.admin.pk, reason="not needed")
    assert sorted(Review.objects.values_list("kind", "state")) == [
        ("gate", "void"),
        ("peer", "decided"),
        ("peer", "void"),
    ]
    with pytest.raises((NotYours, moves.Lost)):
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=Said(Verdict.ACCEPT))


def test_looks_are_counted_as_work_and_the_item_once(cast: Company) -> None:
    casts.one(cast.task)
    decide_both(cast)
    policy = cast.task.policies.latest("pk")
    assert pace.pace(policy).gates == 1
    assert quality_looks.pace(cast.task.pk).looks_done == 2
    assert quality_looks.pace(cast.task.pk).looks_due == 2
    assert [(one.name, one.looks) for one in reviewers.persons(cast.task)] == [("colleague", 1), ("reviewer", 1)]


def test_right_for_the_wrong_reason_is_so_if_one_says_it(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task, lucky=True)
    casts.decide(cast.colleague, cast.task)
    assert gate(item).lucky


def test_no_second_look_is_drawn_where_several_have_looked(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(second_rate=1.0)
    item = casts.one(cast.task)
    decide_both(cast)
    seconds.draw(gate(item))
    assert not Review.objects.filter(kind=ReviewKind.SECOND).exists()


def test_the_story_tells_each_look_and_what_they_came_to(cast: Company) -> None:
    item = casts.one(cast.task)
    decide_both(cast)
    item = Item.objects.select_related("task", "payload").get(pk=item.pk)
    told = story.tell(item, blind=True)
    titles = [(chapter.title, chapter.text) for chapter in told.chapters]
    assert ("Accepted by reviewer", "as one of several looks") in titles
    assert ("Accepted by several people", "as what most of 2 looks say") in titles
    assert told.by_person == "several people"


def test_the_story_says_nothing_of_other_looks_while_one_is_owed(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    item = Item.objects.select_related("task", "payload").get(pk=item.pk)
    told = story.tell(item, blind=True)
    assert told.is_cut
    assert not any("reviewer" in chapter.title for chapter in told.chapters)


# -- two at once ------------------------------------------------------------------------------------------------------


def all_at_once(acts: list[Callable[[], object]]) -> list[object]:
    threads = [Elsewhere(act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    return [thread.error if thread.error is not None else thread.result for thread in threads]


def test_twice_as_many_people_as_looks_at_once_make_no_look_too_many() -> None:
    cast = casts.company(looks=3)
    items = [casts.one(cast.task, f"m{n}") for n in range(3)]
    people = [casts.person(f"p{n}", role=Role.REVIEWER, of=cast.project) for n in range(6)]

    def work(who: User) -> Callable[[], object]:
        def act() -> int:
            done = 0
            for _ in range(20):
                held = review.take(who.pk, task_ids=[cast.task.pk], lease_s=60)
                if held is not None:
                    review.decide(held.pk, user_id=who.pk, token=held.token, said=Said(Verdict.ACCEPT))
                    done += 1
            return done

        return act

    found = all_at_once([work(who) for who in people])
    assert all(isinstance(one, int) for one in found), found
    assert sum(one for one in found if isinstance(one, int)) == 9
    for item in items:
        peers = Review.objects.filter(item=item, kind=ReviewKind.PEER)
        assert len({one.holder_id for one in peers}) == 3
        assert gate(item).state == ReviewState.DECIDED
    assert Unheard.objects.count() == Publication.objects.count() == 3


def test_the_last_two_looks_at_once_make_one_verdict(cast: Company) -> None:
    item = casts.one(cast.task)
    held = [(who, casts.take(who, cast.task)) for who in (cast.reviewer, cast.colleague)]

    def decide(who: User, look: Review) -> Callable[[], object]:
        return lambda: review.decide(look.pk, user_id=who.pk, token=look.token, said=Said(Verdict.ACCEPT))

    found = all_at_once([decide(who, look) for who, look in held for _ in range(2)])
    assert not [one for one in found if isinstance(one, Exception)]
    assert gate(item).verdict == Verdict.ACCEPT
    assert Publication.objects.count() == Unheard.objects.count() == 1


def test_a_verdict_and_a_withdrawal_at_once_wait_for_each_other(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    held = casts.take(cast.colleague, cast.task)
    with transaction.atomic():
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=Said(Verdict.ACCEPT))
        other = Elsewhere(lambda: intake.withdraw(item.pk, by=None, reason="not needed"))
        other.start()
        other.until_it_waits()
    with pytest.raises(moves.Lost):
        other.done()
    item.refresh_from_db()
    assert item.state == State.DONE


def test_a_word_taken_back_and_the_last_look_at_once(cast: Company) -> None:
    """Whichever comes first: a verdict stands only if both looks do."""
    item = casts.one(cast.task)
    first = casts.decide(cast.reviewer, cast.task)
    held = casts.take(cast.colleague, cast.task)
    found = all_at_once(
        [
            lambda: undo.undo(first.pk, user_id=cast.reviewer.pk, token=first.token, lease_s=60),
            lambda: review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=Said(Verdict.ACCEPT)),
        ]
    )
    assert not [one for one in found if isinstance(one, Exception)], found
    item.refresh_from_db()
    assert (item.state, gate(item).state) == (State.REVIEW, ReviewState.WAITING)
    assert not Publication.objects.exists()
