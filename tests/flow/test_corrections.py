"""Corrections of what has left: published beside a history that stays."""

import threading

import pytest
from django.db import DatabaseError, connection, transaction

from slider.flow import corrections, guard, moves, review
from slider.flow.review import Said
from slider.flow.undo import TooLate
from slider.models import Correction, Mode, Publication, Review, State, Verdict
from slider.queries import story
from tests import casts, judged
from tests.flow.test_races import Elsewhere
from tests.flow.undo_steps import BETTER, correct, out

pytestmark = pytest.mark.django_db


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
