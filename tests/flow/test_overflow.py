"""When more waits than people carry: what gives way, what is written down, and that the share never rises for it."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from slider.engine import audit
from slider.flow import guard, overflow
from slider.models import Decision, Gauge, Lane, Mode, Overflow, Policy, Spell, Task
from tests import casts, judged

pytestmark = pytest.mark.django_db
LOW, HIGH = {"waiting": 10, "hours": 1.0, "oldest_h": 1.0}, {"waiting": 900, "hours": 60.0, "oldest_h": 30.0}


def staffed(**changes: Any) -> casts.Company:
    return casts.company(staffed_hours=8.0, **changes)


def load(cast: casts.Company, found: dict[str, Any]) -> Spell | None:
    return overflow.tend(cast.task.pk, **found)


def stretched(cast: casts.Company) -> int:
    return Task.objects.get(pk=cast.task.pk).stretched_h


def in_force(cast: casts.Company) -> Policy:
    return Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy


def test_a_spell_begins_above_a_day_of_work_and_ends_below_half_of_one() -> None:
    cast = staffed()
    assert load(cast, {**LOW, "hours": 8.0}) is None
    begun = load(cast, {**LOW, "hours": 8.1})
    assert begun is not None
    assert (load(cast, {**LOW, "hours": 5.0}), load(cast, {**LOW, "hours": 4.0})) == (begun, None)
    assert Spell.objects.get().ended_at is not None


@pytest.mark.parametrize("found", [{**HIGH, "hours": None}, HIGH])
def test_what_is_not_known_makes_nothing_give_way(found: dict[str, Any]) -> None:
    cast = staffed(overflow=Overflow.STRETCH) if found["hours"] is None else casts.company(overflow=Overflow.STRETCH)
    assert load(cast, found) is None
    assert (stretched(cast), Spell.objects.count()) == (0, 0)


def test_hold_only_says_that_items_wait() -> None:
    cast = staffed()
    spell = load(cast, HIGH)
    assert spell is not None
    assert spell.words == (
        "900 looks waited, about 60.0 hours of work, where 8 a day are staffed: items wait, and nothing else changes."
    )
    assert stretched(cast) == 0


def test_stretching_adds_what_the_backlog_needs_and_never_more_than_the_setting_again() -> None:
    cast = staffed(overflow=Overflow.STRETCH, judge_within_h=72)
    load(cast, {**HIGH, "hours": 20.0})  # two and a half days: within the 72 hours
    assert stretched(cast) == 0
    spell = load(cast, {**HIGH, "hours": 32.0})
    assert spell is not None
    assert (stretched(cast), Task.objects.get(pk=cast.task.pk).due_within_h) == (24, 96)
    assert "due times are extended by 24 hours" in spell.words
    load(cast, {**HIGH, "hours": 8_000.0})
    assert Task.objects.get(pk=cast.task.pk).due_within_h == 144


def test_a_look_that_was_given_more_time_keeps_it() -> None:
    cast = staffed(overflow=Overflow.STRETCH, judge_within_h=72)
    load(cast, {**HIGH, "hours": 40.0})
    assert stretched(cast) == 48
    still = load(cast, {**LOW, "oldest_h": 80.5})
    assert (stretched(cast), still is not None) == (9, True)
    assert load(cast, {**LOW, "oldest_h": 71.0}) is None
    assert stretched(cast) == 0


def test_another_policy_ends_the_spell_and_begins_its_own() -> None:
    cast = staffed()
    load(cast, HIGH)
    Task.objects.filter(pk=cast.task.pk).update(overflow=Overflow.FEWER)
    load(cast, HIGH)
    assert list(Spell.objects.order_by("pk").values_list("policy", "ended_at")) == [
        ("hold", Spell.objects.earliest("pk").ended_at),
        ("fewer", None),
    ]
    assert Spell.objects.earliest("pk").ended_at is not None


def test_the_database_stretches_nothing_but_by_that_policy() -> None:
    cast = staffed()
    with pytest.raises(IntegrityError, match="task_overflow"), transaction.atomic():
        Task.objects.filter(pk=cast.task.pk).update(stretched_h=1)


def dense() -> casts.Company:
    """A guarded task whose share is open, and whose audits are denser than their floor."""
    cast = judged.opened(mode=Mode.GUARDED, staffed_hours=8.0, overflow=Overflow.FEWER)
    Task.objects.filter(pk=cast.task.pk).update(audit_floor=1 / 16)
    judged.routed(cast, 1, start=500)
    judged.judge(cast)
    guard.tend(cast.task.pk)
    return cast


def test_fewer_audits_means_the_floor_from_a_ladder_and_each_item_keeps_the_chance_it_had() -> None:
    cast = dense()
    before = in_force(cast)
    assert before.audit_chance > 1 / 16
    load(cast, HIGH)
    thinned = guard.tend(cast.task.pk)
    assert thinned.audit_chance == pytest.approx(1 / 16)
    assert "more waits than a day's reviewer hours carry" in thinned.reason
    judged.routed(cast, 30, start=600)
    chances = set(Decision.objects.filter(policy=thinned, lane=Lane.UNATTENDED).values_list("audit_chance", flat=True))
    assert [audit.rung(chance) for chance in chances] == [audit.rung(1 / 16)]
    assert (
        before.audit_chance
        in set(Decision.objects.filter(policy=before, lane=Lane.UNATTENDED).values_list("audit_chance", flat=True))
        or not Decision.objects.filter(policy=before).exists()
    )
    judged.judge(cast)
    after = judged.tend(cast)
    assert after.epoch == before.epoch  # the evidence of both chances stands together
    load(cast, LOW)
    judged.routed(cast, 1, start=700)
    assert guard.tend(cast.task.pk).audit_chance > 1 / 16


def test_a_floor_that_was_raised_is_kept_under_any_backlog() -> None:
    cast = dense()
    Task.objects.filter(pk=cast.task.pk).update(audit_floor=0.5)
    load(cast, HIGH)
    judged.routed(cast, 1, start=600)
    assert guard.tend(cast.task.pk).audit_chance >= 0.5


def test_suspicion_never_gives_way_to_a_backlog() -> None:
    cast = dense()
    load(cast, HIGH)
    guard.tend(cast.task.pk)
    state = judged.watch(cast)
    state.state["boost_until"] = [float(10**6)]
    state.save(update_fields=["state"])
    judged.routed(cast, 1, start=800)
    assert guard.tend(cast.task.pk).audit_chance > 1 / 16


def test_a_round_with_nothing_new_makes_one_policy_and_no_second_one() -> None:
    cast = dense()
    load(cast, HIGH)
    first = guard.tend(cast.task.pk)
    assert guard.tend(cast.task.pk).number == first.number


@pytest.mark.parametrize("policy", Overflow.values)
@pytest.mark.parametrize("backlog", [{"waiting": 10**6, "hours": 10.0**5, "oldest_h": 10.0**4}])
def test_no_backlog_raises_the_share_or_moves_an_item_to_the_unattended_lane(
    policy: str, backlog: dict[str, Any]
) -> None:
    cast = judged.opened(mode=Mode.GUARDED, share=0.5, staffed_hours=8.0, overflow=policy)
    before = in_force(cast)
    load(cast, backlog)
    after = guard.tend(cast.task.pk)
    assert (after.requested, after.allowed, after.effective, after.mode, after.held) == (
        before.requested,
        before.allowed,
        before.effective,
        before.mode,
        before.held,
    )
    ran = forty(cast)
    assert 0 < sum(ran) < 40
    assert ran == CALM  # the lanes of the same items where nothing waits


def forty(cast: casts.Company) -> list[bool]:
    """Whether each of forty items runs unattended; none is as difficult as another, so that no coin breaks a tie."""
    names = [f"new{n}" for n in range(40)]
    answers = {name: casts.says(judged.ANSWER, p=0.502 + 0.49 * (n * 37 % 101) / 101) for n, name in enumerate(names)}
    casts.route_all(cast.task, answers, bodies={name: {"text": "hello"} for name in names})
    made = Decision.objects.filter(task=cast.task, item__external_id__startswith="new").order_by("seq")
    return [decision.lane == Lane.UNATTENDED for decision in made]


def test_the_lanes_of_a_calm_day_are_these() -> None:
    cast = judged.opened(mode=Mode.GUARDED, share=0.5, staffed_hours=8.0)
    guard.tend(cast.task.pk)
    assert forty(cast) == CALM


CALM = [digit == "1" for digit in "0010110110100101101101001011011010010110"]
