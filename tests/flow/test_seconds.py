"""Second looks: another person, blind, at the rate; a lead settles what they disagree about, and corrects what left."""

from typing import Any

import pytest

from slider.flow import adjudicate, known, review
from slider.flow.adjudicate import Settled
from slider.models import (
    Adjudication,
    Ending,
    Known,
    Membership,
    Publication,
    Review,
    ReviewKind,
    Stands,
    Task,
    Unheard,
    Verdict,
)
from tests import casts, judged

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}
BETTER = {"topic": "delivery", "urgent": True}


def seconds() -> list[Review]:
    return list(Review.objects.filter(kind=ReviewKind.SECOND).order_by("pk"))


def split(cast: casts.Company, first: dict[str, Any], second: dict[str, Any]) -> Review:
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task, **first)
    return casts.decide(cast.colleague, cast.task, **second)


FIX: dict[str, Any] = {"verdict": Verdict.FIX, "answer": BETTER}
REJECT = {"verdict": Verdict.REJECT, "reason": "invented"}
ACCEPT: dict[str, Any] = {"verdict": Verdict.ACCEPT}


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.5, 12, 48), (1.0, 60, 60)])
def test_a_share_of_decided_looks_is_looked_at_again(rate: float, least: int, most: int) -> None:
    cast = casts.company(second_rate=rate)
    judged.routed(cast, 60)
    judged.judge(cast)
    assert least <= len(seconds()) <= most


def test_it_goes_to_somebody_else_and_only_once_the_first_verdict_stays() -> None:
    cast = casts.company(second_rate=1.0, undo_s=3600)
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    tasks = [cast.task.pk]
    assert review.take(cast.colleague.pk, task_ids=tasks, lease_s=60) is None
    Task.objects.filter(pk=cast.task.pk).update(undo_s=0)
    assert review.take(cast.reviewer.pk, task_ids=tasks, lease_s=60) is None
    held = review.take(cast.colleague.pk, task_ids=tasks, lease_s=60)
    assert held is not None
    assert held.kind == ReviewKind.SECOND


def test_where_there_is_nobody_else_none_is_asked_for() -> None:
    cast = casts.company(second_rate=1.0)
    Membership.objects.filter(user__in=[cast.colleague, cast.admin]).delete()
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    assert seconds() == []


def test_a_second_look_asks_for_no_third_and_leaves_nothing() -> None:
    cast = casts.company(second_rate=1.0, undo_s=0)
    second = split(cast, ACCEPT, FIX)
    assert [look.pk for look in seconds()] == [second.pk]
    assert Publication.objects.count() == 1
    assert not Unheard.objects.filter(review=second).exists()


@pytest.mark.parametrize(
    ("first", "second", "ending", "answer"),
    [
        (ACCEPT, FIX, Ending.FIXED, BETTER),
        (ACCEPT, REJECT, Ending.REJECTED, None),
        (FIX, ACCEPT, Ending.ACCEPTED, ANSWER),
        (REJECT, FIX, Ending.FIXED, BETTER),
    ],
)
def test_where_the_second_stands_what_left_is_corrected(
    first: dict[str, Any], second: dict[str, Any], ending: Ending, answer: Any
) -> None:
    cast = casts.company(second_rate=1.0, undo_s=0)
    look = split(cast, first, second)
    adjudicate.say(look.pk, stands=Stands.SECOND, words=" See the rule. ", by=cast.admin.pk)
    told = Publication.objects.order_by("-number")[0]
    assert (told.number, told.ending, told.answer) == (2, ending, answer)
    found = Known.objects.get()
    assert (found.draft_right, found.explanation) == (second is ACCEPT, "See the rule.")


def test_where_the_first_stands_nothing_leaves() -> None:
    cast = casts.company(second_rate=1.0, undo_s=0)
    look = split(cast, ACCEPT, FIX)
    adjudicate.say(look.pk, stands=Stands.FIRST, words="It is a refund.", by=cast.admin.pk)
    assert Publication.objects.count() == 1
    assert Known.objects.get().draft_right


def test_an_audit_that_missed_an_error_is_corrected_too() -> None:
    cast = casts.company(second_rate=1.0, undo_s=0)
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task)
    look = casts.decide(cast.colleague, cast.task, **FIX)
    assert look.kind == ReviewKind.SECOND
    adjudicate.say(look.pk, stands=Stands.SECOND, words="It is a delivery.", by=cast.admin.pk)
    assert list(Publication.objects.order_by("number").values_list("ending", flat=True)) == ["unattended", "fixed"]


def test_it_is_said_once_with_a_reason_and_only_where_two_disagree() -> None:
    cast = casts.company(second_rate=1.0, undo_s=0)
    look = split(cast, ACCEPT, FIX)
    with pytest.raises(known.Unfit):
        adjudicate.say(look.pk, stands=Stands.SECOND, words=" ", by=cast.admin.pk)
    adjudicate.say(look.pk, stands=Stands.FIRST, words="So it is.", by=cast.admin.pk)
    with pytest.raises(Settled, match="somebody else"):
        adjudicate.say(look.pk, stands=Stands.SECOND, words="No, so.", by=cast.admin.pk)
    assert Adjudication.objects.get().stands == Stands.FIRST
    assert Publication.objects.count() == 1
    casts.one(cast.task, "m2")
    first = casts.decide(cast.reviewer, cast.task)
    same = casts.decide(cast.colleague, cast.task)
    for pk in (first.pk, same.pk):
        with pytest.raises(Settled, match="nothing to settle"):
            adjudicate.say(pk, stands=Stands.SECOND, words="Hm.", by=cast.admin.pk)
