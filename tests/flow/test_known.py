"""Known answers: where they come from, whom they reach, and that nothing tells them from other looks."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from slider.flow import guard, known, review
from slider.flow.known import Unfit
from slider.flow.watching import verdicts
from slider.models import (
    Item,
    Known,
    KnownFrom,
    Membership,
    Mode,
    Publication,
    Review,
    ReviewKind,
    ReviewState,
    Task,
    Unheard,
    Verdict,
)
from tests import casts, judged

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}
BETTER = {"topic": "delivery", "urgent": True}


def past(cast: casts.Company, count: int = 3, *, verdict: Verdict = Verdict.ACCEPT) -> list[Item]:
    """Finished items that the reviewer decided and the admin marked as known."""
    names = [f"past{n}" for n in range(Item.objects.count(), Item.objects.count() + count)]
    items = casts.route_all(
        cast.task, dict.fromkeys(names, casts.says(ANSWER)), bodies={name: {"text": "hello"} for name in names}
    )
    said: dict[str, Any] = {"answer": BETTER} if verdict == Verdict.FIX else {}
    for _ in items:
        casts.decide(cast.reviewer, cast.task, verdict=verdict, **said)
    for item in items:
        item.refresh_from_db()
        known.mark(item, draft_right=verdict == Verdict.ACCEPT, words="The text says so.", by=cast.admin.pk)
    return items


def switch_on(cast: casts.Company, **rates: float) -> None:
    Task.objects.filter(pk=cast.task.pk).update(**rates)
    cast.task.refresh_from_db()


def planted() -> list[Review]:
    return list(Review.objects.filter(kind=ReviewKind.KNOWN).order_by("pk"))


def take(cast: casts.Company, who: User) -> Review | None:
    return review.take(who.pk, task_ids=[cast.task.pk], lease_s=600)


def test_without_a_rate_nothing_is_mixed_in() -> None:
    cast = casts.company()
    past(cast)
    judged.routed(cast, 20)
    assert planted() == []


def test_they_are_mixed_in_at_the_rate_and_stand_in_the_queue_beside_the_look_they_hide_among() -> None:
    cast = casts.company()
    past(cast, 60)
    switch_on(cast, known_rate=0.25)
    judged.routed(cast, 160)
    rows = list(Review.objects.filter(state=ReviewState.OPEN).order_by("pk"))
    places = [n for n, row in enumerate(rows) if row.kind == ReviewKind.KNOWN]
    assert 22 <= len(places) <= 60  # 40 expected, and never two in a row
    assert all(rows[n - 1].kind == ReviewKind.GATE for n in places)
    assert len({row.item_id for row in rows}) == len(rows)


def test_the_same_secret_draws_the_same_looks() -> None:
    cast = casts.company()
    items = past(cast, 12)
    switch_on(cast, known_rate=0.5)
    looks = [Review(item_id=10_000 + n, task=cast.task, kind=ReviewKind.GATE) for n in range(20)]
    drawn = [[(row.item_id, row.kind) for row in known.among(cast.task, looks)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert {item for item, kind in drawn[0] if kind == ReviewKind.KNOWN} <= {item.pk for item in items}


def test_wrong_drafts_come_as_often_as_right_ones() -> None:
    cast = casts.company()
    past(cast, 30)
    past(cast, 30, verdict=Verdict.FIX)
    switch_on(cast, known_rate=0.5)
    judged.routed(cast, 60)
    wrong = Known.objects.filter(pk__in=[row.item_id for row in planted()], draft_right=False).count()
    assert 0.2 < wrong / len(planted()) < 0.8


def test_nobody_is_asked_about_an_item_that_they_had_before() -> None:
    cast = casts.company()
    past(cast, 4)
    switch_on(cast, known_rate=0.5)
    judged.routed(cast, 30)
    assert planted()
    while (held := take(cast, cast.reviewer)) is not None:
        assert held.kind == ReviewKind.GATE
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=review.Said(Verdict.ACCEPT))
    held = take(cast, cast.colleague)
    assert held is not None
    assert held.kind == ReviewKind.KNOWN


def test_whoever_marked_it_is_not_asked_and_whoever_skipped_it_has_seen_it() -> None:
    cast = casts.company()
    (item,) = past(cast, 1)
    Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    assert take(cast, cast.admin) is None
    held = take(cast, cast.colleague)
    assert held is not None
    review.skip(held.pk, user_id=cast.colleague.pk, token=held.token)
    Review.objects.filter(kind=ReviewKind.KNOWN).update(state=ReviewState.VOID)
    assert take(cast, cast.colleague) is None
    assert [one.item_id for one in known.candidates(cast.task)] == []


def test_what_nobody_is_left_to_be_asked_about_is_not_planted() -> None:
    cast = casts.company()
    past(cast, 2)
    Membership.objects.filter(user=cast.colleague).delete()
    switch_on(cast, known_rate=0.5)
    judged.routed(cast, 30)
    assert planted() == []


@pytest.mark.parametrize("verdict", [Verdict.ACCEPT, Verdict.FIX, Verdict.REJECT])
def test_its_verdict_is_kept_and_changes_nothing_else(verdict: Verdict) -> None:
    cast = casts.company()
    (item,) = past(cast, 1)
    Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    before = (
        Publication.objects.count(),
        Unheard.objects.count(),
        Item.objects.get(pk=item.pk).__dict__ | {"_state": 0},
    )
    told: dict[Verdict, dict[str, Any]] = {Verdict.FIX: {"answer": BETTER}, Verdict.REJECT: {"reason": "wrong"}}
    said = told.get(verdict, {})
    look = casts.decide(cast.colleague, cast.task, verdict=verdict, **said)
    assert (look.kind, look.verdict) == (ReviewKind.KNOWN, verdict)
    after = (
        Publication.objects.count(),
        Unheard.objects.count(),
        Item.objects.get(pk=item.pk).__dict__ | {"_state": 0},
    )
    assert after == before


def test_an_open_one_holds_up_no_evidence() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.4, audit_floor=1.0)
    past(cast, 10)
    switch_on(cast, known_rate=0.5)
    judged.routed(cast, 40)
    while (held := take(cast, cast.reviewer)) is not None:
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=review.Said(Verdict.ACCEPT))
    casts.time_passes(cast.task)
    assert planted()
    assert verdicts.outstanding(cast.task.pk, since=0) == 0
    assert guard.tend(cast.task.pk).labels == 50
    # The control: an audit or a gate that is open does.
    judged.routed(cast, 1, start=500)
    assert verdicts.outstanding(cast.task.pk, since=0) == 1


def test_an_agreement_becomes_a_known_answer_once_it_cannot_be_undone() -> None:
    cast = casts.company(undo_s=0, second_rate=1.0)
    casts.one(cast.task, "agreed")
    casts.one(cast.task, "split")
    for _ in range(2):
        casts.decide(cast.reviewer, cast.task, verdict=Verdict.FIX, answer=BETTER)
    casts.decide(cast.colleague, cast.task, verdict=Verdict.FIX, answer=dict(reversed(BETTER.items())))
    casts.decide(cast.colleague, cast.task)
    Task.objects.filter(pk=cast.task.pk).update(undo_s=60)
    cast.task.refresh_from_db()
    known.gather(cast.task)
    assert not Known.objects.exists()
    cast.task.undo_s = 0
    known.gather(cast.task)
    known.gather(cast.task)
    found = Known.objects.get()
    assert (found.item.external_id, found.draft_right, found.answer) == ("agreed", False, BETTER)
    assert found.source == KnownFrom.AGREED


def test_a_mark_needs_a_reason_and_a_finished_item_with_a_draft() -> None:
    cast = casts.company()
    open_item = casts.one(cast.task)
    with pytest.raises(Unfit, match="finished"):
        known.mark(open_item, draft_right=True, words="Yes.", by=cast.admin.pk)
    casts.decide(cast.reviewer, cast.task)
    open_item.refresh_from_db()
    for words in ("", "  ", "x" * 2001, "a\x00b"):
        with pytest.raises(Unfit, match="why"):
            known.mark(open_item, draft_right=True, words=words, by=cast.admin.pk)
    assert known.mark(open_item, draft_right=True, words="Yes.", by=cast.admin.pk).answer == ANSWER
    held_back = casts.one(cast.task, "refused", casts.fails())
    casts.decide(cast.reviewer, cast.task, verdict=Verdict.REJECT, reason="wrong")
    held_back.refresh_from_db()
    with pytest.raises(Unfit, match="answer"):
        known.mark(held_back, draft_right=True, words="Yes.", by=cast.admin.pk)


def test_a_wrong_draft_is_known_with_what_left_instead() -> None:
    cast = casts.company()
    (item,) = past(cast, 1, verdict=Verdict.FIX)
    assert Known.objects.get(pk=item.pk).answer == BETTER


def test_what_is_taken_out_is_asked_of_nobody_again() -> None:
    cast = casts.company()
    (item,) = past(cast, 1)
    look = Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    known.retire(item.pk, task_id=cast.task.pk + 1)
    assert Known.objects.get().retired_at is None
    known.retire(item.pk, task_id=cast.task.pk)
    look.refresh_from_db()
    assert look.state == ReviewState.VOID
    assert known.candidates(cast.task) == []


def test_the_database_holds_what_the_code_may_forget() -> None:
    cast = casts.company()
    (item,) = past(cast, 1)
    with pytest.raises(IntegrityError, match="review_beside_is_no_evidence"), transaction.atomic():
        Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN, place=3)
    Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    done = casts.decide(cast.colleague, cast.task)
    with pytest.raises(IntegrityError, match="one_look_beside_a_person"), transaction.atomic():
        Review.objects.create(
            item=item,
            task=cast.task,
            kind=ReviewKind.KNOWN,
            slot=2,
            state=ReviewState.DECIDED,
            holder=cast.colleague,
            verdict=Verdict.ACCEPT,
            decided_at=done.decided_at,
        )
