"""A lead gives a look to a person, whoever holds it; and only to one who can take it."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from slider.flow import ahead, claims, handing, review
from slider.flow.handing import Unfit
from slider.flow.review import KeptAside, NotYours, Said
from slider.models import Handing, Membership, Review, ReviewKind, ReviewState, Role, SecondOpinion, Task, Verdict
from tests import casts
from tests.casts import Company
from tests.flow.handing_steps import may, taken
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


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
