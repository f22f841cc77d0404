"""The desk, the items and the import pages at any size and in both schemes: axe finds nothing, all fits."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import casts
from tests.browser.conftest import Faults, SignIn
from tests.browser.desk_steps import RIVAL, SAID, at_desk
from tests.casts import Company

# Over how many lines each word of these elements goes.
LINES_OF_WORDS = """
spans => spans.flatMap(span => {
  const walker = document.createTreeWalker(span, NodeFilter.SHOW_TEXT), lines = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const word of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      lines.push(range.getClientRects().length);
    }
  }
  return lines;
})
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(
    cast: Company,
    sign_in: SignIn,
    check_both_schemes: Callable[[Page], None],
    faults: Faults,
    width: int,
) -> None:
    faults.expect("422")
    long = SAID | {"reply": "We have refunded 12 euro. It will show soon."}
    others = [long | {"reply": "We offer a voucher. It will show soon.", "topic": "other"}]
    item = casts.one(cast.task, "m1", casts.says(long, others=others, p=0.5))
    page = sign_in(cast.admin)
    page.set_viewport_size({"width": width, "height": 844 if width < 500 else 800})
    page.goto("/desk/")
    at_desk(page, "Message m1")
    check_both_schemes(page)
    fits(page)
    page.keyboard.press("r")
    check_both_schemes(page)
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("much")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".fixing .error")).to_be_visible()
    check_both_schemes(page)
    page.goto("/desk/?task=" + str(cast.task.pk))
    for address in (
        f"/items/{item.pk}/",
        f"/tasks/{cast.task.pk}/items/",
        f"/tasks/{cast.task.pk}/items/?id=none",
        f"/tasks/{cast.task.pk}/items/new",
        f"/tasks/{cast.task.pk}/import",
    ):
        page.goto(address)
        check_both_schemes(page)


def fits(page: Page) -> None:
    """No page scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_an_alternative_never_breaks_inside_a_word(cast: Company, sign_in: SignIn, width: int) -> None:
    said = SAID | {"amount": 12, "reply": "Soon."}
    others = [said | {"topic": "delivery"}, said | {"amount": 123456789012}, said | {"reply": "We write to you soon."}]
    casts.one(cast.task, "m1", casts.says(said, others=others, p=0.5))
    page = sign_in(cast.reviewer)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/desk/")
    at_desk(page, "Message m1")
    lines = page.locator(".alternatives .btn > span").evaluate_all(LINES_OF_WORDS)
    assert lines
    assert set(lines) == {1}


def test_a_short_sheet_fills_the_screen(cast: Company, sign_in: SignIn) -> None:
    casts.one(cast.task, "m1", casts.says(SAID, others=[RIVAL]))
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    card, bar = page.locator(".sheet-card.source").bounding_box(), page.locator(".desk-bar").bounding_box()
    assert card is not None
    assert bar is not None
    assert 0 <= bar["y"] - (card["y"] + card["height"]) < 40


def test_the_desk_needs_no_scrolling(cast: Company, sign_in: SignIn) -> None:
    casts.one(cast.task, "m1", casts.says(SAID, others=[RIVAL]), text="A long story. " * 250)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    expect(page.get_by_role("button", name="Accept")).to_be_in_viewport()
