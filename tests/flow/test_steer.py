"""A person's moves: each has a reason, and what stood before can be asked for again."""

from collections.abc import Callable

import pytest

from slider.flow import policies, steer
from slider.models import Mode, Policy
from tests import casts, evidence, stages

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(mode=Mode.GUARDED, share=1 / 3))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def put_back(cast: casts.Company, number: int, *, expected: int, reason: str = "As it was") -> Policy:
    return steer.put_back(cast.task.pk, number=number, reason=reason, by=cast.tuner.pk, expected=expected)


def test_what_stood_comes_back_to_the_last_digit(cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.9, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    policy = put_back(cast, 1, expected=2)
    assert (policy.number, policy.requested, policy.mode) == (3, 1 / 3, Mode.GUARDED)
    assert (policy.made_by_id, policy.reason) == (cast.tuner.pk, "As it was")


def test_it_is_put_under_the_evidence_of_now(cast: casts.Company) -> None:
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    steer.apply(cast.task.pk, share=0.9, mode=Mode.GUARDED, reason="More", by=cast.tuner.pk)
    assert put_back(cast, 1, expected=3).effective == 0.3


def test_a_pull_back_stays(cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.9, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    steer.pull_back(cast.task.pk, reason="Stop", by=cast.tuner.pk)
    policy = put_back(cast, 1, expected=3)
    assert (policy.held, policy.effective) == (True, 0)


def test_who_read_an_older_page_puts_nothing_back(cast: casts.Company) -> None:
    steer.apply(cast.task.pk, share=0.9, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    with pytest.raises(policies.Superseded):
        put_back(cast, 1, expected=1)
    assert Policy.objects.filter(task=cast.task).count() == 2


def test_only_a_policy_of_this_task_and_only_with_a_reason(cast: casts.Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Another", slug="another")
    steer.apply(other.pk, share=0.9, mode=Mode.TRIAL, reason="Try", by=cast.tuner.pk)
    for number, reason in ((2, "As it was"), (99, "As it was"), (1, "  ")):
        with pytest.raises(steer.Unfit):
            put_back(cast, number, expected=1, reason=reason)
    assert Policy.objects.filter(task=cast.task).count() == 1
