"""The next look is there before anybody can wait for it, at 60 ms from the server, and no key is lost."""

import statistics
import time

import pytest
from playwright.sync_api import Route, expect

from slider.models import Review
from tests import casts
from tests.browser.conftest import SignIn
from tests.browser.desk_steps import at_desk, have_ahead, waiting

pytestmark = pytest.mark.django_db(transaction=True)

ROUND_TRIP_S = 0.06
ITEMS = 24
# From the key to the first task after the frame in which the next look was painted.
MEASURE = """
() => {
  window.spent = [];
  window.mice = 0;
  const desk = document.getElementById("desk");
  let pressed = 0;
  addEventListener("keydown", () => { pressed = performance.now(); }, true);
  addEventListener("mousedown", () => { window.mice += 1; }, true);
  desk.addEventListener("desk:arrived", () => requestAnimationFrame(() => setTimeout(() => {
    window.spent.push(performance.now() - pressed);
  }, 0)));
}
"""


def test_the_next_look_is_on_the_screen_within_50_ms(sign_in: SignIn) -> None:
    cast = casts.company()
    waiting(cast, *[f"m{number:02}" for number in range(ITEMS)])
    page = sign_in(cast.reviewer)

    def far_away(route: Route) -> None:
        time.sleep(ROUND_TRIP_S)  # the way there and back, which the machine's own loop doesn't have
        route.continue_()

    page.route("**/desk/**", far_away)
    page.goto("/desk/")
    at_desk(page, "Message m00")
    have_ahead(page, cast, 4)
    page.evaluate(MEASURE)
    for number, key in enumerate(["a", "1", "a", "r"] * (ITEMS // 4), start=1):
        page.keyboard.press(key)
        if key == "r":
            page.keyboard.press("2")
        if number < ITEMS:
            at_desk(page, f"Message m{number:02}")  # and until it is saved: so long a person takes to look
    expect(page.locator("#sheet-title")).to_have_text("Nothing waits for you just now")
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    assert list(Review.objects.order_by("pk").values_list("verdict", flat=True)) == [
        "accept",
        "fix",
        "accept",
        "reject",
    ] * (ITEMS // 4)
    spent = page.evaluate("window.spent")[: ITEMS - 1]
    assert page.evaluate("window.mice") == 0
    assert statistics.median(spent) < 50, spent  # the p95 stands in the docs: a shared machine may be late now and then
