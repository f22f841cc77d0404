"""Undo: the look is its reviewer's again, and what was taken back was never counted."""

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction

from slider.flow import corrections, erasing, known, moves, review, undo
from slider.flow.marking import Remark
from slider.flow.review import NotYours, Said
from slider.flow.undo import TooLate
from slider.flow.watching import people
from slider.models import (
    Item,
    Known,
    Mark,
    MarkKind,
    Move,
    Publication,
    Review,
    ReviewKind,
    ReviewState,
    State,
    Task,
    Undone,
    Unheard,
    Verdict,
)
from slider.queries import story
from tests import casts, judged
from tests.flow.undo_steps import ACCEPT, BETTER, decided, late, undone

pytestmark = pytest.mark.django_db


# ---- what it takes back


def test_a_verdict_on_what_was_erased_since_stands() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    look = decided(cast)
    erasing.erase(item.pk, by=cast.admin.pk, words="asked")
    with pytest.raises(TooLate, match="out by now"):
        undone(look)
    item.refresh_from_db()
    assert item.state == State.DONE
    assert Review.objects.get().state == ReviewState.DECIDED


def test_the_look_is_its_reviewer_s_again_under_a_new_claim_and_nothing_is_owed() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    look = decided(cast, Said(Verdict.FIX, BETTER, note="see the order"))
    again = undone(look)
    item.refresh_from_db()
    assert (again.state, again.holder, again.token) == (ReviewState.HELD, cast.reviewer, look.token + 1)
    assert (again.verdict, again.answer, again.note, again.undo_until) == ("", None, "", None)
    assert (item.state, item.finished_at) == (State.REVIEW, None)
    assert not Publication.objects.exists()
    assert not Unheard.objects.exists()
    kept = Undone.objects.get()
    assert (kept.verdict, kept.answer, kept.note, kept.by) == ("fix", BETTER, "see the order", cast.reviewer)


def test_the_move_back_is_written_down_with_who_and_why() -> None:
    cast = casts.company()
    casts.one(cast.task)
    undone(decided(cast))
    newest = Move.objects.latest("pk")
    assert (newest.from_state, newest.to_state, newest.by) == ("done", "review", cast.reviewer)
    assert "taken back" in newest.reason


def test_what_was_taken_back_is_decided_anew_and_only_that_counts() -> None:
    cast = casts.company(error_limit=0.4)
    casts.one(cast.task)
    again = undone(decided(cast, Said(Verdict.REJECT, reason="wrong")))
    with pytest.raises(NotYours):  # the claim that it was said under counts no more
        review.decide(again.pk, user_id=cast.reviewer.pk, token=again.token - 1, said=ACCEPT)
    review.decide(again.pk, user_id=cast.reviewer.pk, token=again.token, said=ACCEPT)
    result = Publication.objects.get()
    assert (result.number, result.ending) == (1, "accepted")
    judged.tend(cast)
    row = judged.watch(cast)
    assert (row.judged, sum(map(sum, row.state["heard"]))) == (1, 1)
    assert np.sum(row.state["wrong"]) == 0


def test_an_audit_s_correction_is_taken_back_and_the_item_stays_done() -> None:
    cast = casts.company()
    item = casts.audited(cast.task)
    again = undone(decided(cast, Said(Verdict.FIX, BETTER)))
    item.refresh_from_db()
    assert (again.state, item.state) == (ReviewState.HELD, State.DONE)
    assert [p.ending for p in Publication.objects.all()] == ["unattended"]


def test_saying_undo_twice_takes_back_one_and_answers_with_it() -> None:
    cast = casts.company()
    casts.one(cast.task, "m1")
    casts.one(cast.task, "m2")
    decided(cast)
    look = decided(cast)
    assert undone(look).pk == undone(look).pk == look.pk
    assert Undone.objects.count() == 1
    assert Publication.objects.count() == 1


def test_it_is_ten_deep() -> None:
    cast = casts.company(undo_s=3600)
    for n in range(12):
        casts.one(cast.task, f"m{n}")
    looks = [decided(cast) for _ in range(12)]
    for look in reversed(looks[2:]):
        undone(look)
    with pytest.raises(TooLate, match="last 10"):
        undone(looks[1])
    assert Review.objects.filter(state=ReviewState.HELD, holder=cast.reviewer).count() == 10
    assert Publication.objects.count() == 2


# ---- what it leaves alone


def test_nobody_takes_back_what_somebody_else_said() -> None:
    cast = casts.company()
    casts.one(cast.task)
    look = decided(cast)
    for user, token in ((cast.colleague, look.token), (cast.reviewer, look.token + 1), (cast.reviewer, 0)):
        with pytest.raises(TooLate):
            undo.undo(look.pk, user_id=user.pk, token=token, lease_s=60)
    assert Publication.objects.count() == 1


def test_when_the_time_is_over_it_stays() -> None:
    cast = casts.company()
    casts.one(cast.task)
    look = decided(cast)
    casts.time_passes(cast.task)
    with pytest.raises(TooLate):
        undone(look)
    assert (Item.objects.get().state, Undone.objects.count(), Publication.objects.count()) == (State.DONE, 0, 1)


def test_an_accepted_audit_has_its_time_as_well() -> None:
    cast = casts.company()
    casts.audited(cast.task)
    look = decided(cast)
    Review.objects.update(undo_until=look.decided_at)
    with pytest.raises(TooLate, match="out by now"):
        undone(look)
    assert Unheard.objects.count() == 1


def test_without_a_window_there_is_nothing_to_take_back() -> None:
    cast = casts.company(undo_s=0)
    casts.one(cast.task)
    with pytest.raises(TooLate):
        undone(decided(cast))


def test_a_verdict_that_somebody_corrected_since_stays() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    look = decided(cast)
    corrections.correct(item.pk, user_id=cast.colleague.pk, said=Said(Verdict.FIX, BETTER, "wrong"))
    with pytest.raises(TooLate, match="out by now"):
        undone(look)
    assert [p.number for p in Publication.objects.order_by("number")] == [1, 2]


def test_the_database_lets_no_item_go_back_whose_result_is_owed_and_no_result_vanish_that_has_left() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    decided(cast)
    item.refresh_from_db()
    with pytest.raises(DatabaseError, match="may not move"), transaction.atomic():
        moves.move(moves.Step(item.pk, item.token, State.REVIEW, "by hand"), source=State.DONE)
    casts.time_passes(cast.task)
    with pytest.raises(DatabaseError, match="has left"), transaction.atomic():
        Publication.objects.all().delete()


@pytest.mark.parametrize("table", ["undone", "secondopinion"])
@pytest.mark.parametrize("change", ["UPDATE slider_{0} SET note = 'x'", "DELETE FROM slider_{0}"])
def test_what_was_said_can_not_be_edited(table: str, change: str) -> None:
    cast = casts.company()
    casts.one(cast.task)
    late(cast)
    undone(Review.objects.get())
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(table))


# ---- looks at people


def test_a_known_answer_is_undone_like_any_other_look_and_counts_once_and_not_before_it_stands() -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    decided(cast, Said(Verdict.FIX, BETTER))
    casts.time_passes(cast.task)
    item.refresh_from_db()
    known.mark(item, draft_right=False, words="The text says so.", by=cast.admin.pk)
    Review.objects.create(item=item, task=cast.task, kind=ReviewKind.KNOWN)
    look = casts.decide(cast.colleague, cast.task)
    assert look.undo_until is not None
    assert people.seen(cast.task.pk).judged == 0
    again = undo.undo(look.pk, user_id=cast.colleague.pk, token=look.token, lease_s=60)
    assert (again.kind, again.state, again.holder) == (ReviewKind.KNOWN, ReviewState.HELD, cast.colleague)
    assert Item.objects.get().state == State.DONE
    assert [p.ending for p in Publication.objects.all()] == ["fixed"]
    review.decide(again.pk, user_id=cast.colleague.pk, token=again.token, said=Said(Verdict.FIX, BETTER))
    casts.time_passes(cast.task)
    assert (people.seen(cast.task.pk).judged, people.seen(cast.task.pk).missed) == (1, 0)
    assert "taken back" in str(story.tell(item, blind=False))
    assert "taken back" not in str(story.tell(item, blind=True))  # a reviewer reads of no known answer


def test_a_second_look_waits_until_what_was_undone_is_decided_again() -> None:
    cast = casts.company(second_rate=1.0)
    casts.one(cast.task)
    again = undone(decided(cast))
    assert Review.objects.filter(kind=ReviewKind.SECOND).count() == 1
    assert review.take(cast.colleague.pk, task_ids=[cast.task.pk], lease_s=60) is None
    review.decide(again.pk, user_id=cast.reviewer.pk, token=again.token, said=ACCEPT)
    assert review.take(cast.colleague.pk, task_ids=[cast.task.pk], lease_s=60) is None
    casts.time_passes(cast.task)
    Task.objects.update(undo_s=0)
    held = review.take(cast.colleague.pk, task_ids=[cast.task.pk], lease_s=60)
    assert held is not None
    assert held.kind == ReviewKind.SECOND


def test_what_somebody_corrected_since_is_no_known_answer_by_agreement() -> None:
    cast = casts.company(second_rate=1.0, undo_s=0)
    item = casts.one(cast.task)
    decided(cast)
    casts.decide(cast.colleague, cast.task)
    corrections.correct(item.pk, user_id=cast.admin.pk, said=Said(Verdict.FIX, BETTER, "wrong"))
    known.gather(cast.task)
    assert not Known.objects.exists()


def test_marks_and_luck_are_taken_back_with_the_verdict() -> None:
    cast = casts.company()
    casts.one(cast.task)
    marked = Said(Verdict.ACCEPT, lucky=True, marks=(Remark(MarkKind.WRONG, "/urgent", reason="wrong"),))
    with pytest.raises(review.Unfit):  # an accept says that every field is right
        decided(cast, marked)
    look = decided(cast, Said(Verdict.ACCEPT, lucky=True, marks=(Remark(MarkKind.RIGHT, "/urgent"),)))
    assert (look.lucky, Mark.objects.count()) == (True, 1)
    again = undone(look)
    assert (again.lucky, Mark.objects.count()) == (False, 0)
    review.decide(again.pk, user_id=cast.reviewer.pk, token=again.token, said=Said(Verdict.REJECT, reason="wrong"))
    assert Review.objects.get().verdict == "reject"
