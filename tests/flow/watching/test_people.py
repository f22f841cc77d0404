"""What known answers say of reviewers lowers the limit that labels are tested at, and no beginning shuts a lane."""

from dataclasses import replace

import pytest
from django.db.models.functions import Now

from slider.engine import reviewers
from slider.flow import guard, known
from slider.flow.watching import listening, people
from slider.flow.watching.people import Seen
from slider.models import Item, Known, KnownFrom, Mode, Review, ReviewKind, ReviewState, Verdict
from tests import casts, judged

pytestmark = pytest.mark.django_db


def judge_known(cast: casts.Company, *, caught: int, missed: int) -> list[Item]:
    """Known wrong drafts, judged by the colleague: so many fixed, so many called right."""
    taken = Known.objects.values("item_id")
    items = list(Item.objects.filter(task=cast.task).exclude(pk__in=taken).order_by("pk")[: caught + missed])
    assert len(items) == caught + missed
    for n, item in enumerate(items):
        Known.objects.create(item=item, task=cast.task, draft_right=False, source=KnownFrom.AGREED)
        Review.objects.create(
            item=item,
            task=cast.task,
            kind=ReviewKind.KNOWN,
            state=ReviewState.DECIDED,
            holder=cast.colleague,
            verdict=Verdict.ACCEPT if n < missed else Verdict.REJECT,
            decided_at=Now(),
        )
    return items


def test_until_enough_were_judged_reviewers_are_taken_to_catch_every_error() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    before = judged.in_force(cast)
    judge_known(cast, caught=reviewers.LEAST_JUDGED - 1, missed=0)
    after = judged.tend(cast)
    assert (after.pk, after.effective) == (before.pk, before.effective)
    assert after.certificate["reviewers"]["at_most"] is None
    seen = people.seen(cast.task.pk)
    assert (listening.missed(after, seen), listening.tested(after, seen)) == (0.0, after.error_limit)
    assert listening.delta(after, seen) == after.delta


def test_then_labels_are_tested_at_what_they_are_shown_to_catch_with_the_rest_of_delta() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    judge_known(cast, caught=38, missed=2)
    policy = judged.tend(cast)
    told = policy.certificate["reviewers"]
    assert (told["judged"], told["missed"]) == (40, 2)
    seen = people.seen(cast.task.pk)
    assert told["at_most"] == pytest.approx(float(reviewers.miss_upper(2, 40, delta=policy.delta * reviewers.PART)))
    assert listening.tested(policy, seen) == pytest.approx(policy.error_limit * (1.0 - told["at_most"]))
    assert listening.delta(policy, seen) == pytest.approx(policy.delta * (1.0 - reviewers.PART))
    assert "known answers show that people miss at most" in policy.reason
    assert judged.watch(cast).state["tested"] == pytest.approx(listening.tested(policy, seen))
    assert judged.tend(cast).pk == policy.pk


def test_reviewers_who_miss_much_shut_the_lane_at_once() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    before = judged.in_force(cast)
    judge_known(cast, caught=2, missed=reviewers.LEAST_MISSED)
    policy = judged.tend(cast)
    assert before.effective > 0
    assert policy.effective == 0
    assert policy.epoch == before.epoch  # its labels stay what they are
    assert policy.labels == before.labels
    assert policy.certificate["ledger"]["blind"] > before.certificate["ledger"]["blind"]


def test_more_known_answers_open_it_again_without_a_new_label() -> None:
    cast = judged.opened(mode=Mode.GUARDED, items=120)
    judge_known(cast, caught=2, missed=3)
    assert judged.tend(cast).effective == 0
    judge_known(cast, caught=100, missed=0)
    policy = judged.tend(cast)
    assert policy.effective > 0
    assert policy.certificate["reviewers"]["at_most"] < 0.2


def test_what_turns_out_to_be_no_known_answer_counts_for_nobody() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    for item in judge_known(cast, caught=2, missed=3):
        known.retire(item.pk, task_id=cast.task.pk)
    assert people.seen(cast.task.pk) == people.NOT_MEASURED


def test_right_drafts_say_nothing_of_misses() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    judge_known(cast, caught=20, missed=20)
    Known.objects.update(draft_right=True)
    assert people.seen(cast.task.pk) == people.NOT_MEASURED


def test_the_bound_is_never_so_large_that_nothing_could_be_tested() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    seen = Seen(judged=40, missed=40)
    policy = judged.in_force(cast)
    assert listening.missed(policy, seen) == reviewers.MOST
    assert 0.0 < listening.tested(policy, seen) < 0.01
    judge_known(cast, caught=0, missed=40)
    assert guard.tend(cast.task.pk).effective == 0


def test_parts_of_delta_add_up_after_a_look_at_history() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    policy = judged.in_force(cast)
    policy.certificate["history"] = 200
    seen = replace(people.NOT_MEASURED, judged=60)
    assert listening.delta(policy, seen) == pytest.approx(policy.delta * (1.0 - 0.5 - reviewers.PART))
