"""A verdict that comes too late is kept as a second opinion, which nothing counts."""

import pytest

from slider.flow import review
from slider.flow.review import KeptAside, Said
from slider.models import Item, Publication, Review, SecondOpinion, State, Unheard, Verdict
from slider.queries import story
from tests import casts, judged
from tests.flow.undo_steps import ACCEPT, BETTER, late, undone

pytestmark = pytest.mark.django_db


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
