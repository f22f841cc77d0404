"""The guard: what it learns from verdicts, and what it may not use."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from slider.engine import calibration, certificate, evidence, lanes
from slider.flow import intake, review, setup
from slider.flow.watching import refit, verdicts
from slider.models import Act, ActKind, Decision, Gauge, Maker, Mode, Review, ReviewState, Task, Unheard, Verdict, Watch
from tests import casts, judged
from tests.flow.guard_steps import counted, tend, third

pytestmark = pytest.mark.django_db


def hard(look: Review) -> bool:
    return (look.item.decision.rank or 0.0) > 0.6


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_with_nothing_new_it_only_gives_a_sign_of_life() -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED)
    tend(cast)
    before = judged.watch(cast)
    Gauge.objects.update(checked_at=timezone.now() - timedelta(minutes=5))
    policy = tend(cast)
    assert (policy.number, judged.watch(cast).round) == (1, before.round)
    assert timezone.now() - Gauge.objects.get(pk=cast.task.pk).checked_at < timedelta(seconds=5)


def test_enough_right_verdicts_open_the_slider_by_themselves() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 200)
    judged.judge(cast)
    policy = tend(cast)
    assert policy.maker == Maker.GUARD
    assert policy.allowed is not None
    assert 0.3 <= policy.allowed <= 1
    assert 0 < policy.effective <= 0.9
    assert policy.labels == 200
    assert "200 verdicts" in policy.reason
    assert Act.objects.get().kind == ActKind.OPENED


def test_too_many_wrong_verdicts_leave_it_shut() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 100)
    judged.judge(cast, wrong=third)
    policy = tend(cast)
    assert (policy.allowed, policy.effective) == (0.0, 0.0)
    assert not Act.objects.exists()


def test_many_small_rounds_count_what_one_large_round_counts() -> None:
    cast = casts.company(share=0.5, error_limit=0.5, audit_floor=0.25)
    for n in range(6):
        judged.routed(cast, 20, start=20 * n)
        judged.judge(cast, wrong=third, most=13)
        tend(cast)
    judged.judge(cast, wrong=third)
    tend(cast)
    looks = Review.objects.filter(task=cast.task, state=ReviewState.DECIDED).exclude(item__decision__bin=None)
    wrong = looks.exclude(verdict=Verdict.ACCEPT).count()
    assert counted(cast) == (looks.count() - wrong, wrong)
    row = judged.watch(cast)
    heard = row.state["heard"]
    assert (sum(one[0] for one in heard), sum(one[1] for one in heard)) == (looks.count() - wrong, wrong)
    assert row.counted_to == row.routed_to == row.settled_to == Gauge.objects.get().routed == 120
    assert row.state["items"] == 120


def test_verdicts_behind_the_oldest_look_still_owed_do_not_count_yet_in_the_cuts_that_hold_it() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 60)
    first = casts.take(cast.colleague, cast.task)  # the oldest stays in a colleague's hands
    for _ in range(59):
        casts.decide(cast.reviewer, cast.task)
    tend(cast)
    assert first.item.decision.seq == judged.watch(cast).counted_to == first.place == 0
    bins = np.array(Review.objects.filter(state=ReviewState.DECIDED).values_list("bin", flat=True))
    inside = np.array(judged.watch(cast).state["right"]).sum(axis=1)
    assert first.bin is not None
    assert inside.tolist() == [(bins <= cut).sum() if cut < first.bin else 0 for cut in range(len(inside))]
    review.decide(first.pk, user_id=cast.colleague.pk, token=first.token, said=review.Said(Verdict.ACCEPT))
    tend(cast)
    assert counted(cast) == (60, 0)


def test_a_look_that_is_owed_beyond_the_deadline_counts_as_wrong_for_good() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 60)
    forgotten = casts.take(cast.colleague, cast.task)
    for _ in range(59):
        casts.decide(cast.reviewer, cast.task)
    Task.objects.update(judge_within_h=0)
    overdue = tend(cast)
    assert (overdue.labels, overdue.certificate["wrong"][-1]) == (60, 1)
    review.decide(forgotten.pk, user_id=cast.colleague.pk, token=forgotten.token, said=review.Said(Verdict.ACCEPT))
    tend(cast)
    assert counted(cast) == (59, 1)
    assert not Unheard.objects.exists()  # the detectors have heard it all the same


def test_an_item_withdrawn_after_its_answer_could_be_seen_counts_as_wrong() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 30)
    looked_at = Decision.objects.order_by("seq")[3]
    intake.withdraw(looked_at.item_id, by=cast.tuner.pk, reason="a duplicate, I say")
    judged.judge(cast)
    tend(cast)
    assert counted(cast) == (29, 1)


def test_an_item_withdrawn_before_it_had_an_answer_counts_for_nothing() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    (early,) = casts.bring_in(cast.task, {"early": {"text": "hello"}})
    intake.withdraw(early.pk, by=cast.tuner.pk, reason="a duplicate")
    judged.routed(cast, 20)
    judged.judge(cast)
    tend(cast)
    assert counted(cast) == (20, 0)


def test_items_that_a_hard_rule_keeps_are_no_evidence_and_hold_nothing_up() -> None:
    rules = [{"field": "channel", "equals": "mail"}]
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2, never_unattended=rules)
    casts.one(cast.task, "ruled", channel="mail")
    held = casts.take(cast.colleague, cast.task)
    judged.routed(cast, 20)
    for _ in range(20):
        casts.decide(cast.reviewer, cast.task)
    tend(cast)
    assert (counted(cast), held.item.decision.bin) == ((20, 0), None)


def test_saying_the_same_verdict_twice_is_heard_once() -> None:
    cast = casts.company(share=0.0)
    casts.one(cast.task)
    held = casts.take(cast.reviewer, cast.task)
    for _ in range(2):
        review.decide(held.pk, user_id=cast.reviewer.pk, token=held.token, said=review.Said(Verdict.ACCEPT))
    assert Unheard.objects.count() == 1
    tend(cast)
    tend(cast)
    assert counted(cast) == (1, 0)


def test_the_facts_add_up_to_the_verdicts() -> None:
    cast = casts.company(share=0.0)
    judged.routed(cast, 80)
    judged.judge(cast, wrong=third)
    policy = tend(cast)
    facts = policy.certificate
    assert facts["right"][-1] + facts["wrong"][-1] == policy.labels == 80
    names = ("cuts", "right", "wrong", "error", "upper", "lower", "certified", "best")
    assert {len(facts[name]) for name in names} == {len(certificate.CUTS)}
    bounds = [b for b in zip(facts["lower"], facts["error"], facts["upper"], strict=True) if b[1] is not None]
    assert bounds
    assert all(low - 1e-9 <= error <= upper + 1e-9 for low, error, upper in bounds)
    assert (facts["allowed"], facts["cap"], facts["quarantine"]) == (policy.allowed, 0.0, [])
    assert facts["ledger"].keys() == {"items", "found", "at_most", "since", "blind"}
    assert facts["tuning"]["alarm"] == 2000.0
    assert facts["tuning"]["floor"] == cast.task.audit_floor


def test_evidence_of_an_older_epoch_is_gone_and_its_late_verdicts_change_nothing() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 60)
    judged.judge(cast, most=40)
    assert tend(cast).labels == 40
    task = Task.objects.get(pk=cast.task.pk)
    task.error_limit = 0.1
    setup.save_task(task, by=cast.tuner.pk)
    judged.judge(cast)
    policy = tend(cast)
    assert (policy.epoch, policy.allowed, policy.effective) == (2, None, 0.0)
    assert (counted(cast), judged.watch(cast).counted_to, Unheard.objects.count()) == ((0, 0), 60, 0)


def test_what_the_brake_holds_is_allowed_less_than_what_is_certified() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    cap = judged.in_force(cast).certificate["cap"]
    recent = judged.watch(cast).state["recent"]
    late = [k for k, cut in enumerate(certificate.CUTS) if 0.5 < cut <= cap]
    judged.remember(cast, recent=[[0.0, 40.0] if k in late else one for k, one in enumerate(recent)])
    judged.routed(cast, 10, start=500)
    policy = tend(cast)
    facts = policy.certificate
    assert facts["cap"] >= cap > policy.allowed == facts["allowed"] == facts["brake"]["share"]
    assert policy.effective <= facts["allowed"]
    assert "look worse" in facts["brake"]["words"]


# -- audits -----------------------------------------------------------------------------------------------------------


def test_the_audit_chance_follows_the_watch_also_on_trial() -> None:
    cast = casts.company(share=1.0, error_limit=0.5, audit_floor=1 / 16)
    assert judged.in_force(cast).audit_chance == 0.5
    judged.routed(cast, 60)
    policy = tend(cast)  # 3 / (0.5 * 60) = 0.1, on the next rung up
    assert policy.audit_chance == pytest.approx(0.125)
    assert "is audited from here on" in policy.reason


def test_a_raised_floor_holds_with_the_next_round_although_nobody_judged_anything() -> None:
    cast = casts.company(share=1.0, error_limit=0.5, audit_floor=1 / 16)
    judged.routed(cast, 60)
    tend(cast)
    Task.objects.update(audit_floor=0.5)
    assert tend(cast).audit_chance == 0.5


# -- calibration ------------------------------------------------------------------------------------------------------


def test_the_calibration_is_refitted_from_forty_verdicts_on_and_its_key_changes() -> None:
    cast = casts.company(share=0.0)
    judged.routed(cast, 39)
    judged.judge(cast, wrong=third)
    before = tend(cast)
    assert before.certificate["fitted_at"] == 0
    judged.routed(cast, 30, start=100)
    judged.judge(cast, wrong=third)
    after = tend(cast)
    assert after.certificate["fitted_at"] == after.labels >= 40
    assert after.calibration != before.calibration
    assert after.calibration["labels"] == 69


def test_a_fit_reads_a_bounded_number_of_verdicts_and_weighs_audits_by_their_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast = casts.company(share=0.5, error_limit=0.5, audit_floor=0.25)
    judged.routed(cast, 60)
    judged.judge(cast, wrong=third)
    found = refit.fit(judged.in_force(cast), tested=0.5)
    assert found is not None
    whole = found.fitted
    looks = Review.objects.filter(state=ReviewState.DECIDED).select_related("item__decision")
    assert whole.weight == pytest.approx(sum(1 / look.item.decision.audit_chance for look in looks))
    assert whole.weight > whole.labels == len(looks)
    monkeypatch.setattr(refit, "NEWEST", 10)
    fewer = refit.fit(judged.in_force(cast), tested=0.5)
    assert fewer is not None
    assert fewer.fitted.labels == 10


def test_a_fit_that_would_spoil_the_lane_leaves_the_ranking_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company(share=0.0, error_limit=0.2)
    judged.routed(cast, 80)
    judged.judge(cast, wrong=hard)
    good = tend(cast)
    fitted = calibration.Calibration.from_json(good.calibration)
    turned = replace(fitted, coef=tuple(-one for one in fitted.coef), labels=500)
    monkeypatch.setattr(calibration, "fit", lambda *_, **__: turned)
    judged.routed(cast, 150, start=100)
    judged.judge(cast, wrong=hard)
    after = tend(cast)
    assert after.labels > good.labels
    assert after.calibration == good.calibration
    assert Watch.objects.get(task=cast.task).fitted_at == after.labels  # tried again in a while


def test_a_new_calibration_ranks_the_next_items_among_their_like() -> None:
    cast = casts.company(share=0.0)
    judged.routed(cast, 60)
    judged.judge(cast, wrong=third)
    before = lanes.Track.from_json(Gauge.objects.get(pk=cast.task.pk).track)
    policy = tend(cast)
    after = lanes.Track.from_json(Gauge.objects.get(pk=cast.task.pk).track)
    assert (len(after.window), after.debt, after.seen) == (60, before.debt, before.seen)
    assert after.window != before.window
    fitted = calibration.Calibration.from_json(policy.calibration)
    newest = Decision.objects.order_by("-seq")[0]
    assert newest.attempt is not None
    score = fitted.logit(evidence.matrix([newest.attempt.score.signals]))[0]
    assert after.window[-1] == pytest.approx(score, abs=1e-6)


def test_scores_of_another_calibration_say_nothing_about_drift() -> None:
    cast = casts.company(share=0.0)
    judged.routed(cast, 30)
    (piece,) = verdicts.routed(cast.task.pk, since=0, calibration=calibration.prior().key)
    assert (len(piece.scores), bool((piece.scores == piece.scores).all())) == (30, True)
    (other,) = verdicts.routed(cast.task.pk, since=0, calibration="another")
    assert (len(other.scores), bool((other.scores == other.scores).any())) == (30, False)
