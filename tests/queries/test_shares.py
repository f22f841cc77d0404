"""One sentence says which of the three shares binds, in every state a slider can be in."""

from datetime import timedelta

import pytest

from slider.flow import guard, policies, steer
from slider.models import Gauge, Mode, Policy, Task
from slider.queries import clock, shares
from tests import casts, evidence

pytestmark = pytest.mark.django_db


def read(cast: casts.Company, *, silent: timedelta = timedelta(0)) -> shares.Shares:
    gauge = Gauge.objects.select_related("policy").get(pk=cast.task.pk)
    return shares.shares(gauge, now=gauge.checked_at + silent)


def company(share: float, mode: Mode = Mode.GUARDED) -> casts.Company:
    return casts.company(share=share, mode=mode)


def test_nothing_is_known_at_first() -> None:
    found = read(company(0.7))
    assert (found.state, found.effective, found.allowed) == ("waiting", 0, None)
    assert found.words == "0 % in effect: you asked 70 %; what the evidence allows is not known yet."
    assert found.more == ""


def test_evidence_binds() -> None:
    cast = company(0.8)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    found = read(cast)
    assert found.words == "60 % in effect: you asked 80 %; 1,100 reviewed items allow 60 %."
    assert found.more == "About 250 more verdicts would allow 65 %, if the errors stay as they are."
    assert found.promised


def test_the_request_binds() -> None:
    cast = company(0.5)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert read(cast).words == "50 % in effect, as you asked; 1,100 reviewed items allow up to 60 %."


def test_the_step_below_binds() -> None:
    cast = company(0.53)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    found = read(cast)
    assert found.effective == 0.5
    assert found.words.startswith("50 % in effect: you asked 53 %, and 50 % is the next step below")


def test_too_little_evidence_allows_nothing_and_names_the_first_step() -> None:
    cast = company(0.7)
    evidence.prove(cast.task, right=10, wrong=5, up_to=0.6)
    found = read(cast)
    assert found.words == "0 % in effect: you asked 70 %; 15 reviewed items are not enough yet to allow any share."
    assert "would allow 30 %" in found.more


def test_a_trial_promises_nothing() -> None:
    found = read(company(0.4, Mode.TRIAL))
    assert (found.state, found.effective, found.promised) == ("trial", 0.4, False)


def test_a_pull_back_beats_all() -> None:
    cast = company(0.4, Mode.TRIAL)
    steer.pull_back(cast.task.pk, reason="Stop", by=cast.admin.pk)
    found = read(cast, silent=timedelta(hours=1))
    assert (found.state, found.effective) == ("held", 0)


@pytest.mark.parametrize(("seconds", "state"), [(119, "trial"), (121, "stale")])
def test_a_guard_that_is_silent_too_long_lets_nothing_run(seconds: int, state: str) -> None:
    found = read(company(0.4, Mode.TRIAL), silent=timedelta(seconds=seconds))
    assert found.state == state
    assert (found.effective == 0) == (state == "stale")


def test_the_clock_is_the_databases() -> None:
    cast = company(0.4)
    assert abs((clock.now() - Gauge.objects.get(pk=cast.task.pk).checked_at).total_seconds()) < 60


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (0.5, "50 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"), (1, "100 %"), (1 / 3, "33.33 %")],
)
def test_a_share_has_the_digits_it_needs(share: float, words: str) -> None:
    assert shares.said(share) == words


@pytest.mark.parametrize(("allowed", "following"), [(0.0, 0.3), (0.3, 0.35), (0.8, 0.84), (0.999, 1.0), (1.0, None)])
def test_the_next_step_is_the_next_that_can_open(allowed: float, following: float | None) -> None:
    assert shares.next_cut(allowed) == following


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "A few"), (9, "A few"), (10, "About 10"), (21, "About 20"), (96, "About 100"), (148, "About 150"),
        (299, "About 300"), (412, "Some 400"), (9_980, "Some 10,000"), (12_345, "Some 12,000"),
    ],
)  # fmt: skip
def test_what_is_missing_is_said_as_roughly_as_it_is_known(count: int, words: str) -> None:
    cast = company(0.8)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6, more=count)
    assert read(cast).more.startswith(f"{words} more verdicts would allow")


def verdict(cast: casts.Company, requested: float, mode: Mode = Mode.GUARDED) -> shares.Verdict:
    policy = Policy.objects.filter(task=cast.task).latest("number")
    share = policies.effective(requested=requested, proven=policy.certificate, mode=mode, held=False)
    return shares.verdict(policy, requested=requested, mode=mode, effective=share)


def test_the_verdict_on_another_share_says_what_would_run() -> None:
    cast = company(0.5)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert verdict(cast, 0.55).tone == "good"
    assert "at most 3 % of it wrong" in verdict(cast, 0.55).words
    assert "so 60 % runs" in verdict(cast, 0.9).words
    assert "no promise" in verdict(cast, 0.9, Mode.TRIAL).words
    steer.apply(cast.task.pk, share=0.5, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    assert verdict(cast, 0.9, Mode.TRIAL).words == "90 % would run unattended at once, on your word."
    assert verdict(cast, 0).words == "Everything goes to people."


def test_the_verdict_under_a_pull_back_says_that_nothing_runs() -> None:
    cast = company(0.5, Mode.TRIAL)
    steer.pull_back(cast.task.pk, reason="Stop", by=cast.admin.pk)
    assert "0 % runs until it is released, then 70 %." in verdict(cast, 0.7, Mode.TRIAL).words


def test_the_guard_counts_towards_the_step_that_the_sentence_names() -> None:
    cast = company(0.7)
    Task.objects.update(audit_floor=1.0)
    for number in range(12):
        casts.one(cast.task, f"m{number}")
        casts.decide(cast.reviewer, cast.task)
    policy = guard.tend(cast.task.pk)
    assert policy.allowed == 0
    found = read(cast)
    assert "more verdicts would allow 30 %" in found.more
