"""Like items decided in one go: stored singly, undone singly, and never an audit, a known answer or a second look."""

from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from slider.engine import together as coins
from slider.flow import claims, review, together
from slider.llm.records import Outcome
from slider.models import Item, Publication, Review, ReviewKind, ReviewState, State, Undone, Verdict
from slider.queries import story, traffic
from slider.queries import together as reading
from tests import casts

pytestmark = pytest.mark.django_db
ACCEPT, REFUND = review.Said(Verdict.ACCEPT), {"topic": "refund", "urgent": False}


def gates(cast: casts.Company, count: int = 40, answer: object = None, start: int = 0) -> list[Review]:
    """Open gates of like items that are offered to be decided together."""
    names = [f"g{start + n}" for n in range(count)]
    answers = {name: casts.says(answer or REFUND) for name in names}
    items = casts.route_all(cast.task, answers, bodies={name: {"text": "hello", "subject": name} for name in names})
    return offered(cast, Review.objects.filter(item__in=items).order_by("pk"))


def offered(cast: casts.Company, looks: Iterable[Review], *, yes: bool = True) -> list[Review]:
    found = list(looks)
    may = coins.offered(bytes(cast.task.coin_secret), [look.item_id for look in found])
    return [look for look, ok in zip(found, may, strict=True) if ok == yes]


def decide(cast: casts.Company, ids: list[int], said: review.Said = ACCEPT) -> together.Outcome:
    return together.decide(ids, task=cast.task, user_id=cast.reviewer.pk, said=said)


def test_each_is_decided_and_owed_by_itself_and_no_time_is_claimed_for_it() -> None:
    cast = casts.company()
    looks = gates(cast)
    outcome = decide(cast, [look.pk for look in looks])
    assert (outcome.done, outcome.left) == (tuple(look.pk for look in looks), ())
    for look in Review.objects.filter(pk__in=outcome.done):
        assert (look.verdict, look.holder_id, look.token, look.taken_at) == ("accept", cast.reviewer.pk, 1, None)
        assert look.undo_until is not None
    assert Publication.objects.count() == len(looks) == Item.objects.filter(state=State.DONE).count()
    assert traffic.seconds_a_look(cast.task.pk) is None


def test_said_twice_it_is_decided_once() -> None:
    cast = casts.company()
    ids = [look.pk for look in gates(cast, 10)]
    decide(cast, ids + ids)
    again = decide(cast, ids)
    assert (again.done, {words for _, words in again.left}) == ((), {together.NOT_OFFERED})
    assert Publication.objects.count() == len(ids)


def test_half_of_the_gates_are_never_offered_so_that_absence_proves_nothing() -> None:
    share = coins.offered(b"a secret of a task", range(20_000)).mean()
    assert abs(share - coins.OFFERED) < 0.015
    assert np.array_equal(coins.offered(b"s", [1, 2, 3]), coins.offered(b"s", [1, 2, 3]))


def test_an_audit_a_known_answer_and_a_hidden_gate_are_refused_in_the_same_words() -> None:
    cast = casts.company()
    gates(cast, 30)
    hidden = offered(cast, Review.objects.filter(kind=ReviewKind.GATE).order_by("pk"), yes=False)[0]
    taken = gates(cast, 30, start=100)[0]
    Review.objects.filter(pk=taken.pk).update(state=ReviewState.VOID)
    audits = [Review.objects.get(item=casts.audited(cast.task, f"a{n}")) for n in range(12)]
    audit = offered(cast, audits)[0]
    second = Review.objects.create(item=audit.item, task=cast.task, kind=ReviewKind.SECOND)
    planted = Review.objects.create(item=audit.item, task=cast.task, kind=ReviewKind.KNOWN)
    elsewhere = Review.objects.get(item=casts.one(casts.company(prefix="other ").task))
    asked = [hidden.pk, taken.pk, audit.pk, second.pk, planted.pk, elsewhere.pk, 2**62]
    outcome = decide(cast, asked)
    assert outcome.done == ()
    assert outcome.left == tuple((pk, together.NOT_OFFERED) for pk in asked)
    assert not Review.objects.filter(state=ReviewState.DECIDED).exists()
    shown = {row.review_id for row in reading.find(cast.task, cast.reviewer.pk).rows}
    assert shown
    assert not shown & set(asked)
    assert {look.kind for look in Review.objects.filter(pk__in=shown)} == {ReviewKind.GATE}


def test_one_that_fails_is_named_and_stays_open_and_the_others_are_decided() -> None:
    cast = casts.company()
    good = gates(cast, 12)
    names = [f"bad{n}" for n in range(12)]
    items = casts.route_all(
        cast.task,
        {name: casts.fails(Outcome.REFUSED) for name in names},
        bodies={name: {"text": "hello"} for name in names},
    )
    bad = offered(cast, Review.objects.filter(item__in=items).order_by("pk"))
    outcome = decide(cast, [bad[0].pk, *[look.pk for look in good]])
    assert outcome.done == tuple(look.pk for look in good)
    assert [pk for pk, _ in outcome.left] == [bad[0].pk]
    assert "no proposal to accept" in outcome.left[0][1]
    bad[0].refresh_from_db()
    assert (bad[0].state, bad[0].token, bad[0].holder_id) == (ReviewState.OPEN, 0, None)


def test_what_somebody_has_in_hands_is_left_to_them() -> None:
    cast = casts.company()
    looks = gates(cast)
    held = casts.take(cast.colleague, cast.task)
    outcome = decide(cast, [held.pk, *[look.pk for look in looks if look.pk != held.pk]])
    assert dict(outcome.left) == {held.pk: together.NOT_OFFERED}
    held.refresh_from_db()
    assert (held.state, held.holder_id) == (ReviewState.HELD, cast.colleague.pk)


def test_what_a_person_passed_on_is_not_offered_to_them_again() -> None:
    cast = casts.company()
    looks = gates(cast)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    assert held.pk not in {row.review_id for row in reading.find(cast.task, cast.reviewer.pk).rows}
    assert dict(decide(cast, [held.pk]).left) == {held.pk: together.NOT_OFFERED}
    assert len(looks) > 1


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (review.Said(Verdict.FIX, REFUND), "accepted or rejected together"),
        (review.Said(Verdict.ACCEPT, lucky=True), "accepted or rejected together"),
        (review.Said(Verdict.REJECT), "reason"),
        (review.Said(Verdict.REJECT, reason="no such"), "reason"),
    ],
)
def test_what_can_not_be_said_of_several_is_refused_whole(said: review.Said, words: str) -> None:
    cast = casts.company()
    ids = [look.pk for look in gates(cast, 8)]
    with pytest.raises(together.Unfit, match=words):
        decide(cast, ids, said)
    assert not Review.objects.filter(state=ReviewState.DECIDED).exists()


@pytest.mark.parametrize("ids", [[], list(range(1, 102))])
def test_one_to_a_hundred_at_once(ids: list[int]) -> None:
    with pytest.raises(together.Unfit, match=r"one item or more|at most 100"):
        decide(casts.company(), ids)


def test_one_or_all_can_be_taken_back_and_are_open_again() -> None:
    cast = casts.company()
    looks = gates(cast)
    assert len(looks) > 11  # more than one by one could be taken back at the desk
    decide(cast, [look.pk for look in looks])

    def back(ids: list[int]) -> together.Outcome:
        return together.take_back(ids, task_id=cast.task.pk, user_id=cast.reviewer.pk)

    assert back([looks[0].pk]).done == (looks[0].pk,)
    rest = {look.pk for look in looks[1:]}
    assert set(back([look.pk for look in looks]).done) == rest
    assert not Publication.objects.exists()
    states = set(Review.objects.filter(pk__in=rest | {looks[0].pk}).values_list("state", "holder", "lease_until"))
    assert [tuple(map(str, row)) for row in states] == [("open", "None", "None")]
    assert Undone.objects.count() == len(looks)
    assert set(Item.objects.filter(reviews__in=looks).values_list("state", flat=True)) == {State.REVIEW}


def test_nobody_takes_back_what_is_another_persons_or_has_left() -> None:
    cast = casts.company()
    looks = gates(cast, 12)
    ids = [look.pk for look in looks]
    decide(cast, ids)
    assert together.take_back(ids, task_id=cast.task.pk, user_id=cast.colleague.pk) == together.Outcome((), ())
    casts.time_passes(cast.task)
    late = together.take_back(ids, task_id=cast.task.pk, user_id=cast.reviewer.pk)
    assert (late.done, len(late.left)) == ((), len(ids))


def test_the_list_is_narrowed_by_a_value_by_the_reason_and_by_the_whole_proposal() -> None:
    cast = casts.company()
    refunds = gates(cast, 16)
    urgent = gates(cast, 16, {"topic": "refund", "urgent": True}, start=100)
    found = reading.find(cast.task, cast.reviewer.pk)
    assert {row.review_id for row in found.rows} == {look.pk for look in refunds + urgent}
    labels = {one.label: one.count for one in found.answers}
    assert labels == {"Topic: refund": len(refunds + urgent), "urgent: no": len(refunds), "urgent: yes": len(urgent)}
    by_value = reading.find(cast.task, cast.reviewer.pk, answer="urgent=true")
    alike = reading.find(cast.task, cast.reviewer.pk, like=urgent[0].pk)
    assert {row.review_id for row in by_value.rows} == {row.review_id for row in alike.rows} == {x.pk for x in urgent}
    assert reading.find(cast.task, cast.reviewer.pk, why="hard").rows == found.rows
    assert reading.find(cast.task, cast.reviewer.pk, why="rule").rows == ()
    assert reading.find(cast.task, cast.reviewer.pk, like=2**62).rows == ()


def test_an_answer_that_a_sentinel_distrusts_is_accepted_by_itself_only() -> None:
    cast = casts.company()
    nonsense = {"topic": "refund", "urgent": False, "reply": "da da da da da da da da"}
    look = gates(cast, 8, nonsense)[0]
    assert reading.find(cast.task, cast.reviewer.pk).rows[0].distrusted
    assert dict(decide(cast, [look.pk]).left) == {look.pk: together.DISTRUSTED}
    reason = next(iter(cast.task.reason_words))
    assert decide(cast, [look.pk], review.Said(Verdict.REJECT, reason=reason)).done == (look.pk,)


def test_a_draft_that_is_hidden_from_people_first_stands_in_no_list_and_is_not_decided_from_one() -> None:
    cast = casts.company(hidden_rate=0.5)
    looks = gates(cast)
    hidden = [look.pk for look in looks if look.is_drawn_hidden]
    assert 0 < len(hidden) < len(looks)
    listed = {row.review_id for row in reading.find(cast.task, cast.reviewer.pk).rows}
    assert listed == {look.pk for look in looks} - set(hidden)
    outcome = decide(cast, hidden)
    assert (outcome.done, {words for _, words in outcome.left}) == ((), {together.NOT_OFFERED})


def test_a_late_verdict_is_not_taken_for_one_of_many() -> None:
    """Else an audit that was decided late could be told by its absence from the list of what can be taken back."""
    cast = casts.company(undo_s=600)
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    Review.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claims.free_reviews()
    late = review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=ACCEPT)
    assert late.taken_at is None
    assert reading.said(cast.task, cast.reviewer.pk) == ()
    assert together.take_back([late.pk], task_id=cast.task.pk, user_id=cast.reviewer.pk).done == ()
    told = story.tell(late.item, blind=False)
    assert "in one go" not in str(told)
    many = [look.pk for look in gates(cast, 10)]
    decide(cast, many)
    assert {one.review_id for one in reading.said(cast.task, cast.reviewer.pk)} == set(many)
