"""Routing: the lane, the audit draw, the Decision, and everything that keeps an item with people."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from slider.engine import certificate
from slider.flow import claims, intake, policies, setup, steer
from slider.flow.work import Finding
from slider.llm.records import Outcome
from slider.models import (
    Decision,
    Gauge,
    Item,
    Lane,
    Maker,
    Mode,
    Policy,
    Publication,
    Review,
    ReviewKind,
    State,
    Task,
    Why,
)
from tasks.settle import settle
from tests import casts

pytestmark = pytest.mark.django_db
ANSWER = {"topic": "refund", "urgent": False}


def decided(item: Item) -> Decision:
    return Decision.objects.get(item=item)


def many(task: Task, count: int) -> None:
    names = [f"m{n}" for n in range(count)]
    answers = {name: casts.says(ANSWER, p=0.5 + 0.49 * (n * 7919 % count) / count) for n, name in enumerate(names)}
    casts.route_all(task, answers, bodies={name: {"text": "hello"} for name in names})


def test_an_easy_item_runs_unattended_and_its_result_is_owed_at_once() -> None:
    cast = casts.company(share=1.0)
    item = casts.one(cast.task)
    assert item.state == State.DONE
    assert decided(item).lane == Lane.UNATTENDED
    result = Publication.objects.get(item=item)
    assert (result.number, result.answer) == (1, ANSWER)
    assert result.due_at <= timezone.now()


def test_a_hard_item_waits_for_people_and_owes_nothing_yet() -> None:
    cast = casts.company(share=0.0)
    item = casts.one(cast.task)
    assert item.state == State.REVIEW
    assert (decided(item).lane, decided(item).why) == (Lane.PEOPLE, Why.HARD)
    assert Review.objects.get(item=item).kind == ReviewKind.GATE
    assert not Publication.objects.filter(item=item).exists()


@pytest.mark.parametrize("share", [0.3, 0.8])
def test_the_realised_share_is_within_a_point_of_the_slider_over_a_thousand_items(share: float) -> None:
    cast = casts.company(share=share)
    many(cast.task, 1000)
    ran = Decision.objects.filter(lane=Lane.UNATTENDED).count()
    assert abs(ran / 1000 - share) <= 0.01


def test_unanswered_items_are_the_hardest_of_all_and_never_run_unattended() -> None:
    cast = casts.company(share=1.0)
    item = casts.one(cast.task, answered=casts.fails(Outcome.REFUSED, detail="the model refused: no medical advice"))
    assert (decided(item).lane, decided(item).why) == (Lane.PEOPLE, Why.NO_ANSWER)
    assert "no medical advice" in decided(item).detail


def test_a_hard_rule_keeps_an_item_with_people_and_out_of_the_share() -> None:
    cast = casts.company(share=1.0, never_unattended=[{"field": "channel", "equals": "mail"}])
    ruled = casts.one(cast.task, "m1", channel="mail")
    free = casts.one(cast.task, "m2", channel="chat")
    assert (decided(ruled).why, decided(ruled).rank, decided(ruled).detail) == (Why.RULE, None, "channel is mail")
    assert decided(free).lane == Lane.UNATTENDED
    assert Gauge.objects.get(pk=cast.task.pk).track["seen"] == 1


def test_under_the_guard_the_share_may_be_made_up_for_as_far_as_evidence_allows() -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED)
    certified = [bool(cut <= 0.8) for cut in certificate.CUTS]
    known = Policy.objects.get().calibration
    evidence = policies.Evidence(0.8, known, {"certified": certified, "allowed": 0.8}, 300)
    policies.make(cast.task.pk, policies.Change(evidence=evidence), maker=Maker.GUARD, reason="the test found it")
    many(cast.task, 200)
    lane = list(Decision.objects.filter(lane=Lane.UNATTENDED))
    assert abs(len(lane) / 200 - 0.5) <= 4 / 200
    ranks = [decision.rank for decision in lane if decision.rank is not None]
    assert 0.5 < max(ranks) <= 0.8


def test_a_rule_by_source_keeps_what_came_that_way() -> None:
    cast = casts.company(share=1.0, never_unattended=[{"source": "key:crm"}])
    intake.add(cast.task, [intake.Row({"text": "a"}, "k1")], origin="key CRM")
    intake.add(cast.task, [intake.Row({"text": "b"}, "k2")], origin="key shop")
    casts.answer_all(cast.task, {name: casts.says(ANSWER) for name in ("k1", "k2")})
    ruled, free = (decided(item) for item in Item.objects.order_by("external_id"))
    assert (ruled.why, ruled.detail, ruled.rank) == (Why.RULE, "it came from key CRM", None)
    assert free.lane == Lane.UNATTENDED


def test_a_rule_by_stake_keeps_what_is_dear() -> None:
    cast = casts.company(share=1.0, never_unattended=[{"field": "orders", "at_least": 10}])
    assert decided(casts.one(cast.task, "m1", orders=10)).detail == "orders is 10 or more"
    assert decided(casts.one(cast.task, "m2", orders=9)).lane == Lane.UNATTENDED
    assert decided(casts.one(cast.task, "m3")).detail == "orders is not known as a number"


@pytest.mark.parametrize(("rule", "held"), [(7, "7"), ("7", 7), (True, "true"), (7, 7), ("true", True)])
def test_a_hard_rule_means_a_value_however_it_is_written(rule: object, held: object) -> None:
    task = Task(never_unattended=[{"field": "zip", "equals": rule}])
    assert task.hard_rule({"zip": held}) == f"zip is {rule}"
    assert task.hard_rule({"zip": "another"}) == ""
    assert task.hard_rule({}) == ""


def test_a_silent_guard_sends_everything_to_people() -> None:
    cast = casts.company(share=1.0)
    Gauge.objects.update(checked_at=timezone.now() - timedelta(minutes=10))
    assert decided(casts.one(cast.task)).why == Why.STALE


def test_a_pulled_back_slider_sends_everything_to_people_until_it_is_released() -> None:
    cast = casts.company(share=1.0)
    steer.pull_back(cast.task.pk, reason="complaints came in", by=cast.reviewer.pk)
    held = decided(casts.one(cast.task, "m1"))
    assert (held.why, held.detail, held.share) == (Why.HELD, "complaints came in", 0.0)
    steer.release(cast.task.pk, reason="it was another team's", by=cast.tuner.pk)
    assert decided(casts.one(cast.task, "m2")).lane == Lane.UNATTENDED


def test_under_the_guard_nothing_runs_unattended_without_evidence() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED)
    assert decided(casts.one(cast.task)).lane == Lane.PEOPLE


def test_under_the_guard_an_answer_of_a_worker_without_evidence_goes_to_people() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED)
    casts.bring_in(cast.task, {"m1": {"text": "hello"}})
    old = cast.worker
    setup.replace_worker(old, {"instructions": "Read it twice."}, by=cast.tuner.pk)
    policy = Gauge.objects.get(pk=cast.task.pk).policy
    assert (policy.epoch, policy.allowed, policy.worker_id != old.pk) == (2, None, True)


def test_audits_are_drawn_at_the_recorded_chance_and_the_draw_can_be_checked_later() -> None:
    cast = casts.company(share=1.0, audit_floor=0.25, error_limit=0.5)
    many(cast.task, 400)
    lane = list(Decision.objects.filter(lane=Lane.UNATTENDED))
    chances = {decision.audit_chance for decision in lane}
    assert chances == {Policy.objects.get().audit_chance} == {0.5}
    drawn = [decision.item_id for decision in lane if decision.audit]
    assert 160 <= len(drawn) <= 240
    assert set(Review.objects.filter(kind=ReviewKind.AUDIT).values_list("item_id", flat=True)) == set(drawn)


def test_the_database_itself_refuses_an_unattended_item_that_was_not_easy() -> None:
    cast = casts.company()
    decision = decided(casts.one(cast.task))
    decision.item = casts.bring_in(cast.task, {"m2": {"text": "hello"}})[0]
    decision.seq += 1
    decision.lane = Lane.UNATTENDED
    with pytest.raises(IntegrityError, match="decision_only_easy_unattended"), transaction.atomic():
        decision.save(force_insert=True)


def test_places_in_the_order_are_given_without_gaps() -> None:
    cast = casts.company(share=0.5)
    many(cast.task, 30)
    many_more = casts.one(cast.task, "last")
    assert sorted(Decision.objects.values_list("seq", flat=True)) == list(range(31))
    assert decided(many_more).seq == Gauge.objects.get(pk=cast.task.pk).routed - 1


def test_an_answer_of_a_replaced_worker_is_no_evidence_about_the_new_one_on_trial_either() -> None:
    cast = casts.company(share=1.0, mode=Mode.TRIAL)
    casts.bring_in(cast.task, {"m1": {"text": "hello"}})
    (taken,) = claims.claim(cast.task.pk, most=1, max_tries=5, lease_s=60, by="a worker of the old version")
    setup.replace_worker(cast.worker, {"instructions": "Read it twice."}, by=cast.tuner.pk)
    settle([Finding(taken, casts.says(ANSWER), None)], cast.worker, cast.task)
    found = Decision.objects.get()
    assert (found.lane, found.why, found.bin, found.epoch) == (Lane.PEOPLE, Why.STALE, None, 2)
