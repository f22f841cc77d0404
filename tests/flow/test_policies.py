"""The slider's three shares, who may move them, and what each change does to the evidence."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from slider.engine import certificate
from slider.flow import operate, policies, setup, steer
from slider.flow.policies import Change, Evidence, Superseded
from slider.models import Gauge, Maker, Mode, Policy, Stance, Task
from tests import casts

pytestmark = pytest.mark.django_db


def in_force(cast: casts.Company) -> Policy:
    return Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy


def proof(cap: float) -> Evidence:
    """Evidence that certifies every cut up to `cap`."""
    certified = [bool(cut <= cap) for cut in certificate.CUTS]
    return Evidence(cap, in_force_calibration(), {"certified": certified}, 300)


def in_force_calibration() -> dict[str, object]:
    return dict(Policy.objects.latest("pk").calibration)


def give(cast: casts.Company, evidence: Evidence) -> Policy:
    return policies.make(cast.task.pk, Change(evidence=evidence), maker=Maker.GUARD, reason="the test found it")


@pytest.mark.parametrize(
    ("asked", "cap", "effective"),
    [(0.8, 0.6, 0.6), (0.4, 0.6, 0.4), (0.5, 0.0, 0.0), (0.615, 0.9, 0.6), (1.0, 1.0, 1.0)],
)
def test_under_the_guard_the_share_is_the_largest_certified_cut_that_was_asked_for(
    asked: float, cap: float, effective: float
) -> None:
    cast = casts.company(share=asked, mode=Mode.GUARDED)
    policy = give(cast, proof(cap))
    assert (policy.requested, policy.allowed, policy.effective) == (asked, cap, effective)


def test_under_the_guard_the_brake_binds_as_well() -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED)
    certified = [bool(cut <= 0.8) for cut in certificate.CUTS]
    policy = give(cast, Evidence(0.7, in_force_calibration(), {"certified": certified, "allowed": 0.7}, 300))
    assert (policy.allowed, policy.effective) == (0.7, 0.7)
    higher = steer.apply(cast.task.pk, share=1.0, mode=Mode.GUARDED, reason="more", by=cast.tuner.pk)
    assert (higher.requested, higher.effective) == (1.0, 0.7)


def test_a_certificate_is_read_by_the_cuts_that_it_was_made_with() -> None:
    cast = casts.company(share=1.0, mode=Mode.GUARDED)
    old = {"cuts": [0.3, 0.6, 0.9], "certified": [True, True, False]}
    assert give(cast, Evidence(0.6, in_force_calibration(), old, 300)).effective == 0.6


def test_without_evidence_the_guard_allows_nothing_and_says_not_known() -> None:
    cast = casts.company(share=0.8, mode=Mode.GUARDED)
    policy = in_force(cast)
    assert (policy.allowed, policy.effective) == (None, 0.0)


def test_on_trial_the_share_is_what_a_person_asked_for() -> None:
    cast = casts.company(share=0.62, mode=Mode.TRIAL)
    assert in_force(cast).effective == 0.62


def test_a_change_adds_a_policy_and_the_old_ones_stay() -> None:
    cast = casts.company(share=0.5)
    new = steer.apply(cast.task.pk, share=0.7, mode=Mode.TRIAL, reason=" more  please ", by=cast.tuner.pk)
    assert (new.number, new.requested, new.reason, new.made_by) == (2, 0.7, "more please", cast.tuner)
    assert list(Policy.objects.order_by("number").values_list("requested", flat=True)) == [0.5, 0.7]


def test_a_change_based_on_an_older_policy_is_refused_and_names_the_newer_one() -> None:
    cast = casts.company(share=0.5)
    steer.apply(cast.task.pk, share=0.7, mode=Mode.TRIAL, reason="more", by=cast.tuner.pk, expected=1)
    with pytest.raises(Superseded) as late:
        steer.apply(cast.task.pk, share=0.2, mode=Mode.TRIAL, reason="less", by=cast.admin.pk, expected=1)
    assert late.value.newest.number == 2
    assert in_force(cast).requested == 0.7


@pytest.mark.parametrize("share", [-0.01, 1.01, float("nan"), float("inf")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    cast = casts.company(share=0.5)
    with pytest.raises(steer.Unfit, match="share"):
        steer.apply(cast.task.pk, share=share, mode=Mode.TRIAL, reason="why not", by=cast.tuner.pk)
    assert in_force(cast).number == 1


def test_a_move_without_a_reason_is_refused() -> None:
    cast = casts.company(share=0.5)
    with pytest.raises(steer.Unfit, match="why"):
        steer.apply(cast.task.pk, share=0.6, mode=Mode.TRIAL, reason="  \n ", by=cast.tuner.pk)


def test_a_pull_back_keeps_what_was_asked_for_and_a_release_brings_it_back() -> None:
    cast = casts.company(share=0.5)
    held = steer.pull_back(cast.task.pk, reason="errors", by=cast.reviewer.pk)
    assert (held.held, held.requested, held.effective) == (True, 0.5, 0.0)
    moved = steer.apply(cast.task.pk, share=0.9, mode=Mode.TRIAL, reason="wish", by=cast.tuner.pk)
    assert (moved.held, moved.effective) == (True, 0.0)
    free = steer.release(cast.task.pk, reason="mended", by=cast.admin.pk)
    assert (free.held, free.effective) == (False, 0.9)


def test_a_new_worker_ends_the_epoch_and_takes_the_certificate_with_it() -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED)
    give(cast, proof(0.8))
    new = setup.replace_worker(cast.worker, {"model": "another-model"}, by=cast.tuner.pk)
    policy = in_force(cast)
    assert (new.version, new.name, policy.worker) == (2, cast.worker.name, new)
    assert (policy.epoch, policy.allowed, policy.effective, policy.labels) == (2, None, 0.0, 0)


def test_an_edit_that_changes_nothing_keeps_the_worker_and_its_evidence() -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED)
    assert setup.replace_worker(cast.worker, {"model": cast.worker.model}, by=cast.tuner.pk) == cast.worker
    assert in_force(cast).epoch == 1


def test_another_limit_is_another_promise() -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED)
    give(cast, proof(0.8))
    cast.task.error_limit = 0.01
    setup.save_task(cast.task, by=cast.tuner.pk)
    policy = in_force(cast)
    assert (policy.error_limit, policy.epoch, policy.allowed) == (0.01, 2, None)


def test_the_database_refuses_a_guarded_share_beyond_its_evidence() -> None:
    cast = casts.company(share=0.5, mode=Mode.GUARDED)
    policy = in_force(cast)
    policy.pk, policy.number, policy.effective = None, 2, 0.4
    with pytest.raises(IntegrityError, match="policy_guarded_by_evidence"), transaction.atomic():
        policy.save(force_insert=True)


def test_a_person_who_moves_the_slider_is_no_sign_of_life_of_the_guard() -> None:
    cast = casts.company(share=0.5)
    long_ago = timezone.now() - timedelta(hours=1)
    Gauge.objects.update(checked_at=long_ago)
    steer.apply(cast.task.pk, share=0.9, mode=Mode.TRIAL, reason="more", by=cast.tuner.pk)
    assert Gauge.objects.get().checked_at == long_ago
    policies.make(cast.task.pk, Change(), maker=Maker.GUARD, reason="looked")
    assert Gauge.objects.get().checked_at > long_ago


def test_a_new_worker_is_ranked_among_its_own_answers() -> None:
    cast = casts.company(share=0.5)
    casts.one(cast.task)
    setup.replace_worker(cast.worker, {"model": "another-model"}, by=cast.tuner.pk)
    assert Gauge.objects.get().track["window"] == []


def test_saving_a_task_that_was_read_before_a_pause_does_not_undo_the_pause() -> None:
    cast = casts.company()
    read_before = Task.objects.get(pk=cast.task.pk)
    operate.stand(operate.Target(cast.task.pk), Stance.PAUSED, by=cast.tuner.pk, reason="a test")
    read_before.name = "Renamed"
    setup.save_task(read_before, by=cast.tuner.pk)
    cast.task.refresh_from_db()
    assert (cast.task.name, cast.task.paused) == ("Renamed", True)
