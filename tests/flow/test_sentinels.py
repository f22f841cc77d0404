"""Sentinels in the flow: a veto goes to people whatever the score, stays in the share, and is told with its numbers."""

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from slider.engine import calibration, evidence
from slider.flow import policies, sentinels, setup
from slider.models import (
    Decision,
    Gauge,
    Item,
    Lane,
    Maker,
    Publication,
    Pulse,
    Review,
    ReviewKind,
    Score,
    State,
    Task,
    Why,
)
from tests import casts

pytestmark = pytest.mark.django_db
GOOD = {"topic": "refund", "urgent": False, "reply": "We have found your parcel and shall send it again today."}
NONSENSE = {"topic": "refund", "urgent": False, "reply": "da da da da da da da da"}


def decided(item: Item) -> Decision:
    return Decision.objects.get(item=item)


def many(task: Task, answers: list[Any], *, prefix: str = "m", p: float = 0.9) -> list[Decision]:
    names = [f"{prefix}{number}" for number in range(len(answers))]
    bodies = {name: {"text": f"Where is my parcel number {name}? I have waited for days."} for name in names}
    items = casts.route_all(
        task, {name: casts.says(answer, p=p) for name, answer in zip(names, answers, strict=True)}, bodies=bodies
    )
    return list(Decision.objects.filter(item__in=items).order_by("seq"))


def test_a_veto_goes_to_people_whatever_the_score() -> None:
    cast = casts.company(share=1.0)
    casts.calibrate(cast.task, p_correct=0.999)
    item = casts.one(cast.task, "m1", casts.says(NONSENSE, p=0.9999, confidence=1.0))
    assert item.state == State.REVIEW
    assert (decided(item).lane, decided(item).why) == (Lane.PEOPLE, Why.SENTINEL)
    assert "the answer's reply says “da” 8 times" in decided(item).detail
    assert Review.objects.get(item=item).kind == ReviewKind.GATE
    assert not Publication.objects.filter(item=item).exists()
    good = casts.one(cast.task, "m2", casts.says(GOOD, p=0.5))
    assert decided(good).lane == Lane.UNATTENDED


def test_what_the_sentinel_saw_is_stored_and_the_score_keeps_what_the_signals_made_of_it() -> None:
    cast = casts.company(share=1.0)
    casts.calibrate(cast.task, p_correct=0.9)
    casts.one(cast.task, "m1", casts.says(NONSENSE))
    (found,) = Score.objects.get().sentinels
    assert found == {
        "sentinel": "repetition",
        "where": "the answer's reply",
        "measure": "repeated share",
        "value": 1.0,
        "threshold": 0.6,
    }
    assert Score.objects.get().p_correct == pytest.approx(0.9)
    assert Score.objects.get().difficulty == 1e6


def test_vetoed_items_rank_hardest_and_stay_in_the_share() -> None:
    cast = casts.company(share=0.5)
    found = many(cast.task, [GOOD if number % 2 else NONSENSE for number in range(400)])
    vetoed = [one for one in found if one.why == Why.SENTINEL]
    assert len(vetoed) == 200
    assert all(one.rank is not None and one.lane == Lane.PEOPLE for one in vetoed)
    assert Gauge.objects.get().track["seen"] == 400
    # Half of all items are vetoed and half may run: the share is one of all items, so nearly every other one runs.
    assert sum(one.lane == Lane.UNATTENDED for one in found) >= 180
    late = [one for one in found[200:] if one.rank is not None]
    hardest = min(one.rank or 0.0 for one in late if one.why == Why.SENTINEL)
    assert hardest >= max(one.rank or 0.0 for one in late if one.why != Why.SENTINEL) - 0.05


def test_an_answer_that_is_missing_says_so_first() -> None:
    cast = casts.company(share=1.0)
    assert decided(casts.one(cast.task, "m1", casts.fails(), text="da da da da da da")).why == Why.NO_ANSWER


def test_a_hard_rule_says_so_first() -> None:
    cast = casts.company(share=1.0, never_unattended=[{"field": "channel", "equals": "mail"}])
    assert decided(casts.one(cast.task, "m1", casts.says(NONSENSE), channel="mail")).why == Why.RULE


def test_nonsense_that_comes_in_is_vetoed_where_answers_are_labels() -> None:
    cast = casts.company(share=1.0)
    item = casts.one(cast.task, "m1", text="da da da da da da da da")
    assert decided(item).why == Why.SENTINEL
    assert decided(item).detail.startswith("the item's text says “da”")


def test_a_task_switches_a_sentinel_off_from_the_next_item_on() -> None:
    cast = casts.company(share=1.0)
    assert decided(casts.one(cast.task, "m1", casts.says(NONSENSE))).why == Why.SENTINEL
    # The task in the shift's hands is an old copy: the switch is read where the answers are written.
    Task.objects.update(sentinels_off=["repetition"])
    assert decided(casts.one(cast.task, "m2", casts.says(NONSENSE))).lane == Lane.UNATTENDED
    assert Score.objects.latest("pk").sentinels == []


def test_the_database_refuses_a_switch_for_what_is_no_sentinel() -> None:
    cast = casts.company()
    with pytest.raises(IntegrityError, match="task_sentinels_off"), transaction.atomic():
        Task.objects.filter(pk=cast.task.pk).update(sentinels_off=["moods"])


def test_it_remembers_in_the_same_transaction_or_not_at_all() -> None:
    cast = casts.company(share=1.0)
    casts.one(cast.task, "m1")
    before = Pulse.objects.get().state
    with transaction.atomic():
        casts.one(cast.task, "m2")
        assert Pulse.objects.get().state["looked"] == 2
        transaction.set_rollback(True)
    assert Pulse.objects.get().state == before


def test_what_it_remembers_stays_small() -> None:
    cast = casts.company(share=0.5)
    for batch in range(4):
        many(
            cast.task, [GOOD | {"reply": f"Reply {n} " + "of many words " * 3} for n in range(150)], prefix=f"b{batch}-"
        )
    assert len(json.dumps(Pulse.objects.get().state)) < 25_000
    assert Pulse.objects.get().state["looked"] == 600


def test_an_unreadable_memory_is_begun_anew() -> None:
    cast = casts.company(share=1.0)
    casts.one(cast.task, "m1")
    Pulse.objects.update(state={"from": "another version"})
    assert decided(casts.one(cast.task, "m2", casts.says(NONSENSE))).why == Why.SENTINEL
    assert Pulse.objects.get().state["looked"] == 1


def test_a_worker_that_gets_stuck_on_one_answer_raises_suspicion_and_stops_nothing() -> None:
    cast = casts.company(share=1.0)
    topics = casts.TOPICS
    many(cast.task, [{"topic": topics[n % 5], "urgent": False} for n in range(300)])
    assert sentinels.alarms(cast.task.pk) == ()
    stuck = many(cast.task, [{"topic": "other", "urgent": False}] * 60, prefix="s")
    assert sentinels.alarms(cast.task.pk) == ("answers",)
    assert stuck[-1].lane == Lane.UNATTENDED
    Task.objects.update(sentinels_off=["collapse"])
    assert sentinels.alarms(cast.task.pk) == ()


def test_a_task_without_a_pulse_has_no_alarm() -> None:
    assert sentinels.alarms(casts.company().task.pk) == ()


def test_how_familiar_an_item_is_becomes_a_signal_once_enough_is_known() -> None:
    cast = casts.company(share=0.5)
    many(cast.task, [{"topic": "refund", "urgent": False}] * 200)
    signals = list(Score.objects.order_by("pk").values_list("signals", flat=True))
    assert "familiar" not in signals[0]
    assert abs(signals[-1]["familiar"]) < 6.1


def test_a_calibration_that_knows_no_familiarity_is_used_as_it_was_stored() -> None:
    cast = casts.company(share=1.0)
    old = calibration.prior()
    keep = len(evidence.SIGNALS) - 1
    assert old.signals[keep] == "familiar"
    stored: dict[str, Any] = old.to_json()
    for name in ("signals", "mean", "sd", "missing_share", "coef", "missing"):
        stored[name] = stored[name][:keep]
    made = policies.Evidence(allowed=None, calibration=stored, certificate={}, labels=0)
    policies.make(cast.task.pk, policies.Change(evidence=made), maker=Maker.GUARD, reason="from before")
    assert decided(casts.one(cast.task, "m1")).lane == Lane.UNATTENDED


def test_a_new_version_of_the_worker_copies_its_own_instructions() -> None:
    cast = casts.company(share=1.0)
    words = "Read the message twice with all your care and answer it in one short and friendly sentence."
    setup.replace_worker(cast.worker, {"instructions": words}, by=cast.tuner.pk)
    item = casts.one(cast.task, "m1", casts.says(GOOD | {"reply": words}))
    assert decided(item).why == Why.SENTINEL
    assert "copies the worker's instructions" in decided(item).detail
