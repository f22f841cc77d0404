"""One sentence says which of the three shares binds, in every state a slider can be in."""

from datetime import timedelta
from typing import Any

import pytest

from slider.flow import guard, policies, steer
from slider.models import Gauge, Maker, Mode, Policy, Task
from slider.queries import clock, shares
from tests import casts, evidence

pytestmark = pytest.mark.django_db


def read(cast: casts.Company, *, silent: timedelta = timedelta(0)) -> shares.Shares:
    gauge = Gauge.objects.select_related("policy").get(pk=cast.task.pk)
    return shares.shares(gauge, now=gauge.checked_at + silent)


def company(share: float, mode: Mode = Mode.GUARDED) -> casts.Company:
    return casts.company(share=share, mode=mode)


def again(cast: casts.Company, **changes: Any) -> None:
    """Put the policy in force there again with something else in it, as a guard of later days will."""
    gauge = Gauge.objects.select_related("policy").get(pk=cast.task.pk)
    policy = gauge.policy
    fields = {field.attname: getattr(policy, field.attname) for field in Policy._meta.concrete_fields}
    kept = {name: value for name, value in fields.items() if name not in ("id", "created_at")}
    gauge.policy = Policy.objects.create(**(kept | {"number": policy.number + 1, "reason": "again"} | changes))
    gauge.save(update_fields=["policy"])


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
    assert found.more == "About 250 more verdicts would allow 62 %, if the errors stay as they are."
    assert found.promised


def test_the_request_binds() -> None:
    cast = company(0.5)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert read(cast).words == "50 % in effect, as you asked; 1,100 reviewed items allow up to 60 %."


def test_the_step_below_binds() -> None:
    cast = company(0.43)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    found = read(cast)
    assert found.effective == 0.4
    assert found.words == (
        "40 % in effect: you asked 43 %, and 40 % is the next step below that the evidence vouches for; "
        "it goes up to 60 %."
    )


def test_too_little_evidence_allows_nothing_and_names_the_first_step() -> None:
    cast = company(0.7)
    evidence.prove(cast.task, right=10, wrong=5, up_to=0.6)
    found = read(cast)
    assert found.words == "0 % in effect: you asked 70 %; 15 reviewed items are not enough yet to allow any share."
    assert "would allow 30 %" in found.more


def test_a_trial_promises_nothing() -> None:
    found = read(company(0.4, Mode.TRIAL))
    assert (found.state, found.effective, found.promised) == ("trial", 0.4, False)
    assert found.words == (
        "40 % in effect, as you asked, on a person's word; what the evidence allows is not known yet. "
        "No promise is made about its error. If audits show it above the limit, the guard pulls it back."
    )


def test_a_pull_back_beats_all() -> None:
    cast = company(0.4, Mode.TRIAL)
    steer.pull_back(cast.task.pk, reason="Stop", by=cast.admin.pk)
    found = read(cast, silent=timedelta(hours=1))
    assert (found.state, found.effective) == ("held", 0)
    assert found.words == (
        "0 % in effect: the slider is pulled back, by a person. You asked 40 %; what the evidence allows is not known "
        "yet."
    )


def test_a_pull_back_by_the_guard_is_told_from_a_persons_whatever_came_after_it() -> None:
    cast = company(0.8)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason="12 of 60 audits were wrong")
    steer.apply(cast.task.pk, share=0.7, mode=Mode.GUARDED, reason="Less", by=cast.admin.pk)
    found, policy = read(cast), Gauge.objects.get(pk=cast.task.pk).policy
    assert found.words == (
        "0 % in effect: the slider is pulled back, by the guard. You asked 70 %; 1,100 reviewed items allow 60 %."
    )
    assert found.more == ""
    held = shares.holding(policy)
    assert held is not None
    assert held.reason == "12 of 60 audits were wrong"
    steer.release(cast.task.pk, reason="Mended", by=cast.admin.pk)
    assert shares.holding(Gauge.objects.get(pk=cast.task.pk).policy) is None


def test_a_second_pull_back_is_not_told_as_the_first() -> None:
    cast = company(0.4, Mode.TRIAL)
    policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason="First")
    steer.release(cast.task.pk, reason="Mended", by=cast.admin.pk)
    steer.pull_back(cast.task.pk, reason="Second", by=cast.admin.pk)
    held = shares.holding(Gauge.objects.get(pk=cast.task.pk).policy)
    assert held is not None
    assert held.reason == "Second"


def test_where_the_guard_ended_the_evidence_it_says_that_the_guard_pulled_back() -> None:
    cast = company(0.8)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    again(cast, maker=Maker.GUARD, epoch=2, allowed=None, effective=0.0, certificate={}, labels=0)
    found = read(cast)
    assert found.words.startswith("0 % in effect: the guard pulled the slider back and gathers new evidence.")
    assert found.why.startswith("The guard pulled the slider back: new evidence has to show 3 % wrong or less")
    assert found.state == "waiting"


def test_where_a_new_worker_ended_the_evidence_nobody_is_said_to_have_pulled_back() -> None:
    cast = company(0.8)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    again(cast, maker=Maker.PERSON, epoch=2, allowed=None, effective=0.0, certificate={}, labels=0)
    assert read(cast).words == "0 % in effect: you asked 80 %; what the evidence allows is not known yet."


def test_the_brake_is_said_where_less_runs_than_evidence_has_certified() -> None:
    cast = company(0.6)
    policy = evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    again(cast, maker=Maker.GUARD, allowed=0.5, effective=0.5)
    found = read(cast)
    assert (found.state, found.effective, found.allowed, found.promised) == ("braked", 0.5, 0.6, True)
    assert found.words == (
        "50 % in effect: you asked 60 % and 1,100 reviewed items allow 60 %, but the brake holds it: the newest "
        "verdicts look worse than the evidence as a whole."
    )
    again(cast, maker=Maker.GUARD, effective=0.5, certificate=policy.certificate | {"brake": {"words": "see figures"}})
    assert "the brake holds it: see figures." in read(cast).words
    assert read(cast).why == "The brake: see figures."


def test_what_is_in_quarantine_is_said() -> None:
    cast = company(0.6)
    policy = evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert read(cast).apart == ""
    again(cast, maker=Maker.GUARD, certificate=policy.certificate | {"quarantine": [{"from": 0.1, "to": 0.15}]})
    assert "answers ranked 10 % to 15 % were wrong far more often" in read(cast).apart


@pytest.mark.parametrize(
    ("share", "mode", "words"),
    [
        (0.8, Mode.GUARDED, "The evidence ends at 60 %: beyond it 3 % wrong or less is not shown yet."),
        (0.5, Mode.GUARDED, "Nobody asked for more than 50 %: the evidence would allow up to 60 %."),
        (0.9, Mode.TRIAL, "Nobody asked for more than 90 %: on trial exactly that runs."),
    ],
)
def test_why_it_is_not_more_is_an_answer_of_its_own(share: float, mode: Mode, words: str) -> None:
    cast = company(share, mode)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert read(cast).why == words
    assert read(cast, silent=timedelta(hours=1)).why == "The guard is silent: nothing runs unattended until it is back."


def test_why_nothing_runs_is_said_too() -> None:
    assert read(company(0.7)).why == "The evidence allows no share yet: 3 % wrong or less is not shown for any."
    cast = casts.company(share=0, mode=Mode.GUARDED, prefix="second-")
    assert read(cast).why == "Nobody asked for more than 0 %."


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


@pytest.mark.parametrize(
    ("allowed", "following"),
    [(0.0, 0.3), (0.3, 0.35), (0.6, 0.62), (0.8, 0.81), (0.99, 0.995), (0.999, 1.0), (1.0, None)],
)
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


def test_the_guard_counts_towards_the_step_that_the_sentence_names() -> None:
    cast = company(0.7)
    Task.objects.update(audit_floor=1.0)
    for number in range(12):
        casts.one(cast.task, f"m{number}")
        casts.decide(cast.reviewer, cast.task)
    casts.time_passes(cast.task)
    policy = guard.tend(cast.task.pk)
    assert policy.allowed == 0
    found = read(cast)
    assert "more verdicts would allow 30 %" in found.more
