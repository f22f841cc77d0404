"""What most of several people said, each without the others, becomes a known answer as an agreement of two does."""

import pytest

from slider.flow import corrections, known, review, undo
from slider.flow.review import Said
from slider.models import Known, KnownFrom, Review, ReviewKind, ReviewState, Role, Task, Verdict
from slider.queries import offered
from tests import casts
from tests.casts import Company

pytestmark = pytest.mark.django_db
BETTER = {"topic": "delivery", "urgent": True}


def looked(cast: Company, name: str, *said: Said) -> None:
    """One item that so many people look at, each without the others."""
    casts.one(cast.task, name)
    for number, one in enumerate(said):
        who = (cast.reviewer, cast.colleague, cast.admin)[number]
        held = casts.take(who, cast.task)
        review.decide(held.pk, user_id=who.pk, token=held.token, said=one)


def gathered(cast: Company) -> dict[str, Known]:
    known.gather(cast.task)
    return {one.item.external_id: one for one in Known.objects.select_related("item")}


ACCEPT, FIX, REJECT = Said(Verdict.ACCEPT), Said(Verdict.FIX, BETTER), Said(Verdict.REJECT, reason="wrong")


def test_more_than_half_make_a_known_answer_and_a_leads_word_makes_none() -> None:
    cast = casts.company(looks=3, undo_s=0)
    lead = casts.person("lead", role=Role.LEAD, of=cast.project)
    looked(cast, "all", ACCEPT, ACCEPT, ACCEPT)
    looked(cast, "most", FIX, ACCEPT, Said(Verdict.FIX, dict(reversed(BETTER.items()))))
    looked(cast, "rejected", REJECT, Said(Verdict.REJECT, reason="policy"), ACCEPT)
    looked(cast, "split", ACCEPT, FIX, REJECT)
    casts.decide(lead, cast.task)
    found = gathered(cast)
    assert {name: (one.draft_right, one.answer, one.source) for name, one in found.items()} == {
        "all": (True, Review.objects.get(item__external_id="all", kind=ReviewKind.GATE).answer, KnownFrom.AGREED),
        "most": (False, BETTER, KnownFrom.AGREED),
        "rejected": (False, None, KnownFrom.AGREED),
    }
    assert found["most"].explanation == "2 of 3 people said so, each without the others."
    assert len(gathered(cast)) == 3  # twice makes no two


def test_not_before_none_of_them_can_take_it_back() -> None:
    cast = casts.company(looks=2, undo_s=600)
    looked(cast, "m1", ACCEPT, ACCEPT)
    assert gathered(cast) == {}
    last = Review.objects.get(kind=ReviewKind.PEER, holder=cast.colleague)
    held = undo.undo(last.pk, user_id=cast.colleague.pk, token=last.token, lease_s=60)
    cast.task.undo_s = 0
    assert gathered(cast) == {}  # it is open again
    review.decide(held.pk, user_id=cast.colleague.pk, token=held.token, said=ACCEPT)
    assert list(gathered(cast)) == ["m1"]


def test_what_was_corrected_or_had_no_draft_is_none() -> None:
    cast = casts.company(looks=2, undo_s=0)
    looked(cast, "corrected", ACCEPT, ACCEPT)
    item = cast.task.items.get(external_id="corrected")
    corrections.correct(item.pk, user_id=cast.admin.pk, said=Said(Verdict.FIX, BETTER, "wrong"))
    casts.one(cast.task, "none", casts.fails())
    for who in (cast.reviewer, cast.colleague):
        casts.decide(who, cast.task, verdict=Verdict.REJECT, reason="wrong")
    assert gathered(cast) == {}


def test_it_is_put_before_somebody_who_was_not_among_them_and_before_nobody_else() -> None:
    cast = casts.company(looks=2, undo_s=0)
    third = casts.person("third", role=Role.REVIEWER, of=cast.project)
    for n in range(12):
        looked(cast, f"m{n}", ACCEPT, ACCEPT)
    Task.objects.filter(pk=cast.task.pk).update(known_rate=0.5)
    cast.task.refresh_from_db()
    for n in range(12):
        casts.one(cast.task, f"new{n}")
    planted = Review.objects.filter(kind=ReviewKind.KNOWN, state=ReviewState.OPEN)
    assert planted.exists()
    for who, may in ((cast.reviewer, False), (cast.colleague, False), (third, True)):
        assert planted.filter(offered.to(who.pk)).exists() is may, who
    assert set(planted.values_list("item__external_id", flat=True)) <= {f"m{n}" for n in range(12)}
