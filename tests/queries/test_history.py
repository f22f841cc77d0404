"""The history says who moved the slider, from where to where, and pages backwards without a gap."""

import pytest

from slider.flow import steer
from slider.models import Mode
from slider.queries import history
from tests import casts, evidence

pytestmark = pytest.mark.django_db


def test_each_move_is_said_with_who_and_what() -> None:
    cast = casts.company(share=0.8, mode=Mode.GUARDED)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    steer.apply(cast.task.pk, share=0.5, mode=Mode.TRIAL, reason="Less", by=cast.tuner.pk)
    steer.pull_back(cast.task.pk, reason="Stop", by=cast.reviewer.pk)
    page = history.page(cast.task.pk)
    assert [entry.who for entry in page.entries] == ["reviewer", "tuner", "the guard", "admin"]
    assert page.entries[0].changes == ["pulled back: everything to people", "in effect 50 % → 0 %"]
    assert page.entries[1].changes[:2] == ["asked 80 % → 50 %", "held by evidence → on a person's word"]
    assert "allowed not known yet → 60 %" in page.entries[2].changes
    assert page.entries[3].changes == ["began at 80 %, held by evidence"]


def test_routine_is_folded_and_moves_of_people_and_of_shares_stay() -> None:
    cast = casts.company(share=0.8, mode=Mode.GUARDED)
    for right in (900, 901, 902):
        evidence.prove(cast.task, right=right, wrong=200, up_to=0.6)
    steer.apply(cast.task.pk, share=0.8, mode=Mode.GUARDED, reason="Stays", by=cast.tuner.pk)
    evidence.prove(cast.task, right=10, wrong=5, up_to=0.6)
    folded = history.page(cast.task.pk, routine=False)
    assert [entry.policy.number for entry in folded.entries] == [6, 5, 2, 1]
    assert "allowed 60 % → 0 %" in folded.entries[0].changes
    assert len(history.page(cast.task.pk).entries) == 6


def test_it_pages_backwards_without_a_gap() -> None:
    cast = casts.company(share=0.0)
    for number in range(45):
        steer.apply(cast.task.pk, share=number / 100, mode=Mode.TRIAL, reason=f"move {number}", by=cast.tuner.pk)
    numbers: list[int] = []
    before: int | None = None
    for _ in range(3):
        page = history.page(cast.task.pk, before=before)
        numbers += [entry.policy.number for entry in page.entries]
        before = page.before
    assert numbers == list(range(46, 0, -1))
    assert before is None


def test_what_stood_before_a_persons_move_can_be_put_back_and_the_guards_acts_are_told_apart() -> None:
    cast = casts.company(share=0.8, mode=Mode.GUARDED)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    steer.apply(cast.task.pk, share=0.5, mode=Mode.GUARDED, reason="Less", by=cast.tuner.pk)
    steer.pull_back(cast.task.pk, reason="Stop", by=cast.reviewer.pk)
    held, moved, proven, first = history.page(cast.task.pk).entries
    assert [entry.moved_setting for entry in (held, moved, proven, first)] == [False, True, False, False]
    assert [entry.by_guard for entry in (held, moved, proven, first)] == [False, False, True, False]
    assert moved.before is not None
    assert moved.before.requested == 0.8


def test_who_moved_it_last_is_whoever_changed_what_runs_or_what_was_asked() -> None:
    cast = casts.company(share=0.8, mode=Mode.GUARDED)
    steer.apply(cast.task.pk, share=0.5, mode=Mode.GUARDED, reason="Less", by=cast.tuner.pk)
    first = history.last_move(cast.task.pk)
    assert first is not None
    assert (first.who, first.policy.reason) == ("tuner", "Less")
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    evidence.prove(cast.task, right=90_000, wrong=20_000, up_to=0.6)  # allows more, and moves nothing
    last = history.last_move(cast.task.pk)
    assert last is not None
    assert (last.who, last.policy.reason) == ("the guard", "1100 verdicts")
    assert history.entry(last.policy).changes == last.changes
