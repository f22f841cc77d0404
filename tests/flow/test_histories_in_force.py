"""A history in force: what it opens, how the guard goes on from it, and when it is refused."""

from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from slider.engine import certificate, lanes, once
from slider.flow import guard, histories, policies, setup, steer
from slider.flow.watching import listening, people, refit
from slider.models import Gauge, Item, Lane, Maker, Past, PastRow, PastState, Policy, Review, Task, Verdict
from tests import casts, judged, pasts
from tests.flow.history_steps import counts, guarded

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}


def test_twelve_hundred_rows_open_a_guarded_slider_before_any_live_item() -> None:
    cast = guarded()
    past = pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert not Item.objects.exists()
    assert [(one["examples"], one["values"]) for one in past.columns] == [([], {})] * len(past.columns) != []
    assert policy.allowed is not None
    assert policy.allowed >= 0.6
    assert 0.6 <= policy.effective <= 0.9
    assert (policy.epoch, past.epoch, policy.labels) == (2, 2, 1200)
    assert policy.certificate["history"] == 1200
    assert policy.reason == "from history: 1,200 rows of past.jsonl: a fair sample of March"
    assert (policy.maker, policy.made_by_id) == (Maker.PERSON, cast.tuner.pk)


def test_it_stays_open_after_the_guard_has_looked_and_then_moves_by_live_verdicts() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    before = Gauge.objects.get(pk=cast.task.pk).policy
    assert guard.tend(cast.task.pk).pk == before.pk  # nothing is new, so nothing is said
    judge(cast, 300, wrong=False)
    after = guard.tend(cast.task.pk)
    assert after.labels > 1200
    assert after.certificate["history"] == 1200
    assert f"1,200 rows of history and {after.labels - 1200:,} verdicts" in after.reason
    assert after.certificate["right"][-1] > before.certificate["right"][-1]
    assert after.certificate["upper"][-1] < before.certificate["upper"][-1]
    assert after.effective >= before.effective
    judge(cast, 300, wrong=True, start=1000)
    assert guard.tend(cast.task.pk).effective < before.effective


def judge(cast: casts.Company, count: int, *, wrong: bool, start: int = 0) -> None:
    """Route `count` items and have people judge every look that is owed."""
    names = [f"live{start + n}" for n in range(count)]
    answers = {name: casts.says(ANSWER, p=0.5 + 0.499 * n / count) for n, name in enumerate(names)}
    casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})
    said: dict[str, Any] = {"verdict": Verdict.FIX, "answer": ANSWER | {"topic": "other"}} if wrong else {}
    for _ in range(cast.task.reviews.filter(state="open").count()):
        casts.decide(cast.reviewer, cast.task, **said)
    casts.time_passes(cast.task)


def in_force(**changes: Any) -> tuple[casts.Company, Past]:
    cast = guarded(**changes)
    return cast, pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)


def test_the_guard_begins_the_epoch_with_the_history_s_own_counters_and_what_it_certified() -> None:
    cast, past = in_force()
    row, policy = judged.watch(cast), judged.in_force(cast)
    assert (row.epoch, row.judged, row.fitted_at) == (policy.epoch, 1200, 1200)
    assert (row.state["wrong"], row.state["right"]) == (past.counters["wrong"], past.counters["right"])
    proven = histories.proof(past, error_limit=policy.error_limit, delta=policy.delta)
    assert proven.cap == policy.certificate["cap"] == policy.allowed
    assert policy.certificate["certified"] == proven.certified.tolist()
    assert row.state["best"] == np.maximum(proven.best, 0.0).tolist()
    watch = listening.read(row, policy, people.NOT_MEASURED)
    watch.judge()
    assert np.all(watch.proof.certified[0] >= proven.certified)


def test_live_verdicts_add_to_the_history_s_counters_cut_by_cut_and_what_it_certified_stays_open() -> None:
    cast, past = in_force()
    before = judged.in_force(cast)
    judge(cast, 120, wrong=False)
    after = guard.tend(cast.task.pk)
    wrong, right = counts(cast)
    assert wrong.tolist() == past.counters["wrong"]
    looks = [look.bin or 0 for look in Review.objects.filter(task=cast.task, bin__isnull=False)]
    live = np.cumsum(np.bincount(looks, minlength=len(certificate.CUTS)))
    assert live[-1] > 20
    assert ((right - past.counters["right"]).sum(axis=1) == live).all()
    assert after.epoch == before.epoch
    assert after.certificate["cap"] >= before.certificate["cap"]
    assert after.effective >= before.effective > 0
    assert judged.watch(cast).judged == 1200 + live[-1]


def _after_many(cast: casts.Company) -> Policy:
    """After so many verdicts that the guard freezes a policy of them."""
    judge(cast, 320, wrong=False)
    policy = guard.tend(cast.task.pk)
    assert policy.labels > 1320
    return policy


def _after_more(cast: casts.Company) -> Policy:
    """After some verdicts, a part of them wrong, that a policy is frozen of."""
    judge(cast, 80, wrong=False)
    judge(cast, 8, wrong=True)
    guard.tend(cast.task.pk)
    return judged.in_force(cast)


def test_a_history_has_used_up_half_of_delta_and_the_next_epoch_has_all_of_it() -> None:
    cast, _ = in_force()
    policy = judged.in_force(cast)
    assert listening.delta(policy) == pytest.approx(policy.delta / 2)
    for look in (judged.in_force, _after_many):
        later = look(cast)
        assert listening.delta(later) == pytest.approx(policy.delta / 2)
        counters = certificate.Counters(*counts(cast))
        upper = certificate.upper(counters, delta=policy.delta / 2, fresh=(None, None))
        certified = np.array(later.certificate["certified"])
        assert np.array(later.certificate["upper"])[~certified] == pytest.approx(upper[~certified])
    judged.remember(cast, alarm=[1e6] * 5)
    casts.one(cast.task, "another")
    assert listening.delta(guard.tend(cast.task.pk)) == policy.delta


def test_no_bound_stands_above_the_limit_on_a_cut_that_the_look_at_a_history_certified() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(500))), cast)
    for look in (judged.in_force, _after_more):
        facts, limit = look(cast).certificate, cast.task.error_limit
        certified = np.array(facts["certified"])
        own = certificate.upper(certificate.Counters(*counts(cast)), delta=cast.task.delta / 2, fresh=(None, None))
        assert (own[certified] > limit).any()  # the epoch alone has not shown so much
        assert np.array(facts["upper"])[certified].max() <= limit


def test_the_guard_that_pulls_back_ends_the_history_with_its_epoch() -> None:
    cast, past = in_force()
    judge(cast, 60, wrong=False)
    guard.tend(cast.task.pk)
    judged.remember(cast, alarm=[1e6] * 5)
    casts.one(cast.task, "another")
    policy = guard.tend(cast.task.pk)
    assert (past.epoch, policy.epoch, policy.allowed, policy.effective, policy.labels) == (2, 3, None, 0.0, 0)
    assert "history" not in policy.certificate
    assert not any(policy.certificate["certified"])
    wrong, right = counts(cast)
    assert (wrong.sum(), right.sum()) == (0, 0)
    judge(cast, 30, wrong=False, start=1000)
    policy = guard.tend(cast.task.pk)
    assert (policy.effective, policy.labels, "history" in policy.certificate) == (0.0, 30, False)
    # Its rows are of the same worker and still teach the ranking; they prove nothing any more.
    found = refit.fit(policy, tested=policy.error_limit)
    assert found is not None
    assert found.fitted.labels > 1200


def test_a_history_with_several_chances_certifies_as_live_verdicts_do() -> None:
    cast = guarded(error_limit=0.2)
    made = [row | {"propensity": 1.0 if n % 3 else 0.5} for n, row in enumerate(pasts.rows(900))]
    past = pasts.bring(cast, pasts.jsonl(made))
    counters = certificate.Counters.from_json(past.counters)
    found = histories.proof(past, error_limit=0.2, delta=0.05)
    usual = certificate.certify(counters, error_limit=0.2, delta=0.05 * once.SHARE)
    assert (found.certified == usual.certified).all()
    assert found.cap > 0
    pasts.confirm(past, cast)
    before = judged.in_force(cast)
    judge(cast, 5, wrong=False)
    assert guard.tend(cast.task.pk).effective >= before.effective > 0


def test_the_first_live_items_are_ranked_among_past_ones() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    track = lanes.Track.from_json(Gauge.objects.get(pk=cast.task.pk).track)
    assert len(track.window) == lanes.WINDOW
    sure = casts.one(cast.task, "sure", casts.says(ANSWER, others=[ANSWER, ANSWER], p=0.999999))
    unsure = casts.one(cast.task, "unsure", casts.says(ANSWER, p=0.02))
    assert (sure.decision.lane, unsure.decision.lane) == (Lane.UNATTENDED, Lane.PEOPLE)
    assert (sure.decision.rank or 1) < 0.2
    assert (unsure.decision.rank or 0) > 0.8


def test_a_refit_learns_from_past_and_live_labels_alike() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(80))), cast)
    judge(cast, 60, wrong=False)
    policy = guard.tend(cast.task.pk)
    assert policy.calibration["labels"] == policy.certificate["fitted_at"] == policy.labels
    assert policy.labels >= 120


def test_rows_are_evidence_once_in_the_life_of_a_task() -> None:
    cast = guarded()
    content = pasts.jsonl(pasts.rows(100))
    pasts.confirm(pasts.bring(cast, content), cast)
    again = pasts.bring(cast, content)
    assert (again.findings["used"], again.findings["rows"]) == (100, 0)


def test_evidence_of_history_ends_with_its_epoch() -> None:
    cast = guarded()
    pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(1200))), cast)
    task = Task.objects.get(pk=cast.task.pk)
    task.error_limit = 0.04
    setup.save_task(task, by=cast.tuner.pk)
    policy = guard.tend(cast.task.pk)
    assert (policy.epoch, policy.allowed, policy.effective) == (3, None, 0.0)


def test_the_limits_in_force_decide_and_not_those_of_the_reading() -> None:
    cast = guarded(error_limit=0.2)
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(400, wrong=0.2, blind=True)))
    task = Task.objects.get(pk=cast.task.pk)
    task.error_limit = 0.01
    setup.save_task(task, by=cast.tuner.pk)
    pasts.confirm(past, cast)
    assert Gauge.objects.get(pk=cast.task.pk).policy.allowed == 0.0


def test_a_history_of_another_worker_version_is_refused() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(100)))
    setup.replace_worker(cast.worker, {"instructions": "Read it twice."}, by=cast.tuner.pk)
    with pytest.raises(histories.Unfit, match="the worker was replaced"):
        pasts.confirm(past, cast)
    assert Past.objects.get().state == PastState.READY


def test_a_slider_that_was_moved_meanwhile_is_not_overruled() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(100)))
    seen = cast.task.policies.get().number
    steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk)
    with pytest.raises(policies.Superseded):
        histories.confirm(past.pk, reason="open it", by=cast.tuner.pk, expected=seen)
    assert Past.objects.get().state == PastState.READY
    assert Gauge.objects.get(pk=cast.task.pk).policy.held


def test_what_is_pulled_back_stays_so_whatever_history_says() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(1200)))
    steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk)
    pasts.confirm(past, cast)
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert (policy.held, policy.effective) == (True, 0.0)
    assert policy.allowed


def test_it_is_put_into_force_once() -> None:
    cast = guarded()
    past = pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(100))), cast)
    with pytest.raises(histories.Unfit, match="was put into force"):
        pasts.confirm(past, cast)
    with pytest.raises(histories.Unfit, match="in force"):
        histories.drop(past)


def test_without_a_reason_nothing_is_put_into_force() -> None:
    cast = guarded()
    past = pasts.bring(cast, pasts.jsonl(pasts.rows(100)))
    with pytest.raises(histories.Unfit, match="say why"):
        pasts.confirm(past, cast, " \n ")


def test_evidence_in_force_is_edited_by_nobody() -> None:
    cast = guarded()
    past = pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(60))), cast)
    for touch in (
        lambda: PastRow.objects.filter(past=past).update(correct=True),
        lambda: PastRow.objects.filter(past=past).delete(),
        lambda: Past.objects.filter(pk=past.pk).update(rows=5),
    ):
        with pytest.raises(IntegrityError, match=r"evidence|append-only"), transaction.atomic():
            touch()
