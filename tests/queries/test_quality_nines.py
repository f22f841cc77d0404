"""The nines are those of the bound, and each step says what it costs, or that looking more will not do."""

from collections.abc import Callable

import pytest
from django.conf import settings

from slider.models import Mode
from slider.queries import errors, quality_looks, quality_nines
from slider.queries.errors import Audits
from tests import casts, stages

pytestmark = pytest.mark.django_db
PACE = quality_looks.Pace(looks_done=100, audits_done=50, looks_due=100, audits_due=50)


staged = stages.of_module(lambda: casts.company(mode=Mode.TRIAL, share=0.8))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def march(cast: casts.Company, looked: int = 0, wrong: int = 0, pace: quality_looks.Pace = PACE) -> quality_nines.March:
    return quality_nines.march(cast.task.policies.get(), Audits(looked, wrong), pace=pace)


def test_without_audits_nothing_is_certified_and_the_first_nine_has_a_price(cast: casts.Company) -> None:
    found = march(cast)
    assert found.certified is None
    assert found.following is not None
    assert (found.following.nines, found.following.done) == (1, False)
    assert found.following.audits
    assert found.following.days == pytest.approx(found.following.audits / 50)
    assert found.following.hours is None  # no look has been timed


def test_the_certified_nines_are_those_of_the_bound(cast: casts.Company) -> None:
    upper = errors.measured(Audits(600, 2), delta=0.05).upper
    assert upper is not None
    found = march(cast, 600, 2)
    assert found.certified is not None
    assert 10**-found.certified == pytest.approx(upper)
    assert [step.done for step in found.steps][:2] == [True, False]
    assert all(step.error >= upper for step in found.steps if step.done)


def test_each_step_costs_more_than_the_last(cast: casts.Company) -> None:
    steps = [step for step in march(cast, 100).steps if step.audits]
    assert len(steps) >= 2
    audits = [step.audits or 0 for step in steps]
    assert audits == sorted(audits)
    assert steps[0].money == round(audits[0]) * settings.ENV.SLIDER_REVIEW_COST


def test_beyond_the_true_error_no_number_of_audits_will_do(cast: casts.Company) -> None:
    found = march(cast, 1_000, 50)
    assert found.following is not None
    assert (found.following.error, found.following.audits) == (0.01, None)
    assert found.assumed == pytest.approx(0.05, abs=0.005)


def test_without_a_pace_the_days_are_not_known(cast: casts.Company) -> None:
    pace = quality_looks.Pace(looks_done=None, audits_done=None, looks_due=0, audits_due=0)
    assert all(step.days is None for step in march(cast, pace=pace).steps)
