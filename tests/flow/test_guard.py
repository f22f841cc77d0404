"""The guard: what it learns from verdicts, what it may not use, and that it never acts on an old view."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from slider.engine import calibration, evidence, lanes
from slider.flow import guard, review, setup, steer
from slider.models import Decision, Gauge, Maker, Mode, Policy, Task, Verdict
from tests import casts

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}
OTHER = {"topic": "delivery", "urgent": False}


def reviewed(
    cast: casts.Company, count: int, *, wrong_every: int = 0, start: int = 0, judged: int | None = None
) -> None:
    """Route `count` items and have people judge them in order, the first `judged` of them."""
    names = [f"m{start + n}" for n in range(count)]
    answers = {name: casts.says(ANSWER, p=0.5 + 0.49 * (n * 7919 % count) / count) for n, name in enumerate(names)}
    casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})
    for n in range(count if judged is None else judged):
        wrong = wrong_every and n % wrong_every == 0
        said: dict[str, Any] = {"verdict": Verdict.FIX, "answer": OTHER} if wrong else {}
        casts.decide(cast.reviewer, cast.task, **said)


def tend(cast: casts.Company) -> Policy:
    return guard.tend(cast.task.pk)


def test_with_nothing_new_it_only_gives_a_sign_of_life() -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED)
    Gauge.objects.update(checked_at=timezone.now() - timedelta(minutes=5))
    policy = tend(cast)
    assert policy.number == 1
    assert timezone.now() - Gauge.objects.get(pk=cast.task.pk).checked_at < timedelta(seconds=5)


def test_enough_right_verdicts_open_the_slider_by_themselves() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    reviewed(cast, 200)
    policy = tend(cast)
    assert policy.maker == Maker.GUARD
    assert policy.allowed is not None
    assert 0.3 <= policy.allowed <= 1
    assert 0 < policy.effective <= 0.9
    assert policy.labels == 200
    assert "200 verdicts" in policy.reason


def test_too_many_wrong_verdicts_leave_it_shut() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    reviewed(cast, 200, wrong_every=3)
    policy = tend(cast)
    assert (policy.allowed, policy.effective) == (0.0, 0.0)


def test_verdicts_behind_the_oldest_look_still_owed_do_not_count_yet() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    reviewed(cast, 60, judged=0)
    first = casts.take(cast.colleague, cast.task)  # the oldest stays in a colleague's hands
    for _ in range(59):
        casts.decide(cast.reviewer, cast.task)
    assert tend(cast).number == 1
    assert first.item.decision.seq == 0


def test_a_look_that_is_owed_beyond_the_deadline_counts_as_wrong_until_it_is_judged() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    reviewed(cast, 60, judged=0)
    forgotten = casts.take(cast.colleague, cast.task)
    for _ in range(59):
        casts.decide(cast.reviewer, cast.task)
    Task.objects.update(judge_within_h=0)
    overdue = tend(cast)
    assert (overdue.labels, overdue.certificate["wrong"][-1]) == (60, 1)
    review.decide(forgotten.pk, user_id=cast.colleague.pk, token=forgotten.token, said=review.Said(Verdict.ACCEPT))
    judged = tend(cast)
    assert (judged.labels, judged.certificate["wrong"][-1]) == (60, 0)


def test_the_calibration_is_refitted_from_forty_verdicts_on_and_its_key_changes() -> None:
    cast = casts.company(share=0.0)
    reviewed(cast, 39, wrong_every=4)
    before = tend(cast)
    assert before.certificate["fitted_at"] == 0
    reviewed(cast, 30, wrong_every=4, start=100)
    after = tend(cast)
    assert after.certificate["fitted_at"] == after.labels >= 40
    assert after.calibration != before.calibration
    assert after.calibration["labels"] == 69


def test_a_new_calibration_ranks_the_next_items_among_their_like() -> None:
    cast = casts.company(share=0.0)
    reviewed(cast, 60, wrong_every=3)
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


def test_a_person_who_moves_the_slider_meanwhile_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED, error_limit=0.2)
    reviewed(cast, 100)
    real = guard._evidence

    def meanwhile(policy: Policy, labels: guard.Labels) -> Any:
        steer.pull_back(cast.task.pk, reason="stop", by=cast.reviewer.pk)
        return real(policy, labels)

    monkeypatch.setattr(guard, "_evidence", meanwhile)
    assert tend(cast).reason == "stop"
    monkeypatch.undo()
    assert tend(cast).held is True


def test_evidence_of_an_older_epoch_is_gone() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.2)
    reviewed(cast, 200)
    assert tend(cast).allowed
    task = Task.objects.get(pk=cast.task.pk)
    task.error_limit = 0.1
    setup.save_task(task, by=cast.tuner.pk)
    policy = tend(cast)
    assert (policy.epoch, policy.allowed, policy.effective) == (2, None, 0.0)


def test_the_facts_add_up_to_the_verdicts() -> None:
    cast = casts.company(share=0.0)
    reviewed(cast, 80, wrong_every=4)
    policy = tend(cast)
    facts = policy.certificate
    assert facts["right"][-1] + facts["wrong"][-1] == policy.labels
    assert len({len(facts[name]) for name in ("cuts", "right", "wrong", "error", "upper", "certified", "best")}) == 1
    bounds = [(e, u) for e, u in zip(facts["error"], facts["upper"], strict=True) if e is not None]
    assert all(error <= upper + 1e-9 for error, upper in bounds)
