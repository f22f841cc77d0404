"""What the tests of the desk have in common: items that wait, and a page that has arrived."""

from playwright.sync_api import Page, expect

from slider.models import Review
from tests import casts
from tests.casts import Company

SAID = {"topic": "refund", "urgent": False, "amount": 12}
RIVAL = SAID | {"topic": "delivery"}


def waiting(cast: Company, *names: str) -> None:
    """Items that wait for people, each with one alternative."""
    for name in names:
        casts.one(cast.task, name, casts.says(SAID, others=[RIVAL], p=0.5))


def at_desk(page: Page, title: str) -> None:
    """Wait until this item lies on the desk and keys count again."""
    expect(page.locator("#sheet-title")).to_have_text(title)
    expect(page.locator("#desk:not([aria-busy])")).to_be_attached()


def verdicts() -> list[str]:
    """What people have said so far, by the order of the items; empty where nobody has."""
    return list(Review.objects.order_by("pk").values_list("verdict", flat=True))
