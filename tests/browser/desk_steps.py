"""What the tests of the desk have in common: items that wait, and a page that has arrived."""

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from slider.models import Review, ReviewState
from tests import casts
from tests.casts import Company

SAID = {"topic": "refund", "urgent": False, "amount": 12}
RIVAL = SAID | {"topic": "delivery"}


def waiting(cast: Company, *names: str) -> None:
    """Items that wait for people, each with one alternative."""
    for name in names:
        casts.one(cast.task, name, casts.says(SAID, others=[RIVAL], p=0.5))


def at_desk(page: Page, title: str) -> None:
    """Wait until this item lies on the desk, keys count again, and all that was decided is saved."""
    expect(page.locator("#sheet-title")).to_have_text(title)
    expect(page.locator("#desk:not([aria-busy], [data-unsaved])")).to_be_attached()


def verdicts() -> list[str]:
    """What people have said so far, by the order of the items; empty where nobody has."""
    return list(Review.objects.order_by("pk").values_list("verdict", flat=True))


def in_sight(page: Page, title: str) -> None:
    """Wait until this item lies on the desk and keys count, whatever is saved by then."""
    expect(page.locator("#sheet-title")).to_have_text(title)
    expect(page.locator("#desk:not([aria-busy])")).to_be_attached()


def have_ahead(page: Page, cast: Company, count: int) -> None:
    """Wait until a person holds so many looks, and their page has them."""
    until(page, lambda: Review.objects.filter(state=ReviewState.HELD, holder=cast.reviewer).count() == count)
    page.wait_for_load_state("networkidle")


def until(page: Page, come: Callable[[], bool]) -> None:
    """Wait until something has come about, while the page goes on."""
    ends = time.monotonic() + 10
    while not come():
        assert time.monotonic() < ends, "it did not come about within ten seconds"
        page.wait_for_timeout(10)
