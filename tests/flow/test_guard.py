"""The guard: what it learns from verdicts, what it may not use, and that it never acts on an old view."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from slider.engine import calibration, certificate, evidence, lanes
from slider.flow import guard, intake, policies, review, setup, steer, watches
from slider.flow.watching import refit, verdicts
from slider.models import (
    Act,
    ActKind,
    Decision,
    Gauge,
    Maker,
    Mode,
    Policy,
    Review,
    ReviewState,
    Task,
    Unheard,
    Verdict,
    Watch,
)
from tests import casts, judged

pytestmark = pytest.mark.django_db
tend = judged.tend


def hard(look: Review) -> bool:
    return (look.item.decision.rank or 0.0) > 0.6


def third(look: Review) -> bool:
    return int(look.item.external_id[1:]) % 3 == 0


def counted(cast: casts.Company) -> tuple[int, int]:
    """Right and wrong verdicts inside the guard's last cut, which holds every one that counts."""
    state = judged.watch(cast).state
    return sum(state["right"][-1]), sum(state["wrong"][-1])


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


# -- two hands --------------------------------------------------------------------------------------------------------


def test_a_person_who_moves_the_slider_meanwhile_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 100)
    judged.judge(cast)
    real = verdicts.heard

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk)
        return real(*args, **kwargs)

    monkeypatch.setattr(verdicts, "heard", meanwhile)
    policy = tend(cast)
    assert (policy.held, policy.effective, policy.labels) == (True, 0.0, 100)
    assert policy.allowed is not None
    assert policy.allowed >= 0.3


def test_a_worker_that_is_replaced_meanwhile_ends_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED, error_limit=0.2)
    judged.routed(cast, 100)
    judged.judge(cast)
    real = verdicts.heard

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        setup.replace_worker(cast.worker, {"instructions": "Read twice."}, by=cast.tuner.pk)
        return real(*args, **kwargs)

    monkeypatch.setattr(verdicts, "heard", meanwhile)
    policy = tend(cast)
    assert (policy.epoch, policy.allowed, policy.effective, policy.maker) == (2, None, 0.0, Maker.PERSON)
    monkeypatch.undo()
    tend(cast)
    assert (counted(cast), judged.watch(cast).epoch, Unheard.objects.count()) == ((0, 0), 2, 0)


STEPS = [(policies, "make"), (watches, "keep"), (guard, "act"), (policies, "touch")]


@pytest.mark.parametrize(("where", "step"), STEPS, ids=[step for _, step in STEPS])
def test_a_round_that_dies_at_any_step_leaves_nothing_and_the_next_one_does_it_all(
    monkeypatch: pytest.MonkeyPatch, where: Any, step: str
) -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.4)
    judged.routed(cast, 60)
    judged.judge(cast)

    def dies(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("killed")

    if step == "touch":  # a round that takes something in and makes no policy of it
        tend(cast)
        judged.routed(cast, 1, start=200)
        judged.judge(cast)
    before = (judged.in_force(cast).number, judged.watch(cast).round, Unheard.objects.count(), Act.objects.count())
    monkeypatch.setattr(where, step, dies)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tend(cast)
    monkeypatch.undo()
    after = (judged.in_force(cast).number, judged.watch(cast).round, Unheard.objects.count(), Act.objects.count())
    assert after == before
    assert tend(cast).effective >= 0.3
    assert (Unheard.objects.count(), Act.objects.filter(kind=ActKind.OPENED).count()) == (0, 1)
    assert sum(counted(cast)) == (61 if step == "touch" else 60)


def test_acts_can_not_be_edited_or_deleted() -> None:
    judged.opened(mode=Mode.GUARDED)
    for change in (lambda: Act.objects.update(words="nothing happened"), lambda: Act.objects.all().delete()):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


# -- fail safe --------------------------------------------------------------------------------------------------------


def _without(name: str) -> Any:
    def cut(state: dict[str, Any]) -> Any:
        return {key: value for key, value in state.items() if key != name}

    return cut


BROKEN: dict[str, Any] = {
    "a list": lambda _: [1, 2],
    "a text": lambda _: "nothing",
    "empty after verdicts": lambda _: {},
    "a part is missing": _without("alarm"),
    "a number for a table": lambda state: state | {"wrong": 3},
    "another grid": lambda state: state | {"right": state["right"][:28]},
    "counts below nothing": lambda state: state | {"wrong": [[-1] * len(row) for row in state["wrong"]]},
    "words for numbers": lambda state: state | {"alarm": ["a"] * 5},
    "more than can be counted": lambda state: state | {"wrong": [[10**30] * len(row) for row in state["wrong"]]},
    "no wealth": lambda state: state | {"best": [None] * len(state["best"])},
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_memory_that_can_not_be_read_starts_a_new_epoch_at_zero_and_says_so(what: str) -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    row = judged.watch(cast)
    row.state = BROKEN[what](row.state)
    row.save(update_fields=["state"])
    policy = tend(cast)
    assert (policy.epoch, policy.allowed, policy.effective, policy.maker) == (2, None, 0.0, Maker.GUARD)
    assert "can't be read" in policy.reason
    assert policy.reason.endswith("evidence starts anew")
    assert Act.objects.first().kind == ActKind.ANEW  # type: ignore[union-attr]
    row = judged.watch(cast)
    assert (row.epoch, row.state, row.counted_to, row.ledger["items"]) == (2, {}, 60, 0)
    assert tend(cast).epoch == 2


def test_a_memory_that_is_gone_starts_a_new_epoch_and_a_new_ledger() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    judged.watch(cast).delete()
    policy = tend(cast)
    assert (policy.epoch, policy.effective) == (2, 0.0)
    assert "is gone" in policy.reason
    row = judged.watch(cast)
    assert (row.epoch, row.routed_to, row.settled_to, row.ledger) == (2, 60, 60, {})


def test_a_memory_of_another_epoch_is_none() -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    row = judged.watch(cast)
    row.epoch = 7
    row.save(update_fields=["epoch"])
    assert (tend(cast).epoch, judged.watch(cast).epoch) == (2, 2)


UNREADABLE = [{"items": 3}, [4], {"items": 1, "found": [0], "least_chance": 1.0}, {"found": [10**30]}]


@pytest.mark.parametrize("ledger", UNREADABLE)
def test_a_ledger_that_can_not_be_read_begins_again_with_the_evidence(ledger: Any) -> None:
    cast = judged.opened(mode=Mode.GUARDED)
    row = judged.watch(cast)
    row.ledger = ledger
    row.save(update_fields=["ledger"])
    since = row.ledger_since
    assert (tend(cast).epoch, tend(cast).epoch) == (2, 2)
    row = judged.watch(cast)
    assert (row.ledger, row.settled_to, row.ledger_since > since) == ({}, 60, True)


def test_a_sign_of_life_from_the_future_is_none() -> None:
    cast = casts.company(share=1.0)
    Gauge.objects.update(checked_at=timezone.now() + timedelta(hours=1))
    assert casts.one(cast.task).decision.why == "stale"
    tend(cast)
    assert casts.one(cast.task, "m2").decision.why == "easy"


def test_the_ledger_counts_what_ran_unattended_over_all_epochs() -> None:
    cast = casts.company(share=1.0, error_limit=0.4, audit_floor=0.5)
    judged.routed(cast, 40)
    audits = judged.judge(cast, wrong=third)
    found = sum(third(look) for look in Review.objects.select_related("item"))
    tend(cast)
    setup.replace_worker(cast.worker, {"instructions": "Read twice."}, by=cast.tuner.pk)
    judged.routed(cast, 10, start=100)
    audits += judged.judge(cast)
    tend(cast)
    ledger = judged.watch(cast).ledger
    assert (ledger["items"], sum(ledger["found"]), ledger["least_chance"]) == (50, found, 0.5)
    assert 0 < found < audits
    assert ledger["found"][2] == found  # a half is the third rung
    judged.routed(cast, 40, start=500)
    judged.judge(cast)
    facts = tend(cast).certificate["ledger"]
    assert (facts["items"], facts["found"]) == (90, found)
    assert facts["at_most"] > max(found, facts["blind"])


def test_the_ledger_ends_at_the_oldest_audit_that_is_owed_and_a_gate_does_not_hold_it_up() -> None:
    cast = casts.company(share=0.5, error_limit=0.5, audit_floor=1.0)
    judged.routed(cast, 40)
    tend(cast)
    first = Decision.objects.filter(audit=True).earliest("seq").seq
    assert judged.watch(cast).settled_to == first
    for look in Review.objects.filter(kind="audit").order_by("pk"):
        Review.objects.filter(pk=look.pk).update(
            state="decided", verdict="accept", holder=cast.reviewer, decided_at=timezone.now()
        )
    tend(cast)
    assert (judged.watch(cast).settled_to, judged.watch(cast).counted_to < 40) == (40, True)
    assert Policy.objects.exists()
