"""Undo: a verdict leaves or is taken back, never both, and what was taken back was never counted."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from slider.flow import claims, corrections, endpoints, guard, known, moves, publish, review, undo
from slider.flow.marking import Remark
from slider.flow.review import KeptAside, NotYours, Said
from slider.flow.undo import TooLate
from slider.flow.watching import people
from slider.models import (
    Correction,
    Item,
    Known,
    Mark,
    MarkKind,
    Mode,
    Move,
    Publication,
    Review,
    ReviewKind,
    ReviewState,
    SecondOpinion,
    State,
    Task,
    Undone,
    Unheard,
    Verdict,
)
from slider.queries import export, results, story
from tests import casts, judged
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db
BETTER = {"topic": "delivery", "urgent": True}
ACCEPT = Said(Verdict.ACCEPT)


def decided(cast: casts.Company, said: Said = ACCEPT) -> Review:
    held = casts.take(cast.reviewer, cast.task)
    review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)
    held.refresh_from_db()
    return held


def undone(look: Review, user_id: int | None = None) -> Review:
    return undo.undo(look.pk, user_id=user_id or look.holder_id or 0, token=look.token, lease_s=60)


# ---- what it takes back


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


# ---- the guard


def test_the_guard_neither_hears_nor_counts_nor_settles_what_can_still_be_taken_back() -> None:
    cast = casts.company(error_limit=0.4, undo_s=3600)
    casts.audited(cast.task, "a1")
    casts.one(cast.task, "a2")
    look = decided(cast, Said(Verdict.REJECT, reason="wrong"))
    decided(cast)
    guard.tend(cast.task.pk)
    row = judged.watch(cast)
    assert (row.judged, row.counted_to, row.settled_to, sum(map(sum, row.state["heard"]))) == (0, 0, 0, 0)
    assert Unheard.objects.count() == 2
    again = undone(look)
    review.decide(again.pk, user_id=cast.reviewer.pk, token=again.token, said=ACCEPT)
    judged.tend(cast)
    row = judged.watch(cast)
    assert (row.judged, row.counted_to, row.settled_to, sum(map(sum, row.state["heard"]))) == (2, 2, 2, 2)
    assert (np.sum(row.state["wrong"]), sum(row.ledger["found"])) == (0, 0)


def test_a_deadline_that_passes_in_the_window_waits_for_its_end() -> None:
    cast = casts.company(error_limit=0.4, undo_s=3600)
    casts.one(cast.task)
    look = decided(cast)
    Review.objects.update(created_at=timezone.now() - timedelta(hours=cast.task.judge_within_h + 1))
    guard.tend(cast.task.pk)
    assert judged.watch(cast).counted_to == 0
    undone(look)
    guard.tend(cast.task.pk)
    row = judged.watch(cast)
    assert (row.counted_to, np.sum(row.state["wrong"]) > 0) == (1, True)  # owed for too long: wrong for good


def test_a_quarantined_stretch_waits_for_the_window_too() -> None:
    from slider.flow.watching import marks

    cast = casts.company(undo_s=3600)
    casts.one(cast.task)
    look = decided(cast)
    Review.objects.update(bin=None)
    known = {"since": 0, "until": 1, "within_h": 72}
    assert marks.oldest_closed(cast.task.pk, **known) == look.place == 0
    casts.time_passes(cast.task)
    assert marks.oldest_closed(cast.task.pk, **known) == 1


@pytest.mark.django_db(transaction=True)
def test_a_round_of_the_guard_that_read_a_verdict_keeps_nothing_if_it_is_taken_back_meanwhile() -> None:
    cast = casts.company(error_limit=0.4)
    casts.one(cast.task)
    look = decided(cast)
    before = judged.watch(cast).round
    Review.objects.update(undo_until=None)  # for the guard its time is over …
    with paused(undo, "_unmake") as (waiting, go_on):
        undoing = Elsewhere(lambda: undone_in_time(look))
        undoing.start()
        assert waiting.wait(10)
        tending = Elsewhere(lambda: guard.tend(cast.task.pk))
        tending.start()
        tending.until_it_waits()
        go_on.set()
        undoing.done()
        tending.done()
    row = judged.watch(cast)
    assert (row.judged, row.counted_to, row.round) == (0, 0, before + 1)
    assert not row.state
    assert Review.objects.get().state == ReviewState.HELD


@transaction.atomic
def undone_in_time(look: Review) -> Review:
    """… and for the person it is not, as where it runs out while their transaction is under way."""
    Review.objects.filter(pk=look.pk).update(undo_until=timezone.now() + timedelta(hours=1))
    return undone(look)


@pytest.mark.parametrize("said", [ACCEPT, Said(Verdict.FIX, BETTER)], ids=["accept", "fix"])
def test_being_too_late_tells_no_audit_from_a_gate(said: Said) -> None:
    cast = casts.company()
    words = []
    for make in (casts.one, casts.audited):
        make(cast.task, make.__name__)
        look = decided(cast, said)
        casts.time_passes(cast.task)
        with pytest.raises(TooLate) as refused:
            undone(look)
        words.append(str(refused.value))
    assert words[0] == words[1]


@contextmanager
def paused(module: Any, name: str) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Stop whoever has been through this function, with all their locks, until they may go on."""
    waiting, go_on, real = threading.Event(), threading.Event(), getattr(module, name)

    def stopped(*args: Any, **kwargs: Any) -> Any:
        done = real(*args, **kwargs)
        waiting.set()
        assert go_on.wait(10)
        return done

    setattr(module, name, stopped)
    try:
        yield waiting, go_on
    finally:
        setattr(module, name, real)


# ---- the publisher and the readers


def owing(**changes: Any) -> tuple[casts.Company, Review]:
    cast = casts.company(**changes)
    endpoints.save(cast.task, url="http://127.0.0.1:9/hook")
    casts.one(cast.task)
    look = decided(cast)
    Publication.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))  # a sender takes it by this alone
    return cast, look


@pytest.mark.django_db(transaction=True)
def test_what_is_being_taken_back_does_not_leave() -> None:
    cast, look = owing(undo_s=3600)
    with transaction.atomic():
        undone(look)
        sender = Elsewhere(lambda: publish._reserve(cast.task.pk, most=8, hold_s=60))
        sender.start()
        assert sender.done() == []
    assert publish._reserve(cast.task.pk, most=8, hold_s=60) == []


@pytest.mark.django_db(transaction=True)
def test_what_is_leaving_is_not_taken_back() -> None:
    cast, look = owing(undo_s=3600)
    with transaction.atomic():
        assert len(publish._reserve(cast.task.pk, most=8, hold_s=60)) == 1
        undoing = Elsewhere(lambda: undone(look))
        undoing.start()
        undoing.until_it_waits()
    with pytest.raises(TooLate, match="out by now"):
        undoing.done()
    assert (Item.objects.get().state, Review.objects.get().state) == (State.DONE, ReviewState.DECIDED)
    assert Unheard.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(8))
def test_of_a_sender_and_an_undo_at_once_exactly_one_has_its_way(turn: int) -> None:
    cast, look = owing(undo_s=3600)
    start = threading.Barrier(2)

    def send() -> int:
        start.wait(10)
        return len(publish._reserve(cast.task.pk, most=8, hold_s=60))

    def take_back() -> bool:
        start.wait(10)
        try:
            return bool(undone(look))
        except TooLate:
            return False

    sender, undoing = Elsewhere(send), Elsewhere(take_back)
    for one in (sender, undoing) if turn % 2 else (undoing, sender):
        one.start()
    sent, back = sender.done(), undoing.done()
    assert (sent, back) in ((1, False), (0, True))
    assert Publication.objects.count() == sent


@pytest.mark.django_db(transaction=True)
def test_readers_see_no_result_that_can_still_be_taken_back() -> None:
    cast, _ = owing(undo_s=3600)
    item = Item.objects.get()
    lines = list(export.items(cast.task))
    assert [(line.number, line.answer, line.verdict) for line in lines] == [(None, None, None)]
    assert results.published(cast.task, after=None, most=10) == []
    told = results.told(cast.project.pk, item.pk)
    assert told is not None
    assert list(told.results) == []
    casts.time_passes(cast.task)
    assert [(line.number, line.verdict) for line in export.items(cast.task)] == [(1, "accept")]
    assert len(results.published(cast.task, after=None, most=10)) == 1


@pytest.mark.django_db(transaction=True)
def test_readers_wait_for_an_undo_that_runs_into_the_end_of_its_window() -> None:
    cast, look = owing(undo_s=3600)
    with paused(undo, "_unmake") as (waiting, go_on):
        undoing = Elsewhere(lambda: undone(look))
        undoing.start()
        assert waiting.wait(10)
        reading = Elsewhere(lambda: [(line.state, line.number) for line in export.items(cast.task)])
        reading.start()
        reading.until_it_waits()
        assert reading.is_alive()
        results.settled(cast.task.pk + 1)  # another task's readers wait for nobody
        go_on.set()
        undoing.done()
    assert reading.done() == [("review", None)]


# ---- second opinions


def late(cast: casts.Company, said: Said = ACCEPT) -> Review:
    """A reviewer whose hold ran out says something when a colleague has decided."""
    held = casts.take(cast.colleague, cast.task)
    Review.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    claims.free_reviews()
    decided(cast)
    with pytest.raises(KeptAside, match="somebody else has decided"):
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=said)
    return held


def test_a_late_verdict_is_kept_as_a_second_opinion_that_nothing_counts() -> None:
    cast = casts.company(error_limit=0.4)
    item = casts.one(cast.task)
    held = late(cast, Said(Verdict.FIX, BETTER, note="I see another order"))
    kept = SecondOpinion.objects.get()
    assert (kept.by, kept.verdict, kept.answer, kept.note) == (cast.colleague, "fix", BETTER, "I see another order")
    look = Review.objects.get()
    assert (look.holder, look.verdict) == (cast.reviewer, "accept")
    assert [p.ending for p in Publication.objects.all()] == ["accepted"]
    assert Unheard.objects.count() == 1
    with pytest.raises(KeptAside):  # a doubled submit is one opinion
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=ACCEPT)
    assert SecondOpinion.objects.count() == 1
    judged.tend(cast)
    assert judged.watch(cast).judged == 1
    item.refresh_from_db()
    chapters = {chapter.title: chapter for chapter in story.tell(item, blind=False).chapters}
    told = chapters["Second opinion by colleague: fixed"]
    assert {fact.label: fact.value for fact in told.facts}["Topic"] == "delivery"


def test_an_unfit_late_verdict_is_refused_like_any_other() -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = late(cast)
    with pytest.raises(review.Unfit):
        review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=Said(Verdict.FIX, {"topic": "x"}))


def test_the_undo_of_the_one_leaves_the_opinion_of_the_other() -> None:
    cast = casts.company()
    casts.one(cast.task)
    late(cast)
    undone(Review.objects.get())
    assert SecondOpinion.objects.count() == 1
    assert Item.objects.get().state == State.REVIEW


# ---- corrections


def out(cast: casts.Company, **said: Any) -> Item:
    """An item whose accepted result has left."""
    item = casts.one(cast.task)
    decided(cast)
    casts.time_passes(cast.task)
    return item


def correct(item: Item, user_id: int, answer: Any = BETTER, **more: Any) -> Correction:
    said = Said(Verdict.FIX, answer, more.pop("reason", "wrong"), more.pop("note", ""))
    return corrections.correct(item.pk, user_id=user_id, said=said)


def test_a_correction_is_published_beside_a_history_that_stays_and_is_no_evidence() -> None:
    cast = casts.company(error_limit=0.4)
    item = out(cast)
    guard.tend(cast.task.pk)
    before = judged.watch(cast)
    correct(item, cast.colleague.pk, note="the order says so")
    first, second = Publication.objects.order_by("number")
    assert (first.ending, second.number, second.ending, second.answer) == ("accepted", 2, "fixed", BETTER)
    assert Review.objects.get().verdict == "accept"
    judged.tend(cast)
    after = judged.watch(cast)
    assert (after.judged, after.state, after.ledger) == (before.judged, before.state, before.ledger)
    item.refresh_from_db()
    told = story.tell(item, blind=True)
    chapter = next(c for c in told.chapters if c.title == "Corrected by colleague: fixed")
    facts = {fact.label: fact.value for fact in chapter.facts}
    assert (facts["reason"], facts["note"], facts["Topic"]) == ("Wrong value", "the order says so", "delivery")
    assert (told.by_person, [a.part.name for a in told.answers if a.changed]) == ("colleague", ["topic", "urgent"])


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (Said(Verdict.FIX, BETTER), "reason"),
        (Said(Verdict.FIX, BETTER, "boredom"), "reason"),
        (Said(Verdict.FIX, {"topic": "weather", "urgent": True}, "wrong"), "/topic"),
        (Said(Verdict.FIX, {"urgent": False, "topic": "refund"}, "wrong"), ""),  # as it is
        (Said(Verdict.ACCEPT, reason="wrong"), "verdict"),
        (Said(Verdict.REJECT, reason="wrong", note="x" * 5001), "note"),
    ],
)
def test_an_unfit_correction_changes_nothing(said: Said, where: str) -> None:
    cast = casts.company()
    item = out(cast)
    with pytest.raises(review.Unfit) as refused:
        corrections.correct(item.pk, user_id=cast.reviewer.pk, said=said)
    assert refused.value.where == where
    assert Publication.objects.count() == 1


def test_a_rejected_result_can_be_given_an_answer_and_an_answer_be_rejected() -> None:
    cast = casts.company()
    item = out(cast)
    corrections.correct(item.pk, user_id=cast.reviewer.pk, said=Said(Verdict.REJECT, reason="policy"))
    with pytest.raises(review.Unfit, match="already"):
        corrections.correct(item.pk, user_id=cast.reviewer.pk, said=Said(Verdict.REJECT, reason="wrong"))
    correct(item, cast.colleague.pk)
    endings = Publication.objects.order_by("number").values_list("ending", "reason")
    assert list(endings) == [("accepted", ""), ("rejected", "policy"), ("fixed", "")]


@pytest.mark.parametrize("state", [State.REVIEW, State.WITHDRAWN])
def test_what_has_no_result_can_not_be_corrected(state: State) -> None:
    cast = casts.company()
    item = casts.one(cast.task)
    if state == State.WITHDRAWN:
        moves.move(moves.Step(item.pk, item.token, state, "a duplicate"), source=State.REVIEW)
    with pytest.raises(corrections.NotOut):
        correct(item, cast.reviewer.pk)


@pytest.mark.django_db(transaction=True)
def test_corrections_of_several_people_at_once_follow_one_on_the_other_and_none_is_lost() -> None:
    cast = casts.company(mode=Mode.TRIAL)
    item = out(cast)
    people = [casts.person(f"p{n}").pk for n in range(4)]
    start = threading.Barrier(4)

    def say(n: int) -> int:
        start.wait(10)
        return correct(item, people[n], {"topic": "other", "urgent": False, "amount": n}).number

    busy = [Elsewhere(lambda n=n: say(n)) for n in range(4)]  # type: ignore[misc]  # mypy knows no bound defaults
    for one in busy:
        one.start()
    numbers = [one.done() for one in busy]
    assert set(numbers) == {2, 3, 4, 5}
    told = dict(Publication.objects.filter(number__gt=1).values_list("number", "answer__amount"))
    assert told == {number: n for n, number in enumerate(numbers)}


@pytest.mark.django_db(transaction=True)
def test_an_audit_s_correction_and_a_person_s_at_once_both_stand() -> None:
    cast = casts.company()
    item = casts.audited(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    said = Said(Verdict.FIX, {"topic": "other", "urgent": False})
    other = Elsewhere(lambda: review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said))
    with transaction.atomic():
        correct(item, cast.admin.pk)
        other.start()
        other.until_it_waits()
    other.done()
    assert list(Publication.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_a_correction_can_be_taken_back_by_who_made_it_until_it_leaves() -> None:
    cast = casts.company()
    item = out(cast)
    made = correct(item, cast.reviewer.pk)
    with pytest.raises(TooLate, match="somebody else"):
        corrections.undo(made.pk, user_id=cast.colleague.pk)
    for _ in range(2):
        corrections.undo(made.pk, user_id=cast.reviewer.pk)
    assert Publication.objects.count() == 1
    assert correct(item, cast.reviewer.pk).number == 2
    casts.time_passes(cast.task)
    with pytest.raises(TooLate, match="has left"):
        corrections.undo(Correction.objects.latest("pk").pk, user_id=cast.reviewer.pk)
    item.refresh_from_db()
    titles = [chapter.title for chapter in story.tell(item, blind=False).chapters]
    assert "Corrected by reviewer: fixed, and taken back" in titles


def test_a_correction_that_another_stands_on_stays() -> None:
    cast = casts.company()
    item = out(cast)
    first = correct(item, cast.reviewer.pk)
    correct(item, cast.colleague.pk, {"topic": "other", "urgent": False})
    with pytest.raises(TooLate, match="corrected"):
        corrections.undo(first.pk, user_id=cast.reviewer.pk)


@pytest.mark.parametrize("change", ["UPDATE slider_correction SET note = 'x'", "DELETE FROM slider_correction"])
def test_a_correction_can_not_be_edited(change: str) -> None:
    cast = casts.company()
    correct(out(cast), cast.reviewer.pk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)


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
