"""Nothing that is answered or refused tells of which kind a look is."""

from functools import partial

import pytest
from django.contrib.auth.models import User

from slider.flow import handing, review
from slider.flow.handing import Unfit
from slider.models import Known, KnownFrom, Membership, Review, ReviewKind, ReviewState, Role, Task
from slider.queries import desk, handed
from tests import casts
from tests.casts import Company
from tests.flow.handing_steps import give, may

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = [ReviewKind.GATE, ReviewKind.KNOWN, ReviewKind.SECOND]


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


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
