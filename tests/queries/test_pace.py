"""Where verdicts come from and how long the next step takes, as roughly as it is known."""

from datetime import timedelta

import pytest
from django.db.models import F

from slider.models import Mode, Policy, Review
from slider.queries import pace
from tests import casts, evidence


@pytest.mark.django_db
def test_it_counts_the_last_days_verdicts_by_their_lane() -> None:
    cast = casts.company(share=0.0)
    for place in range(3):
        casts.one(cast.task, f"m{place}")
        casts.decide(cast.reviewer, cast.task)
    casts.audited(cast.task)
    casts.decide(cast.reviewer, cast.task)
    policy = cast.task.policies.latest("number")
    found = pace.pace(policy)
    assert (found.gates, found.audits) == (3, 1)
    assert 0 <= found.counting <= 4
    Review.objects.update(decided_at=F("decided_at") - timedelta(days=2))
    assert pace.pace(policy) == pace.Pace(0, 0, 0)


@pytest.mark.django_db
def test_what_an_older_worker_answered_counts_for_no_step() -> None:
    cast = casts.company(share=0.0)
    casts.one(cast.task)
    casts.decide(cast.reviewer, cast.task)
    policy = cast.task.policies.latest("number")
    policy.epoch += 1
    assert pace.pace(policy).counting == 0


@pytest.mark.parametrize(
    ("counting", "missing", "words"),
    [
        (2400, 240, "at the pace of the last day that takes about 2 hours."),
        (240, 240, "at the pace of the last day that takes about 24 hours."),
        (80, 240, "at the pace of the last day that takes about 3 days."),
        (0.1, 240, "at the pace of the last day that takes more than a year."),
        (10_000, 240, "at the pace of the last day that takes less than an hour."),
        (0, 240, "none of the last day's counts for that step, so there is no telling when."),
    ],
)
def test_how_long_is_said_as_roughly_as_it_is_known(counting: float, missing: int, words: str) -> None:
    said = pace.Pace(gates=120, audits=30, counting=counting).words(missing)
    assert said.startswith("They come from people's lane (120 a day) and from audits (30 a day)")
    assert said.endswith(words)


def test_without_reviews_there_is_no_telling() -> None:
    assert "no telling when" in pace.Pace(0, 0, 0).words(240)


@pytest.mark.parametrize(
    "policy",
    [
        Policy(mode=Mode.GUARDED, allowed=0.6, certificate={}),
        Policy(mode=Mode.GUARDED, allowed=1.0, certificate={"more": 20}),
        Policy(mode=Mode.TRIAL, allowed=0.6, certificate={"more": 20}),
    ],
)
def test_where_no_step_is_named_nothing_is_said(policy: Policy) -> None:
    assert pace.words(policy) == ""


@pytest.mark.django_db
def test_a_step_that_is_named_has_its_pace() -> None:
    cast = casts.company(share=0.8, mode=Mode.GUARDED)
    policy = evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    assert pace.words(policy) == "Nobody has reviewed anything in the last 24 hours, so there is no telling when."
