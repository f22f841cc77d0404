"""The own answer before the draft: drawn at its rate, kept for good, and no verdict comes before it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from slider.flow import own_answers, review, undo
from slider.flow.review import NotYours, Said, Unfit
from slider.models import OwnAnswer, Publication, Review, ReviewKind, ReviewState, Task, Verdict
from slider.queries import story
from tests import casts, judged
from tests.flow.test_races import Elsewhere

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}
OTHER = {"topic": "delivery", "urgent": True}


@pytest.fixture
def cast() -> casts.Company:
    return casts.company(hidden_rate=0.5)


def hidden(cast: casts.Company, **more: Any) -> Review:
    """The next look whose draft is hidden, in the reviewer's hands."""
    for n in range(40):
        casts.one(cast.task, f"h{n}", **more)
        held = casts.take(cast.reviewer, cast.task)
        if held.is_drawn_hidden:
            return held
        review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    raise AssertionError("no look was drawn")


def say(cast: casts.Company, held: Review, answer: Any) -> Review:
    return own_answers.say(held.pk, user_id=cast.reviewer.pk, token=held.token, answer=answer)


def decide(cast: casts.Company, held: Review, said: Said) -> Review:
    return review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=said)


def test_the_chance_is_that_of_the_moment_when_the_look_was_made(cast: casts.Company) -> None:
    judged.routed(cast, 60)
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.0)
    judged.routed(cast, 5, start=100)
    looks = list(Review.objects.order_by("pk").select_related("task"))
    assert {look.hidden_chance for look in looks[:60]} == {0.5}
    assert 15 <= sum(look.is_drawn_hidden for look in looks[:60]) <= 45
    assert not any(look.is_drawn_hidden for look in looks[60:])


def test_a_rate_that_is_raised_hides_no_draft_that_was_seen(cast: casts.Company) -> None:
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.0)
    judged.routed(cast, 20)
    Task.objects.filter(pk=cast.task.pk).update(hidden_rate=0.5)
    assert not any(look.is_drawn_hidden for look in Review.objects.select_related("task"))


def test_nobody_decides_over_a_draft_that_they_have_not_answered_to(cast: casts.Company) -> None:
    held = hidden(cast)
    for said in (Said(Verdict.ACCEPT), Said(Verdict.FIX, OTHER), Said(Verdict.REJECT, reason="wrong")):
        with pytest.raises(Unfit, match="own answer first"):
            decide(cast, held, said)
    say(cast, held, OTHER)
    assert decide(cast, held, Said(Verdict.ACCEPT)).verdict == Verdict.ACCEPT


def test_what_is_the_draft_is_accepted_at_once_in_whatever_order_it_was_typed(cast: casts.Company) -> None:
    held = hidden(cast)
    looked = say(cast, held, dict(reversed(ANSWER.items())))
    assert (looked.state, looked.verdict) == (ReviewState.DECIDED, Verdict.ACCEPT)
    assert Publication.objects.filter(item=held.item_id).count() == 1
    assert OwnAnswer.objects.get().same
    assert say(cast, held, OTHER).verdict == Verdict.ACCEPT  # sent twice


@pytest.mark.parametrize("answer", [OTHER, None])
def test_what_differs_is_kept_and_the_look_waits_for_the_verdict(cast: casts.Company, answer: Any) -> None:
    held = hidden(cast)
    looked = say(cast, held, answer)
    assert looked.state == ReviewState.HELD
    assert (OwnAnswer.objects.get().answer, OwnAnswer.objects.get().same) == (answer, False)
    say(cast, held, ANSWER)  # too late: the draft has been seen
    assert OwnAnswer.objects.get().answer == answer
    assert Review.objects.get(pk=held.pk).state == ReviewState.HELD


def test_an_answer_that_breaks_the_schema_is_refused(cast: casts.Company) -> None:
    held = hidden(cast)
    for wrong in (
        {"topic": "weather", "urgent": True},
        {"topic": "refund"},
        "refund",
        {"topic": "a\x00", "urgent": True},
    ):
        with pytest.raises(Unfit):
            say(cast, held, wrong)
    assert not OwnAnswer.objects.exists()


def test_only_who_holds_the_look_answers(cast: casts.Company) -> None:
    held = hidden(cast)
    for user, token in ((cast.colleague, held.token), (cast.reviewer, held.token + 1), (cast.reviewer, 0)):
        with pytest.raises(NotYours):
            own_answers.say(held.pk, user_id=user.pk, token=token, answer=OTHER)


def test_where_nothing_is_hidden_nothing_is_kept() -> None:
    cast = casts.company()
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    assert say(cast, held, OTHER).state == ReviewState.HELD
    assert not OwnAnswer.objects.exists()


def test_without_a_draft_there_is_none_to_hide(cast: casts.Company) -> None:
    held = hidden(cast, answered=casts.fails())
    assert decide(cast, held, Said(Verdict.FIX, OTHER)).verdict == Verdict.FIX


def test_after_an_undo_the_own_answer_stands_and_the_draft_is_shown(cast: casts.Company) -> None:
    held = hidden(cast)
    say(cast, held, ANSWER)
    again = undo.undo(held.pk, user_id=cast.reviewer.pk, token=held.token, lease_s=600)
    assert decide(cast, again, Said(Verdict.FIX, OTHER)).verdict == Verdict.FIX
    assert OwnAnswer.objects.get().same


def test_who_takes_it_over_answers_for_themselves(cast: casts.Company) -> None:
    held = hidden(cast)
    say(cast, held, OTHER)
    review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    Review.objects.exclude(pk=held.pk).update(state=ReviewState.VOID)
    theirs = casts.take(cast.colleague, cast.task)
    assert theirs.pk == held.pk
    with pytest.raises(Unfit, match="own answer first"):
        review.decide(theirs.pk, user_id=cast.colleague.pk, token=theirs.token, said=Said(Verdict.ACCEPT))


def test_it_is_never_edited(cast: casts.Company) -> None:
    say(cast, hidden(cast), OTHER)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        OwnAnswer.objects.update(answer=ANSWER)


def test_the_story_tells_what_was_said_before_the_draft(cast: casts.Company) -> None:
    held = hidden(cast)
    say(cast, held, OTHER)
    decide(cast, held, Said(Verdict.ACCEPT))
    told = story.tell(held.item, blind=False)
    (chapter,) = [one for one in told.chapters if one.title == "reviewer answered before they saw the draft"]
    assert ("Topic", "delivery") in [(fact.label, fact.value) for fact in chapter.facts]


@pytest.mark.django_db(transaction=True)
def test_the_gate_behind_several_looks_is_locked_before_the_look_as_everywhere_else() -> None:
    cast = casts.company(hidden_rate=0.5, looks=2)
    held = hidden(cast)
    with transaction.atomic():
        Review.objects.select_for_update().get(item=held.item_id, kind=ReviewKind.GATE)
        saying = Elsewhere(lambda: say(cast, held, ANSWER))
        saying.start()
        saying.until_it_waits()
        Review.objects.select_for_update(nowait=True).get(pk=held.pk)  # else each would wait for the other
    assert isinstance(said := saying.done(), Review)
    assert said.state == ReviewState.DECIDED
