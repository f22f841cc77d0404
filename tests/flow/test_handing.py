"""A look is given to somebody, by a lead or by whoever holds it; and one rule says who may take what."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.utils import timezone

from slider.flow import ahead, claims, handing, review
from slider.flow.handing import Unfit
from slider.flow.review import KeptAside, NotYours, Said
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
    SecondOpinion,
    Task,
    Verdict,
)
from slider.models.project import RIGHTS
from slider.queries import desk, frame, handed, offered, story
from tests import casts
from tests.casts import Company
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


def may(who: User, look: Review) -> bool:
    return Review.objects.filter(offered.to(who.pk), pk=look.pk).exists()


def taken(who: User, of: Task) -> Review | None:
    return review.take(who.pk, task_ids=[of.pk], lease_s=60)


def give(look: Review, *, to: User | None, note: str = "please see") -> None:
    assert look.holder_id is not None
    handing.hand_on(look.pk, user_id=look.holder_id, token=look.token, to=to.pk if to else None, note=note)


# -- the one rule -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_the_rule_in_the_database_knows_who_leads(cast: Company, role: Role) -> None:
    casts.one(cast.task)
    who = casts.person("somebody", role=role, of=cast.project)
    look = Review.objects.get()
    Review.objects.update(for_lead=True)
    assert may(who, look) == ("lead" in RIGHTS[role])


def test_a_look_that_takes_skills_goes_to_who_has_all_of_them(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german", "legal"])
    cast.task.refresh_from_db()
    casts.one(cast.task)
    look = Review.objects.get()
    assert look.skills == ["german", "legal"]
    for known, expected in ([], False), (["german"], False), (["german", "legal", "other"], True):
        Membership.objects.filter(user=cast.reviewer).update(skills=known)
        assert may(cast.reviewer, look) is expected
        assert desk.elsewhere(cast.reviewer.pk, [cast.task], hidden=[]).open == int(expected)
        assert frame.desk(cast.reviewer).count == int(expected)
    assert taken(cast.colleague, cast.task) is None
    assert taken(cast.reviewer, cast.task) is not None


def test_skills_are_those_of_the_same_project(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
    cast.task.refresh_from_db()
    casts.one(cast.task)
    elsewhere = casts.project("Another")
    Membership.objects.create(project=elsewhere, user=cast.reviewer, role=Role.REVIEWER, skills=["german"])
    assert not may(cast.reviewer, Review.objects.get())


def test_the_value_of_a_field_names_a_skill(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skill_field="channel")
    cast.task.refresh_from_db()
    casts.one(cast.task, "m1", channel="chat")
    casts.one(cast.task, "m2")
    looks = Review.objects.order_by("pk").values_list("skills", flat=True)
    assert list(looks) == [["chat"], None]


def test_an_audit_takes_the_same_skills_as_a_gate(cast: Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
    cast.task.refresh_from_db()
    casts.audited(cast.task)
    assert Review.objects.get(kind=ReviewKind.AUDIT).skills == ["german"]


def test_a_skip_lasts_over_all_looks_at_the_item() -> None:
    cast = casts.company(looks=2)
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    for look in Review.objects.filter(kind=ReviewKind.PEER):
        assert not may(cast.reviewer, look)
    casts.decide(cast.colleague, cast.task)
    assert taken(cast.reviewer, cast.task) is None
    assert desk.elsewhere(cast.reviewer.pk, [cast.task], hidden=[]).skipped == 1


def test_the_rule_is_written_into_the_statement_that_asks(cast: Company) -> None:
    """A look that asks for nothing costs no call: the function itself is gone from the plan."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (VERBOSE) SELECT FROM slider_review r WHERE slider_may_look(r, 1)")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "CASE WHEN" in plan
    assert "slider_may_look(r.*" not in plan


def test_the_claim_and_the_count_agree_on_every_look() -> None:
    """Whatever a look asks for: what is offered to a person is what they can take, one after the other."""
    cast = casts.company(looks=2)
    lead = casts.person("lead", role=Role.LEAD, of=cast.project)
    for n in range(6):
        casts.one(cast.task, f"m{n}")
    peers = list(Review.objects.filter(kind=ReviewKind.PEER).order_by("item_id", "slot"))
    handing.assign(peers[0].pk, to=cast.colleague.pk, by=lead.pk)
    handing.assign(peers[3].pk, to=cast.reviewer.pk, by=lead.pk)
    Review.objects.filter(pk=peers[4].pk).update(for_lead=True)
    Review.objects.filter(item_id=peers[6].item_id).update(skills=["german"])
    for who in (cast.reviewer, cast.colleague, lead, cast.admin):
        while True:
            found = set(Review.objects.filter(offered.to(who.pk), state=ReviewState.OPEN).values_list("pk", flat=True))
            held = taken(who, cast.task)
            if held is None:
                assert found == set()
                break
            assert held.pk in found
            review.decide(held.pk, user_id=who.pk, token=held.token, said=Said(Verdict.ACCEPT))


# -- assigning --------------------------------------------------------------------------------------------------------


def test_what_is_assigned_is_one_persons_alone_until_it_is_given_back(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    handing.assign(look.pk, to=cast.colleague.pk, by=lead.pk, note="you know them")
    assert taken(cast.reviewer, cast.task) is None
    assert may(cast.colleague, look)
    handing.assign(look.pk, to=cast.reviewer.pk, by=lead.pk)
    assert not may(cast.colleague, look)
    handing.assign(look.pk, to=None, by=lead.pk)
    assert may(cast.colleague, look)
    assert may(cast.reviewer, look)
    assert [one.kind for one in Handing.objects.order_by("pk")] == ["assigned", "assigned", "freed"]


def test_assigning_what_somebody_holds_takes_it_from_them(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    handing.assign(held.pk, to=cast.colleague.pk, by=lead.pk)
    with pytest.raises(KeptAside):
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=Said(Verdict.ACCEPT))
    assert SecondOpinion.objects.count() == 1
    assert casts.take(cast.colleague, cast.task).pk == held.pk


def test_assigning_what_somebody_held_last_takes_it_from_them_too(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    Review.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.free_reviews()
    handing.assign(held.pk, to=cast.colleague.pk, by=lead.pk)
    ids, leases = [cast.task.pk], ahead.Leases(page_s=50, typed_s=600)
    grips = [ahead.Grip(held.pk, held.token, long=True)]
    assert ahead.hold(cast.reviewer.pk, page="a" * 32, grips=grips, leases=leases, may=ids) == frozenset()
    with pytest.raises(KeptAside):
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=Said(Verdict.ACCEPT))
    assert casts.take(cast.colleague, cast.task).pk == held.pk


def test_nobody_is_given_two_looks_at_one_item(cast: Company, lead: User) -> None:
    several = casts.task(cast.project, by=cast.admin, name="Twice", slug="twice", looks=2)
    casts.one(several)
    one, other = Review.objects.filter(kind=ReviewKind.PEER).order_by("slot")
    for first, second in ((one, other), (other, one)):
        handing.assign(first.pk, to=cast.colleague.pk, by=lead.pk)
        with pytest.raises(Unfit, match="nobody gets two"):
            handing.assign(second.pk, to=cast.colleague.pk, by=lead.pk)
        ids, leases = [several.pk], ahead.Leases(page_s=50, typed_s=600)
        hand = ahead.fill(cast.colleague.pk, page="a" * 32, grips=(), want=4, tasks=ids, may=ids, leases=leases)
        assert [look.pk for look in hand.fresh] == [first.pk]
        handing.assign(first.pk, to=None, by=lead.pk)


@pytest.mark.parametrize("why", ["skill", "skip", "role", "stranger", "has it"])
def test_nothing_is_assigned_to_who_cant_take_it(cast: Company, lead: User, why: str) -> None:
    if why == "skill":
        Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
        cast.task.refresh_from_db()
    casts.one(cast.task)
    look, to = Review.objects.get(), cast.colleague
    if why == "skip":
        held = casts.take(to, cast.task)
        review.skip(held.pk, user_id=to.pk, token=held.token)
    elif why == "has it":
        casts.take(to, cast.task)
    elif why != "skill":
        to = cast.viewer if why == "role" else cast.outsider
    with pytest.raises(Unfit) as refused:
        handing.assign(look.pk, to=to.pk, by=lead.pk)
    words = {"skill": "lacks what it takes: german", "skip": "passed this item on", "has it": "in hands already"}
    assert words.get(why, "does not review in this project") in str(refused.value)
    look.refresh_from_db()
    assert look.assignee_id is None
    assert not Handing.objects.exists()


def test_what_is_decided_is_assigned_to_nobody(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    done = casts.decide(cast.reviewer, cast.task)
    with pytest.raises(NotYours):
        handing.assign(done.pk, to=cast.colleague.pk, by=lead.pk)


def test_what_waits_for_several_looks_cant_be_assigned_itself(lead: User, cast: Company) -> None:
    several = casts.task(cast.project, by=cast.admin, name="Twice", slug="twice", looks=2)
    casts.one(several)
    with pytest.raises(NotYours):
        handing.assign(Review.objects.get(task=several, kind=ReviewKind.GATE).pk, to=lead.pk, by=lead.pk)


def test_what_belonged_to_somebody_who_left_is_everybodys(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    handing.assign(look.pk, to=cast.colleague.pk, by=lead.pk)
    assert handing.free_from_leavers() == 0
    Membership.objects.filter(user=cast.colleague).update(role=Role.VIEWER)
    assert handing.free_from_leavers() == 1
    assert may(cast.reviewer, look)


def test_two_leads_at_once_assign_one_after_the_other(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    people = (cast.colleague.pk, cast.reviewer.pk)
    others = [Elsewhere(partial(handing.assign, look.pk, to=to, by=lead.pk)) for to in people]
    for one in others:
        one.start()
    for one in others:
        one.done()
    look.refresh_from_db()
    assert look.assignee_id == Handing.objects.latest("pk").to_id


def test_a_claim_and_an_assignment_at_once_never_leave_it_with_the_wrong_one(cast: Company, lead: User) -> None:
    for n in range(5):
        item = casts.one(cast.task, f"m{n}")
        look = Review.objects.get(item=item)
        claim = Elsewhere(lambda: taken(cast.reviewer, cast.task))
        give_away = Elsewhere(partial(handing.assign, look.pk, to=cast.colleague.pk, by=lead.pk))
        claim.start()
        give_away.start()
        claim.done()
        give_away.done()
        look.refresh_from_db()
        assert (look.state, look.assignee_id) == (ReviewState.OPEN, cast.colleague.pk)
        casts.decide(cast.colleague, cast.task)


# -- handing on and flagging ------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("kind", [ReviewKind.GATE, ReviewKind.KNOWN])
@pytest.mark.parametrize("how", ["to a colleague", "to one who has had it", "flagged", "skipped"])
def test_counts_move_alike_whatever_kind_of_look_is_passed_on(
    cast: Company, lead: User, kind: ReviewKind, how: str
) -> None:
    item = casts.one(cast.task)
    if kind == ReviewKind.KNOWN:
        casts.decide(lead if how == "to one who has had it" else cast.admin, cast.task)
        Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
        Review.objects.create(item=item, task=cast.task, kind=kind)
    held = casts.take(cast.reviewer, cast.task)
    mine = {"user_id": cast.reviewer.pk, "token": held.token}
    if how == "skipped":
        review.skip(held.pk, **mine)
    elif how == "flagged":
        handing.flag(held.pk, **mine, note="see")
    else:
        handing.hand_on(
            held.pk, **mine, to=lead.pk if how == "to one who has had it" else cast.colleague.pk, note="see"
        )
    found = desk.elsewhere(cast.reviewer.pk, [cast.task], hidden=[])
    assert (found.open, found.skipped, found.for_others) == ((0, 1, 0) if how == "skipped" else (0, 0, 1))


def test_who_lacks_a_skill_is_refused_for_a_known_answer_in_the_same_words(cast: Company) -> None:
    Membership.objects.filter(user__in=[cast.reviewer, cast.admin]).update(skills=["german"])
    Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
    cast.task.refresh_from_db()
    item, words = casts.one(cast.task), []
    held = casts.take(cast.reviewer, cast.task)
    with pytest.raises(Unfit) as refused:
        give(held, to=cast.colleague)
    words.append(str(refused.value))
    handing.hand_on(held.pk, user_id=cast.reviewer.pk, token=held.token, to=cast.admin.pk, note="see")
    casts.decide(cast.admin, cast.task)
    Known.objects.create(item=item, task=cast.task, draft_right=True, source=KnownFrom.AGREED)
    another = casts.person("another", role=Role.REVIEWER, of=cast.project)
    Membership.objects.filter(user=another).update(skills=["german"])
    Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN, skills=["german"])
    held = casts.take(another, cast.task)
    with pytest.raises(Unfit) as refused:
        give(held, to=cast.colleague)
    assert [*words, str(refused.value)] == ["colleague lacks what it takes: german"] * 2


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


# -- nothing that is refused tells a kind -----------------------------------------------------------------------------


def old_item(cast: Company, kind: ReviewKind, *, by: User, of: Task | None = None) -> Review:
    """A look of this kind that can be taken; where it is at an old item, at one that `by` has decided."""
    task = of or cast.task
    item = casts.one(task, f"of {kind}")
    if kind == ReviewKind.GATE:
        return Review.objects.get(item=item)
    Task.objects.filter(pk=task.pk).update(undo_s=0)  # it can't be taken back, so a second look may follow
    casts.decide(by, task)
    Known.objects.create(item=item, task=task, draft_right=True, source=KnownFrom.AGREED)
    return Review.objects.create(item=item, task=task, kind=kind, skills=task.skills or None)


KINDS = [ReviewKind.GATE, ReviewKind.KNOWN, ReviewKind.SECOND]


def test_what_somebody_passed_on_is_said_to_be_anybodys_again(cast: Company, lead: User) -> None:
    casts.one(cast.task)
    look = Review.objects.get()
    handing.assign(look.pk, to=cast.colleague.pk, by=lead.pk)
    held = casts.take(cast.colleague, cast.task)
    review.skip(held.pk, user_id=cast.colleague.pk, token=held.token)
    (owed,) = handed.owed(look.item_id)
    assert (owed.holder, owed.assignee) == ("", "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_lead_who_assigns_is_told_the_same_whatever_kind_of_look_it_is(
    cast: Company, lead: User, kind: ReviewKind
) -> None:
    look = old_item(cast, kind, by=cast.colleague)
    casts.take(cast.reviewer, cast.task)
    handing.assign(look.pk, to=cast.colleague.pk, by=lead.pk, note="you know them")
    (owed,) = handed.owed(look.item_id)
    assert (owed.holder, owed.assignee) == ("", "colleague")
    look.refresh_from_db()
    if kind == ReviewKind.GATE:
        assert look.assignee_id == cast.colleague.pk
    else:
        assert look.assignee_id is None
        assert not may(cast.colleague, look)
        mine = casts.take(cast.reviewer, cast.task)
        assert [one.said for one in handed.words_on(mine)] == ["lead assigned it"]


@pytest.mark.parametrize("kind", KINDS)
def test_who_gets_it_instead_reads_nothing_of_whom_it_was_meant_for(
    cast: Company, lead: User, kind: ReviewKind
) -> None:
    look = old_item(cast, kind, by=cast.colleague)
    held = casts.take(cast.reviewer, cast.task)
    give(held, to=None if kind == ReviewKind.GATE else cast.colleague)
    mine = casts.take(lead, cast.task)
    assert mine.pk == look.pk
    assert [one.said for one in handed.words_on(mine)] == ["reviewer handed it on"]


@pytest.mark.parametrize("how", ["assigned", "handed on"])
@pytest.mark.parametrize("kind", [ReviewKind.PEER, ReviewKind.KNOWN])
def test_where_several_look_the_same_refusal_meets_who_has_had_the_item(
    cast: Company, lead: User, kind: ReviewKind, how: str
) -> None:
    several = casts.task(cast.project, by=cast.admin, name="Twice", slug="twice", looks=2)
    item = casts.one(several)
    casts.decide(cast.colleague, several)
    if kind == ReviewKind.KNOWN:
        casts.decide(cast.admin, several)
        Known.objects.create(item=item, task=several, draft_right=True, source=KnownFrom.AGREED)
        Review.objects.create(item=item, task=several, kind=kind)
    held = casts.take(cast.reviewer, several)
    assert held.kind == kind
    assigned = partial(handing.assign, held.pk, to=cast.colleague.pk, by=lead.pk)
    act = assigned if how == "assigned" else partial(give, held, to=cast.colleague)
    with pytest.raises(Unfit) as refused:
        act()
    assert str(refused.value) == "colleague has had this item before and can't take this look"


@pytest.mark.parametrize("kind", KINDS)
def test_a_flag_that_nobody_who_leads_could_answer_is_refused_whatever_kind_of_look_it_is(
    cast: Company, kind: ReviewKind
) -> None:
    Task.objects.filter(pk=cast.task.pk).update(skills=["german"])
    Membership.objects.filter(user__in=[cast.reviewer, cast.colleague]).update(skills=["german"])
    cast.task.refresh_from_db()
    look = old_item(cast, kind, by=cast.colleague)
    held = casts.take(cast.reviewer, cast.task)
    assert held.pk == look.pk
    with pytest.raises(Unfit, match="nobody who leads can take it"):
        handing.flag(held.pk, user_id=cast.reviewer.pk, token=held.token, note="May we?")
    held.refresh_from_db()
    assert held.state == ReviewState.HELD
