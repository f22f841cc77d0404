"""What a wanted share would come to is said before it is applied, in every state a slider can be in."""

import pytest

from slider.flow import policies, steer
from slider.models import Mode, Policy
from slider.queries import verdict
from tests import casts, evidence

pytestmark = pytest.mark.django_db


def company(share: float, mode: Mode = Mode.GUARDED) -> casts.Company:
    return casts.company(share=share, mode=mode)


def said(cast: casts.Company, requested: float, mode: Mode = Mode.GUARDED, *, stale: bool = False) -> verdict.Verdict:
    policy = Policy.objects.filter(task=cast.task).latest("number")
    share = policies.effective(requested=requested, proven=policy.certificate, mode=mode, held=False)
    return verdict.verdict(policy, requested=requested, mode=mode, effective=share, stale=stale)


def test_it_says_what_would_run() -> None:
    cast = company(0.5)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert said(cast, 0.55).tone == "good"
    assert "at most 3 % of it wrong" in said(cast, 0.55).words
    assert said(cast, 0.57).words.startswith("56 % runs: the next step below")
    assert said(cast, 0.9).words == "You ask 90 %; 1,100 reviewed items allow 60 %, so 60 % runs."
    assert "no promise" in said(cast, 0.9, Mode.TRIAL).words
    steer.apply(cast.task.pk, share=0.5, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    assert said(cast, 0.9, Mode.TRIAL).words == "90 % would run unattended at once, on your word."
    assert said(cast, 0).words == "Everything goes to people."


def test_without_evidence_nothing_is_promised() -> None:
    assert said(company(0.5), 0.5).words == (
        "You ask 50 %; what the evidence allows is not known yet. Until it is, 0 % runs."
    )


def test_under_a_pull_back_nothing_runs() -> None:
    cast = company(0.5, Mode.TRIAL)
    steer.pull_back(cast.task.pk, reason="Stop", by=cast.admin.pk)
    assert "0 % runs until it is released, then 70 %." in said(cast, 0.7, Mode.TRIAL).words
    assert said(cast, 0.7, Mode.TRIAL, stale=True) == said(cast, 0.7, Mode.TRIAL)


def test_without_a_live_guard_nothing_runs_until_it_is_back() -> None:
    cast = company(0.5)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    found = said(cast, 0.55, stale=True)
    assert found.tone == "warn"
    assert found.words.endswith("at most 3 % of it wrong. Until the guard gives a sign of life, 0 % runs.")


def test_a_brake_holds_what_evidence_vouches_for() -> None:
    cast = company(0.6)
    policy = evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    policy.allowed = 0.5
    found = verdict.verdict(policy, requested=0.8, mode=Mode.GUARDED, effective=0.5)
    assert found == verdict.Verdict(
        "warn", "You ask 80 %; 1,100 reviewed items vouch for 60 %, but the brake holds it at 50 % for now."
    )
    assert verdict.verdict(policy, requested=0.45, mode=Mode.GUARDED, effective=0.45).tone == "good"
