"""What the empty desk says is counted from one person's chair."""

from collections.abc import Callable

import pytest

from slider.queries import desk
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def test_the_empty_desk_counts_from_this_persons_chair(cast: Company) -> None:
    for name in ("a", "b", "c"):
        casts.one(cast.task, name)
    casts.bring_in(cast.task, {"d": {"text": "x"}})
    held = casts.take(cast.colleague, cast.task)
    tasks = desk.tasks_of(cast.reviewer.pk)
    found = desk.elsewhere(cast.reviewer.pk, tasks, hidden=[])
    assert tasks == [cast.task]
    assert (found.open, found.with_others, found.oldest_until) == (2, 1, held.lease_until)
    assert (found.skipped, found.with_workers) == (0, 1)
    assert desk.elsewhere(cast.colleague.pk, tasks, hidden=[]).with_others == 0


def test_tasks_to_review_are_those_of_the_role(cast: Company) -> None:
    assert desk.tasks_of(cast.outsider.pk) == []
    assert desk.tasks_of(cast.tuner.pk) == []
    assert desk.tasks_of(cast.admin.pk) == [cast.task]
