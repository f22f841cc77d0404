"""Deciding by keys of one's own, on other keyboards, and in a form with rows."""

from typing import Any

import pytest
from playwright.sync_api import expect

from slider.flow import own_keys
from slider.models import Review
from tests import casts
from tests.browser import nested
from tests.browser.conftest import SignIn
from tests.browser.desk_steps import at_desk, verdicts, waiting

pytestmark = pytest.mark.django_db(transaction=True)

PRESS = """([key, code]) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, code, bubbles: true, cancelable: true }))"""


def test_own_keys_decide_and_the_places_of_keys_on_other_keyboards(sign_in: SignIn) -> None:
    cast = casts.company()
    waiting(cast, "m1", "m2", "m3")
    own_keys.keep(cast.reviewer.pk, keys={"a": "q", "s": ""}, off=False)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    for key in ("a", "s", "k"):  # moved, switched off, and without its button
        page.keyboard.press(key)
    page.evaluate(PRESS, ["a", "KeyQ"])  # AZERTY: the letter that is typed counts
    at_desk(page, "Message m1")
    assert verdicts() == [""] * 3
    page.evaluate(PRESS, ["й", "KeyQ"])  # Cyrillic: the place counts
    at_desk(page, "Message m2")
    page.keyboard.press("Q")
    at_desk(page, "Message m3")


def test_with_keys_off_nothing_is_decided_by_one(sign_in: SignIn) -> None:
    cast = casts.company()
    waiting(cast, "m1")
    own_keys.keep(cast.reviewer.pk, keys={}, off=True)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    for key in ("a", "1", "?", "s"):
        page.keyboard.press(key)
    at_desk(page, "Message m1")
    expect(page.locator("#keys")).not_to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".desk-empty")).to_be_visible()


def test_a_row_is_added_typed_and_sent_and_a_reload_keeps_it(sign_in: SignIn) -> None:
    cast = nested.company()
    nested.waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Mail m1")
    page.keyboard.press("e")
    page.locator("[name=reshape][value='add:/lines']").click()
    expect(page.locator("[name='f.lines/2/what']")).to_be_focused()
    page.keyboard.type("Cake")
    page.locator("[name='f.lines/2/amount']").fill("7")
    page.reload()
    expect(page.locator("[name='f.lines/2/what']")).to_have_value("Cake")
    page.locator("[name='f.payer/paid_by~as']").select_option("1")
    page.locator("[name='f.payer/paid_by/iban']").fill("DE1")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".desk-empty")).to_be_visible()
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    answer: Any = Review.objects.get().answer
    assert answer["lines"][2] == {"what": "Cake", "amount": 7}
    assert answer["payer"]["paid_by"] == {"by": "transfer", "iban": "DE1"}
