"""Verdicts in routing order against the database: what waits, what is passed, and that nothing counts twice."""

import random
from collections.abc import Iterable
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from slider.engine import audit, certificate, watermark
from slider.engine.arrays import Ints
from slider.flow import guard, intake, review, setup
from slider.flow.watching import marks
from slider.flow.watching.marks import Span
from slider.models import Decision, Gauge, Mode, Review, ReviewState, Task, Verdict
from tests import casts, judged

pytestmark = pytest.mark.django_db
BINS = len(certificate.CUTS)
HOURS = 72.0


def company(items: int = 60) -> casts.Company:
    """A guarded task, everything with people: one look an item, of all kinds of difficulty."""
    cast = casts.company(share=0.0, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, items)
    return cast


def looks(cast: casts.Company) -> list[Review]:
    """Every look that can be evidence, in routing order."""
    return list(Review.objects.filter(task=cast.task, bin__isnull=False).exclude(kind="lookback").order_by("place"))


def say(cast: casts.Company, which: Iterable[Review], *, wrong: set[int] | None = None) -> None:
    """Judge these looks, in whatever order; those of the items in `wrong` are found wrong."""
    for look in which:
        verdict = Verdict.FIX if look.item_id in (wrong or set()) else Verdict.ACCEPT
        Review.objects.filter(pk=look.pk).update(
            state=ReviewState.DECIDED, verdict=verdict, holder=cast.reviewer, decided_at=timezone.now()
        )


def all_but(cast: casts.Company, *owed: Review) -> None:
    kept = {look.pk for look in owed}
    say(cast, [look for look in looks(cast) if look.pk not in kept and look.state == ReviewState.OPEN])


def easiest_and_hardest(cast: casts.Company) -> tuple[Review, Review]:
    """Two looks that are not the first of all: one in an easy bin, one in a hard bin."""
    found = sorted(looks(cast)[10:], key=lambda look: (look.bin or 0, look.pk))
    assert (found[0].bin or 0) < 5
    assert (found[-1].bin or 0) > BINS - 10
    return found[0], found[-1]


def at(cast: casts.Company, *, since: int = 0, until: int = 60) -> Ints:
    """The mark of each cut, shape (cuts,)."""
    waiting = marks.waiting(cast.task.pk, since=since, until=until, within_h=HOURS)
    assert waiting.shape == (BINS,)
    found: Ints = watermark.marks(waiting[None])[0]
    return found


def places(cast: casts.Company, *where: Span, epoch: int = 1) -> list[tuple[int, bool]]:
    """What is passed there: places, and whether they count as wrong."""
    found = marks.passed(cast.task.pk, epoch=epoch, where=list(where), within_h=HOURS)
    return [] if found is None else sorted(zip(found.places[0].tolist(), found.wrong[0].tolist(), strict=True))


def inside(cast: casts.Company) -> Ints:
    """What the guard has counted so far: labels inside each cut, shape (cuts, 2), wrong and right."""
    state = judged.watch(cast).state
    return np.stack([np.array(state[name]).sum(axis=1) for name in ("wrong", "right")], axis=1)


def by_hand(cast: casts.Company, reached: Ints) -> Ints:
    """The same from the looks themselves: those of each cut with a place below its mark."""
    table = np.zeros((BINS, 2), dtype=np.int64)
    for look in looks(cast):
        for cut in range(look.bin or 0, BINS):
            if (look.place or 0) < reached[cut]:
                assert look.state in (ReviewState.DECIDED, ReviewState.VOID)
                table[cut, int(look.verdict == Verdict.ACCEPT)] += 1
    return table


# -- what waits -------------------------------------------------------------------------------------------------------


def test_where_everything_is_judged_nothing_waits() -> None:
    cast = company()
    all_but(cast)
    assert set(at(cast).tolist()) == {60}


def test_an_easy_look_that_is_owed_holds_up_every_larger_cut() -> None:
    cast = company()
    easy, _ = easiest_and_hardest(cast)
    all_but(cast, easy)
    found = at(cast)
    assert set(found[: easy.bin].tolist()) <= {60}
    assert set(found[easy.bin :].tolist()) == {easy.place}


def test_a_hard_look_that_is_owed_holds_up_only_the_cuts_that_hold_it() -> None:
    cast = company()
    _, hard = easiest_and_hardest(cast)
    all_but(cast, hard)
    found = at(cast)
    assert set(found[: hard.bin].tolist()) == {60}
    assert set(found[hard.bin :].tolist()) == {hard.place}


def test_a_look_in_somebody_s_hands_waits_as_well() -> None:
    cast = company()
    held = casts.take(cast.colleague, cast.task)
    all_but(cast, held)
    assert (at(cast)[-1], held.place) == (0, 0)


def test_of_several_looks_of_one_bin_the_oldest_counts() -> None:
    cast = company()
    waiting = marks.waiting(cast.task.pk, since=0, until=60, within_h=HOURS)
    for bin_ in range(BINS):
        mine = [look.place or 0 for look in looks(cast) if look.bin == bin_]
        assert waiting[bin_] == min(mine, default=60)
    later = marks.waiting(cast.task.pk, since=30, until=45, within_h=HOURS)
    for bin_ in range(BINS):
        mine = [n for look in looks(cast) if look.bin == bin_ and 30 <= (n := look.place or 0) < 45]
        assert later[bin_] == min(mine, default=45)


def test_a_look_that_is_overdue_holds_up_nothing_any_more() -> None:
    cast = company()
    easy, hard = easiest_and_hardest(cast)
    all_but(cast, easy, hard)
    Review.objects.filter(pk=easy.pk).update(created_at=timezone.now() - timedelta(hours=HOURS + 1))
    found = at(cast)
    assert set(found[: hard.bin].tolist()) == {60}
    assert found[-1] == hard.place


def test_looks_back_hold_up_nothing() -> None:
    cast = company(20)
    all_but(cast)
    first = looks(cast)[0]
    Review.objects.create(item_id=first.item_id, task=cast.task, kind="lookback", place=first.place, bin=first.bin)
    assert set(at(cast, until=20).tolist()) == {20}
    assert len(places(cast, Span(0, 20))) == 20


# -- where to read ----------------------------------------------------------------------------------------------------


def cuts(*found: int) -> Ints:
    return np.array(found, dtype=np.int64)


def test_only_what_a_mark_has_passed_is_read_and_nothing_twice() -> None:
    assert marks.spans(cuts(5, 5, 5), cuts(5, 5, 5), since=0) == []
    assert marks.spans(cuts(50, 50, 5), cuts(60, 60, 5), since=5) == [Span(50, 60)]
    assert marks.spans(cuts(50, 5, 5), cuts(60, 9, 7), since=5) == [Span(5, 9), Span(50, 60)]
    assert marks.spans(cuts(50, 40, 5), cuts(60, 50, 5), since=5) == [Span(40, 60)]
    assert marks.spans(cuts(50, 40, 30), cuts(90, 60, 35), since=5) == [Span(30, 35), Span(40, 90)]


def test_what_lies_before_the_epoch_is_not_read() -> None:
    assert marks.spans(cuts(0, 0), cuts(120, 110), since=100) == [Span(100, 120)]
    assert marks.spans(cuts(0, 0), cuts(100, 100), since=100) == []


# -- what is passed ---------------------------------------------------------------------------------------------------


def test_nothing_is_passed_where_nothing_moved_or_nobody_looked() -> None:
    cast = company(10)
    all_but(cast)
    assert places(cast) == []
    assert places(cast, Span(500, 900)) == []


def test_only_the_places_that_were_asked_for_are_passed() -> None:
    cast = company()
    all_but(cast)
    found = [place for place, _ in places(cast, Span(3, 7), Span(50, 52))]
    assert found == [3, 4, 5, 6, 50, 51]


def test_wrong_withdrawn_and_overdue_answers_count_as_wrong_and_what_waits_does_not_count() -> None:
    cast = company(12)
    found = looks(cast)
    intake.withdraw(found[1].item_id, by=cast.tuner.pk, reason="a duplicate, I say")
    say(cast, [*found[4:], found[0]], wrong={found[5].item_id})
    Review.objects.filter(pk=found[2].pk).update(created_at=timezone.now() - timedelta(hours=HOURS + 1))
    wrong = {1, 2, 5}
    assert places(cast, Span(0, 12)) == [(n, n in wrong) for n in range(12) if n != 3]


def test_audits_carry_the_weight_of_their_chance() -> None:
    cast = casts.company(share=0.5, error_limit=0.5, audit_floor=0.25)
    judged.routed(cast, 60)
    all_but(cast)
    found = marks.passed(cast.task.pk, epoch=1, where=[Span(0, 60)], within_h=HOURS)
    assert found is not None
    decisions = {d.seq: d for d in Decision.objects.all()}
    assert len(set(found.classes[0].tolist())) == 2
    for place, weight, bin_ in zip(found.places[0], found.weights[0], found.bins[0], strict=True):
        decision = decisions[int(place)]
        assert decision.bin == bin_
        # Half of the lane is audited, so a look of chance 1 counts half as much.
        assert weight == (1.0 if decision.audit else 0.5)
    assert len(found.places[0]) == sum(d.audit or d.lane == "people" for d in decisions.values()) < 60


# -- through the guard ------------------------------------------------------------------------------------------------


def test_verdicts_behind_a_hard_look_count_for_the_easy_cuts_at_once_and_behind_an_easy_one_for_none() -> None:
    cast = company()
    easy, hard = easiest_and_hardest(cast)
    all_but(cast, easy, hard)
    guard.tend(cast.task.pk)
    np.testing.assert_array_equal(inside(cast), by_hand(cast, at(cast)))
    say(cast, [easy])
    policy = guard.tend(cast.task.pk)
    found = inside(cast).sum(axis=1)
    assert found[(hard.bin or 0) - 1] == sum((look.bin or 0) < (hard.bin or 0) for look in looks(cast))
    assert found[-1] == hard.place
    assert policy.labels == found.max() > found[-1]
    assert judged.watch(cast).counted_to == hard.place


def test_easy_cuts_open_while_the_first_and_hardest_answer_still_waits() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.4)
    casts.one(cast.task, "unsure", casts.says(judged.ANSWER, p=0.02))
    Review.objects.filter(item__external_id="unsure").update(bin=BINS - 1)
    judged.routed(cast, 100)
    first = looks(cast)[0]
    all_but(cast, first)
    policy = guard.tend(cast.task.pk)
    assert (first.place, inside(cast)[-1].sum()) == (0, 0)
    assert policy.allowed is not None
    assert 0.3 <= policy.effective <= policy.allowed < 1
    assert policy.labels > 50
    assert policy.certificate["fitted_at"] == policy.labels


def test_an_overdue_look_counts_as_wrong_for_good_in_every_cut_that_holds_it() -> None:
    cast = company()
    easy, _ = easiest_and_hardest(cast)
    held = Review.objects.get(pk=easy.pk)
    all_but(cast, held)
    Task.objects.update(judge_within_h=0)
    guard.tend(cast.task.pk)
    before = inside(cast)
    assert before[-1].tolist() == [1, 59]
    assert before[easy.bin :, 0].tolist() == [1] * (BINS - (easy.bin or 0))
    assert before[: easy.bin, 0].sum() == 0
    late = casts.take(cast.colleague, cast.task)
    assert late.pk == held.pk
    review.decide(late.pk, user_id=cast.colleague.pk, token=late.token, said=review.Said(Verdict.ACCEPT))
    Task.objects.update(judge_within_h=72)
    judged.routed(cast, 5, start=500)
    all_but(cast)
    guard.tend(cast.task.pk)
    assert inside(cast)[-1].tolist() == [1, 64]


@pytest.mark.parametrize("seed", range(3))
def test_many_small_rounds_count_each_verdict_once_in_each_cut_as_one_large_round_does(seed: int) -> None:
    chance = random.Random(seed)
    cast = casts.company(share=0.5, error_limit=0.5, audit_floor=0.25)
    for n in range(8):
        judged.routed(cast, 15, start=15 * n)
        owed = [look for look in looks(cast) if look.state == ReviewState.OPEN]
        some = chance.sample(owed, k=len(owed) // 2)
        say(cast, some, wrong={look.item_id for look in some if chance.random() < 0.2})
        guard.tend(cast.task.pk)
        np.testing.assert_array_equal(inside(cast), by_hand(cast, at(cast, until=15 * (n + 1))))
    all_but(cast)
    guard.tend(cast.task.pk)
    found = marks.passed(cast.task.pk, epoch=1, where=[Span(0, 120)], within_h=HOURS)
    assert found is not None
    once = certificate.count(certificate.CUTS[found.bins[0]], classes=found.classes[0], wrong=found.wrong[0])
    state = judged.watch(cast).state
    assert (state["wrong"], state["right"]) == (once.wrong.tolist(), once.right.tolist())
    assert once.labels == len(looks(cast)) == int((inside(cast)[-1]).sum())
    assert len(state["wrong"][0]) == audit.STEPS


def test_looks_of_an_older_epoch_hold_up_nothing_and_never_count() -> None:
    cast = company(30)
    setup.replace_worker(cast.worker, {"instructions": "Read twice."}, by=cast.tuner.pk)
    old = looks(cast)
    judged.routed(cast, 20, start=300)
    say(cast, looks(cast)[30:])
    guard.tend(cast.task.pk)
    assert (inside(cast)[-1].tolist(), judged.watch(cast).counted_to) == ([0, 20], 50)
    say(cast, old, wrong={look.item_id for look in old})
    judged.routed(cast, 1, start=600)
    guard.tend(cast.task.pk)
    assert inside(cast)[-1].tolist() == [0, 20]
    assert places(cast, Span(0, 50), epoch=2) == [(n, False) for n in range(30, 50)]
    assert [place for place, _ in places(cast, Span(0, 50), epoch=1)] == list(range(30))


def test_what_a_closed_region_sent_to_people_holds_up_nothing_and_counts_nowhere() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    judged.remember(cast, regions=[[1e6] * 3 if n in (2, 3) else [0.0] * 3 for n in range(8)])
    judged.routed(cast, 1, start=898)
    judged.judge(cast)
    assert guard.tend(cast.task.pk).certificate["closed_regions"] == [2, 3]
    before = inside(cast)[-1].sum()
    judged.routed(cast, 60, start=2000)
    closed = set(Decision.objects.filter(why="quarantine").values_list("item_id", flat=True))
    assert len(closed) > 3
    all_but(cast)
    assert Review.objects.filter(item_id__in=closed, state=ReviewState.OPEN, bin=None).count() == len(closed)
    guard.tend(cast.task.pk)
    routed = Gauge.objects.get(pk=cast.task.pk).routed
    assert set(at(cast, until=routed).tolist()) == {routed}
    assert inside(cast)[-1].sum() - before == 60 - len(closed)
