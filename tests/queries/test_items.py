"""Pages of the list follow each other without gap or overlap, and read a bounded number of rows."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from slider.flow import steer
from slider.models import Item, Mode, Review, ReviewKind, Task
from slider.queries import items
from slider.queries.items import Show
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def walk(cast: Company, show: Show, *, blind: bool = False) -> list[int]:
    seen: list[int] = []
    before: int | None = None
    while True:
        page = items.page(cast.task, show=show, before=before, blind=blind)
        seen += [row.pk for row in page.rows]
        if page.older is None:
            return seen
        before = page.older


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_pages_hold_every_item_once_newest_first(cast: Company, more: int) -> None:
    made = casts.bring_in(cast.task, {f"i{n}": {"text": "x"} for n in range(2 * items.PAGE + more)})
    assert walk(cast, Show.ALL) == sorted((item.pk for item in made), reverse=True)
    assert walk(cast, Show.READY) == walk(cast, Show.ALL)
    assert walk(cast, Show.REVIEW) == []


def test_each_item_stands_under_one_filter(cast: Company) -> None:
    casts.one(cast.task, "gate")
    casts.decide(cast.reviewer, cast.task)
    casts.one(cast.task, "waits")
    casts.audited(cast.task, "alone")
    casts.bring_in(cast.task, {"new": {"text": "x"}})
    narrow = [show for show in Show if show != Show.ALL]
    found = {show: {Item.objects.get(pk=pk).external_id for pk in walk(cast, show)} for show in narrow}
    assert found == {
        Show.READY: {"new"},
        Show.WORKING: set(),
        Show.REVIEW: {"waits"},
        Show.PEOPLE: {"gate"},
        Show.UNATTENDED: {"alone"},
        Show.WITHDRAWN: set(),
    }


def test_to_a_reviewer_an_item_that_is_looked_back_at_waits_for_people(cast: Company) -> None:
    steer.apply(cast.task.pk, share=1.0, mode=Mode.TRIAL, reason="all of it", by=cast.tuner.pk)
    Task.objects.update(audit_floor=1 / 64)
    shipped = casts.one(cast.task)
    Review.objects.filter(item=shipped).delete()  # the coin may have drawn it for an audit
    assert walk(cast, Show.UNATTENDED, blind=True) == [shipped.pk]
    Review.objects.create(item=shipped, task=cast.task, kind=ReviewKind.LOOKBACK, aimed=True)
    assert (walk(cast, Show.UNATTENDED, blind=True), walk(cast, Show.REVIEW, blind=True)) == ([], [shipped.pk])
    (row,) = items.page(cast.task, show=Show.ALL, before=None, blind=True).rows
    assert (row.state, row.finished_at) == ("review", None)


def test_to_a_reviewer_an_audited_item_waits_for_people(cast: Company) -> None:
    audited = casts.audited(cast.task)
    assert walk(cast, Show.REVIEW, blind=True) == [audited.pk]
    assert walk(cast, Show.UNATTENDED, blind=True) == []
    (row,) = items.page(cast.task, show=Show.ALL, before=None, blind=True).rows
    assert (row.state, row.lane, row.finished_at) == ("review", "people", None)


def test_a_search_takes_wildcards_as_letters(cast: Company) -> None:
    casts.bring_in(cast.task, {name: {"text": "x"} for name in ("a%b", "a_b", "axb")})
    assert [row.external_id for row in items.search(cast.task, "a_", blind=False).rows] == ["a_b"]
    assert [row.external_id for row in items.search(cast.task, "a%", blind=False).rows] == ["a%b"]


def test_another_tasks_items_are_not_found(cast: Company) -> None:
    other = casts.task(cast.project, by=cast.admin, name="Other")
    casts.bring_in(other, {"there": {"text": "x"}})
    assert items.search(cast.task, "there", blind=False).rows == ()
    assert walk(cast, Show.ALL) == []


def test_a_page_costs_a_fixed_number_of_queries(cast: Company) -> None:
    casts.bring_in(cast.task, {f"i{n}": {"text": "x", "subject": "s"} for n in range(3 * items.PAGE)})
    with CaptureQueriesContext(
        connection,
    ) as few:
        items.page(cast.task, show=Show.ALL, before=None, blind=True)
    assert len(few) <= 4


def test_before_the_first_fit_no_chance_is_shown(cast: Company) -> None:
    casts.one(cast.task)
    (row,) = items.page(cast.task, show=Show.ALL, before=None, blind=False).rows
    assert row.p_correct is None
