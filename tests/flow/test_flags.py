"""A flag and what becomes of it: a lead takes the item, or says what to do and gives it back."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from slider.flow import admitted, flags, handing, review
from slider.flow.review import NotYours, Said
from slider.models import (
    Admission,
    Decline,
    Handing,
    HandingKind,
    Let,
    Review,
    ReviewKind,
    ReviewState,
    Role,
    Task,
    Verdict,
)
from slider.queries import flags as told
from slider.queries import handed
from tests import casts
from tests.casts import Company
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company(undo_s=600)


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


def flagged(cast: Company, name: str = "m1", note: str = "is this one of ours?") -> Review:
    casts.one(cast.task, name)
    look = casts.take(cast.reviewer, cast.task)
    handing.flag(look.pk, user_id=cast.reviewer.pk, token=look.token, note=note)
    look.refresh_from_db()
    return look


def names(cast: Company) -> list[str]:
    return [one.title for one in told.standing(cast.task)]


def test_a_flag_says_who_when_and_why_until_it_is_answered(cast: Company, lead: User) -> None:
    assert told.standing(cast.task) == ()
    look = flagged(cast)
    (one,) = told.standing(cast.task)
    assert (one.review_id, one.title, one.who, one.note, one.holder) == (
        look.pk,
        "Message m1",
        "reviewer",
        "is this one of ours?",
        "",
    )
    assert one.at == Handing.objects.get().created_at
    held = flags.answer(look.pk, by=lead.pk, lease_s=60)
    assert [one.holder for one in told.standing(cast.task)] == ["lead"]
    review.decide(held.pk, user_id=lead.pk, token=held.token, said=Said(Verdict.ACCEPT))
    assert told.standing(cast.task) == ()


def test_the_oldest_flag_comes_first_and_other_tasks_have_their_own(cast: Company, lead: User) -> None:
    for name in ("m2", "m1"):
        flagged(cast, name)
    other = casts.task(cast.project, by=cast.admin, name="Other", slug="other")
    assert names(cast) == ["Message m2", "Message m1"]
    assert told.standing(other) == ()


def test_a_lead_takes_the_very_item_out_of_its_turn(cast: Company, lead: User) -> None:
    casts.one(cast.task, "first")
    casts.take(cast.colleague, cast.task)
    look = flagged(cast)
    held = flags.answer(look.pk, by=lead.pk, lease_s=60)
    assert (held.pk, held.state, held.holder, held.token) == (look.pk, ReviewState.HELD, lead, look.token + 1)
    assert review.take(lead.pk, task_ids=[cast.task.pk], lease_s=60) == held


def test_taking_the_flag_off_gives_it_back_with_what_to_do(cast: Company, lead: User) -> None:
    look = flagged(cast)
    flags.take_off(look.pk, by=lead.pk, note="ours: accept it")
    assert told.standing(cast.task) == ()
    again = casts.take(cast.reviewer, cast.task)  # who flagged it may take it: they know now what to do
    assert again.pk == look.pk
    assert [(one.said, one.note) for one in handed.words_on(again)] == [
        ("lead gave it back to everybody", "ours: accept it"),
        ("reviewer flagged it to a lead", "is this one of ours?"),
    ]


@pytest.mark.parametrize("note", ["", "  \n", "x" * 2001, "a\x00b"])
def test_a_flag_comes_off_with_words_only(cast: Company, lead: User, note: str) -> None:
    look = flagged(cast)
    with pytest.raises(handing.Unfit, match="what to do"):
        flags.take_off(look.pk, by=lead.pk, note=note)
    assert names(cast) == ["Message m1"]


def test_a_second_flag_after_the_first_was_answered_stands_anew(cast: Company, lead: User) -> None:
    look = flagged(cast)
    flags.take_off(look.pk, by=lead.pk, note="accept it")
    again = casts.take(cast.colleague, cast.task)
    handing.flag(again.pk, user_id=cast.colleague.pk, token=again.token, note="really?")
    assert [(one.review_id, one.who, one.note) for one in told.standing(cast.task)] == [
        (look.pk, "colleague", "really?")
    ]


def test_assigning_answers_a_flag_and_handing_it_on_to_another_lead_does_not(cast: Company, lead: User) -> None:
    look = flagged(cast)
    held = flags.answer(look.pk, by=lead.pk, lease_s=60)
    handing.hand_on(look.pk, user_id=lead.pk, token=held.token, to=cast.admin.pk, note="yours rather")
    assert names(cast) == ["Message m1"]
    handing.assign(look.pk, to=cast.colleague.pk, by=lead.pk)
    assert told.standing(cast.task) == ()


def test_what_is_answered_held_or_was_never_flagged_is_refused_with_the_reason(cast: Company, lead: User) -> None:
    look = flagged(cast)
    flags.answer(look.pk, by=lead.pk, lease_s=60)
    for act in (
        lambda: flags.answer(look.pk, by=cast.admin.pk, lease_s=60),
        lambda: flags.take_off(look.pk, by=cast.admin.pk, note="accept it"),
    ):
        with pytest.raises(flags.Gone, match="lead has it in hands"):
            act()
    handing.assign(look.pk, to=None, by=cast.admin.pk)
    with pytest.raises(flags.Gone, match="answered"):
        flags.answer(look.pk, by=lead.pk, lease_s=60)
    casts.one(cast.task, "never")
    with pytest.raises(flags.Gone, match="no flag stands"):
        flags.take_off(Review.objects.get(item__external_id="never").pk, by=lead.pk, note="accept it")


def test_two_leads_at_once_get_it_once(cast: Company, lead: User) -> None:
    look = flagged(cast)
    both = [Elsewhere(partial(flags.answer, look.pk, by=who.pk, lease_s=60)) for who in (lead, cast.admin)]
    for one in both:
        one.start()
    for one in both:
        one.join(10)
    assert sorted(type(one.error).__name__ for one in both) == ["Gone", "NoneType"]
    assert Review.objects.get(pk=look.pk).token == look.token + 1


def test_whoever_may_not_take_it_hears_so_in_the_same_words_whatever_the_look_is(cast: Company, lead: User) -> None:
    for name, kind in (("gate", ReviewKind.GATE), ("known", ReviewKind.KNOWN)):
        look = flagged(cast, name)
        Decline.objects.create(review=look, user=lead)
        if kind == ReviewKind.KNOWN:
            Review.objects.filter(pk=look.pk).update(kind=kind, place=None, bin=None, for_lead=False)
        with pytest.raises(flags.Barred, match=r"had the item before or lack what it takes: give it to somebody$"):
            flags.answer(look.pk, by=lead.pk, lease_s=60)
    assert names(cast) == ["Message gate", "Message known"]


def test_a_lead_who_has_to_practise_first_is_told(cast: Company, lead: User, monkeypatch: pytest.MonkeyPatch) -> None:
    look = flagged(cast)
    monkeypatch.setattr(admitted, "door", lambda *_: admitted.Door(open=[], resting=frozenset()))
    with pytest.raises(flags.Barred, match="practise"):
        flags.answer(look.pk, by=lead.pk, lease_s=60)


def test_a_lead_who_begins_where_nobody_can_practise_is_written_down(cast: Company, lead: User) -> None:
    look = flagged(cast)
    Task.objects.filter(pk=cast.task.pk).update(practice_looks=5)
    flags.answer(look.pk, by=lead.pk, lease_s=60)
    assert list(Admission.objects.filter(task=cast.task, person=lead).values_list("why", flat=True)) == [Let.FEW]


def test_a_verdict_that_comes_after_the_flag_was_taken_is_told(cast: Company, lead: User) -> None:
    look = flagged(cast)
    flags.answer(look.pk, by=lead.pk, lease_s=60)
    with pytest.raises(NotYours):
        handing.flag(look.pk, user_id=cast.reviewer.pk, token=look.token, note="again")
    assert Handing.objects.filter(kind=HandingKind.FLAGGED).count() == 1


def test_where_several_disagreed_a_flag_that_comes_off_leaves_it_with_the_leads(lead: User, cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(looks=2)
    cast.task.refresh_from_db()
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    casts.decide(cast.colleague, cast.task, verdict=Verdict.REJECT, reason="wrong")
    casts.time_passes(cast.task)
    held = casts.take(lead, cast.task)
    handing.flag(held.pk, user_id=lead.pk, token=held.token, note="too hard for me")
    flags.take_off(held.pk, by=cast.admin.pk, note="toss a coin")
    assert told.standing(cast.task) == ()
    assert Review.objects.get(pk=held.pk).for_lead
