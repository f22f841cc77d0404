"""The guard never acts on an old view, and what it can't read it begins anew."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from slider.flow import guard, policies, setup, steer, watches
from slider.flow.watching import verdicts
from slider.models import Act, ActKind, Decision, Gauge, Maker, Mode, Policy, Review, Unheard
from tests import casts, judged
from tests.flow.guard_steps import counted, tend, third

pytestmark = pytest.mark.django_db


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
