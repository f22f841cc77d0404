"""Whoever holds a look hands it on with a note, or flags it to a lead."""

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError

from slider.flow import handing, review
from slider.flow.handing import Unfit
from slider.flow.review import NotYours, Said
from slider.models import (
    Decline,
    Handing,
    HandingKind,
    Known,
    KnownFrom,
    Membership,
    Review,
    ReviewKind,
    ReviewState,
    Role,
    Verdict,
)
from slider.queries import handed, story
from tests import casts
from tests.casts import Company
from tests.flow.handing_steps import give, may, taken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


def test_a_look_is_handed_to_a_person_with_a_note(cast: Company) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    give(held, to=cast.colleague, note="You know this customer.")
    assert taken(cast.reviewer, cast.task) is None
    mine = casts.take(cast.colleague, cast.task)
    (word,) = handed.words_on(mine)
    assert (word.said, word.note) == ("reviewer handed it on to colleague", "You know this customer.")
    give(mine, to=cast.reviewer, note="Not me, sorry.")
    assert casts.take(cast.reviewer, cast.task).pk == held.pk


def test_a_look_is_handed_to_anybody_else(cast: Company) -> None:
    casts.one(cast.task)
    give(casts.take(cast.reviewer, cast.task), to=None)
    assert taken(cast.reviewer, cast.task) is None
    assert taken(cast.colleague, cast.task) is not None


@pytest.mark.parametrize("note", ["", "  \n ", "x" * 2001, "a\x00b"])
def test_a_note_has_to_say_something(cast: Company, lead: User, note: str) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    with pytest.raises(Unfit, match="1 to 2000"):
        give(held, to=None, note=note)
    with pytest.raises(Unfit, match="1 to 2000"):
        handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note=note)
    held.refresh_from_db()
    assert held.state == ReviewState.HELD


def test_only_who_holds_a_look_hands_it_on(cast: Company) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    for user, token in ((cast.colleague.pk, held.token), (cast.reviewer.pk, held.token + 1)):
        with pytest.raises(NotYours):
            handing.hand_on(held.pk, user_id=user, token=token, to=None, note="please")
    give(held, to=None)
    with pytest.raises(NotYours):
        give(held, to=None)
    assert Handing.objects.count() == 1


def test_a_claim_that_was_handed_on_decides_nothing_any_more(cast: Company) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    give(held, to=None)
    with pytest.raises(NotYours):
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=Said(Verdict.ACCEPT))


def test_a_flag_puts_the_look_before_a_lead(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note="May we refund this?")
    assert taken(cast.reviewer, cast.task) is None
    assert taken(cast.colleague, cast.task) is None
    mine = casts.take(lead, cast.task)
    assert [(one.is_flag, one.note) for one in handed.words_on(mine)] == [(True, "May we refund this?")]


def test_a_lead_answers_a_flag_by_giving_it_back(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note="May we?")
    handing.assign(held.pk, to=cast.reviewer.pk, by=lead.pk, note="Yes.")
    assert [one.note for one in handed.words_on(casts.take(cast.reviewer, cast.task))] == ["Yes.", "May we?"]


def test_nothing_is_flagged_where_nobody_else_leads(cast: Company) -> None:
    Membership.objects.filter(user=cast.admin).update(role=Role.TUNER)
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    with pytest.raises(Unfit, match="nobody else leads"):
        handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note="May we?")


def test_a_lead_who_flags_does_not_get_it_again(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    held = casts.take(lead, cast.task)
    handing.flag(held.pk, user_id=lead.pk, token=held.token, note="I know them.")
    assert taken(lead, cast.task) is None
    assert taken(cast.admin, cast.task) is not None


def test_a_known_answer_is_handed_on_and_flagged_like_any_other(cast: Company, lead: User) -> None:
    """A refusal would tell: whoever has seen the item before is not who gets it, and nothing says so."""
    item = casts.one(cast.task)
    casts.decide(cast.colleague, cast.task)
    Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
    look = Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    held = casts.take(cast.reviewer, cast.task)
    assert held.pk == look.pk
    give(held, to=cast.colleague)
    look.refresh_from_db()
    assert (look.state, look.assignee_id) == (ReviewState.OPEN, None)
    assert taken(cast.colleague, cast.task) is None
    mine = casts.take(lead, cast.task)
    handing.flag(mine.pk, user_id=lead.pk, token=mine.token, note="May we?")
    assert may(cast.admin, look)


def test_a_known_answer_that_no_lead_could_take_is_not_stuck(cast: Company) -> None:
    item = casts.one(cast.task)
    casts.decide(cast.admin, cast.task)
    Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
    look = Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    held = casts.take(cast.reviewer, cast.task)
    handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note="May we?")
    look.refresh_from_db()
    assert not look.for_lead
    assert may(cast.colleague, look)


def test_hand_overs_are_never_edited(cast: Company) -> None:
    casts.one(cast.task)
    give(casts.take(cast.reviewer, cast.task), to=None)
    with pytest.raises(DatabaseError):
        Handing.objects.update(note="something else")
    with pytest.raises(DatabaseError):
        Handing.objects.all().delete()


def test_the_story_tells_who_passed_it_on(cast: Company, lead: User) -> None:
    item = casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    held = casts.take(cast.colleague, cast.task)
    handing.flag(held.pk, user_id=cast.colleague.pk, token=held.token, note="May we?")
    item = type(item).objects.select_related("task", "payload").get(pk=item.pk)
    told = {chapter.title: chapter.text for chapter in story.tell(item, blind=False).chapters}
    assert "Skipped by reviewer" in told
    assert told["colleague flagged it to a lead"] == "May we?"
    assert not any("flagged" in chapter.title for chapter in story.tell(item, blind=True).chapters)
    assert Decline.objects.count() == 1
    assert HandingKind.FLAGGED in {one.kind for one in Handing.objects.all()}


@pytest.mark.parametrize("to_lead", [False, True])
@pytest.mark.parametrize("taken_since", [False, True])
def test_what_is_given_twice_is_given_once_and_both_are_answered_alike(
    cast: Company, lead: User, to_lead: bool, taken_since: bool
) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    given = handing.Give("please see", to=None if to_lead else lead.pk, to_lead=to_lead)
    handing.give(held.pk, given, user_id=cast.reviewer.pk, token=held.token)
    if taken_since:
        casts.take(lead, cast.task)
    handing.give(held.pk, given, user_id=cast.reviewer.pk, token=held.token)  # its answer was lost on the way
    assert Handing.objects.count() == 1
    other = handing.Give("something else", to=given.to, to_lead=to_lead)
    with pytest.raises(NotYours):
        handing.give(held.pk, other, user_id=cast.reviewer.pk, token=held.token)


def test_what_somebody_passed_on_is_said_to_be_anybodys_again(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    handing.assign(look.pk, to=cast.colleague.pk, by=lead.pk)
    held = casts.take(cast.colleague, cast.task)
    review.skip(held.pk, user_id=cast.colleague.pk, token=held.token)
    (owed,) = handed.owed(look.item_id)
    assert (owed.holder, owed.assignee) == ("", "")
