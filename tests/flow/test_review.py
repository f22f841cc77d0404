"""Deciding: once, under one's own claim, checked against the schema, and what follows from it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from slider.flow import claims, intake, review
from slider.flow.review import KeptAside, NotYours, Said, Unfit
from slider.models import Decline, Ending, Item, Publication, Review, ReviewState, State, Verdict
from tests import casts

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}
BETTER = {"topic": "delivery", "urgent": True}


def decide(held: Review, user_id: int, said: Said) -> Review:
    return review.decide(held.pk, user_id=user_id, token=held.token, said=said)


@pytest.mark.parametrize(
    ("said", "verdict", "ending", "answer"),
    [
        (Said(Verdict.ACCEPT), Verdict.ACCEPT, Ending.ACCEPTED, ANSWER),
        (Said(Verdict.FIX, BETTER), Verdict.FIX, Ending.FIXED, BETTER),
        (Said(Verdict.FIX, dict(reversed(ANSWER.items()))), Verdict.ACCEPT, Ending.ACCEPTED, ANSWER),
        (Said(Verdict.REJECT, reason="invented"), Verdict.REJECT, Ending.REJECTED, None),
    ],
)
def test_a_verdict_makes_the_item_final_and_owes_its_result(
    said: Said, verdict: Verdict, ending: Ending, answer: Any
) -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    decided = decide(casts.take(cast.reviewer, cast.task), cast.reviewer.pk, said)
    result = Publication.objects.get(item=item)
    item.refresh_from_db()
    assert (item.state, decided.verdict) == (State.DONE, verdict)
    assert (result.number, result.ending, result.answer) == (1, ending, answer)
    assert result.due_at > timezone.now() + timedelta(seconds=cast.task.undo_s - 5)


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (Said(Verdict.FIX, {"topic": "nonsense", "urgent": False}), "/topic"),
        (Said(Verdict.FIX, {"topic": "refund"}), ""),
        (Said(Verdict.FIX, ANSWER | {"lane": "unattended"}), ""),
        (Said(Verdict.FIX, ANSWER | {"reply": "a\x00b"}), "/reply"),
        (Said(Verdict.FIX, None), ""),
        (Said(Verdict.REJECT, reason="because"), "reason"),
        (Said(Verdict.REJECT), "reason"),
        (Said(Verdict.ACCEPT, note="x" * 5001), "note"),
        (Said(Verdict.ACCEPT, note="a\x00b"), "note"),
    ],
)
def test_an_unfit_verdict_is_refused_with_its_place_and_the_item_stays(said: Said, where: str) -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    with pytest.raises(Unfit) as refused:
        decide(held, cast.reviewer.pk, said)
    assert refused.value.where == where
    held.refresh_from_db()
    assert held.state == ReviewState.HELD
    assert not Publication.objects.filter(item=item).exists()


def test_where_there_is_no_proposal_there_is_nothing_to_accept() -> None:
    cast = casts.company()
    casts.one(cast.task, answered=casts.fails())
    held = casts.take(cast.reviewer, cast.task)
    with pytest.raises(Unfit, match="no proposal"):
        decide(held, cast.reviewer.pk, Said(Verdict.ACCEPT))
    assert decide(held, cast.reviewer.pk, Said(Verdict.FIX, BETTER)).verdict == Verdict.FIX


def test_saying_it_twice_counts_once() -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    first = decide(held, cast.reviewer.pk, Said(Verdict.ACCEPT))
    second = decide(held, cast.reviewer.pk, Said(Verdict.ACCEPT, note="once more"))
    assert (first.pk, second.verdict) == (second.pk, Verdict.ACCEPT)
    assert Publication.objects.count() == 1


def test_a_late_verdict_counts_while_nobody_else_has_taken_the_item() -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    Review.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    claims.free_reviews()
    assert decide(held, cast.reviewer.pk, Said(Verdict.ACCEPT)).state == ReviewState.DECIDED


def test_a_late_verdict_after_somebody_else_took_the_item_changes_nothing_and_is_kept_aside() -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    Review.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    claims.free_reviews()
    theirs = casts.take(cast.colleague, cast.task)
    with pytest.raises(KeptAside, match="ran out"):
        decide(held, cast.reviewer.pk, Said(Verdict.ACCEPT))
    assert decide(theirs, cast.colleague.pk, Said(Verdict.ACCEPT)).holder == cast.colleague


@pytest.mark.parametrize("freed", [False, True])
def test_nobody_decides_under_another_persons_claim(freed: bool) -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    if freed:
        Review.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
        claims.free_reviews()
    with pytest.raises(NotYours):
        decide(held, cast.colleague.pk, Said(Verdict.ACCEPT))
    assert Item.objects.get().state == State.REVIEW


def test_a_withdrawn_item_can_not_be_decided() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    intake.withdraw(item.pk, by=None, reason="the source took it back")
    with pytest.raises(NotYours, match="withdrawn"):
        decide(held, cast.reviewer.pk, Said(Verdict.ACCEPT))


def test_a_skip_lasts_and_the_item_goes_to_others() -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    assert review.take(cast.reviewer.pk, task_ids=[cast.task.pk], lease_s=60) is None
    assert Decline.objects.count() == 1
    with pytest.raises(NotYours):
        decide(held, cast.reviewer.pk, Said(Verdict.ACCEPT))
    assert casts.take(cast.colleague, cast.task).pk == held.pk


def test_an_audit_that_agrees_changes_nothing_outside() -> None:
    cast = casts.company()
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task)
    assert Publication.objects.get().ending == Ending.UNATTENDED


def test_an_audit_that_finds_an_error_owes_a_correction_and_leaves_the_first_result() -> None:
    cast = casts.company()
    item = casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=BETTER)
    first, second = Publication.objects.order_by("number")
    assert (first.ending, first.answer) == (Ending.UNATTENDED, ANSWER)
    assert (second.number, second.ending, second.answer) == (2, Ending.FIXED, BETTER)
    item.refresh_from_db()
    assert item.state == State.DONE
