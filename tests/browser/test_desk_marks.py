"""Marks in a real browser: by key, by selection, from a list without a script; and at no cost to who makes none."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from slider.models import Mark, Review
from tests import casts
from tests.browser.conftest import PATIENCE_MS, Faults, SignIn
from tests.browser.desk_steps import at_desk, verdicts
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)

REPLY = "Your money 💶 is on\u200b its way. We added a voucher.\r\nGood day!"
SAID = {"topic": "refund", "urgent": False, "amount": 12, "reply": REPLY}
TEXT = "I want my money back.\r\nNow! It’s 12 €."
# Select characters of a text as a mouse would: by node and UTF-16 offset.
SELECT = """
([selector, begins, ends]) => {
  const walker = document.createTreeWalker(document.querySelector(selector), NodeFilter.SHOW_TEXT);
  const find = (words, after) => {
    walker.currentNode = walker.root;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.data.indexOf(words);
      if (at >= 0) return [node, after ? at + words.length : at];
    }
  };
  getSelection().setBaseAndExtent(...find(begins, false), ...find(ends, true));
}
"""


@pytest.fixture
def cast() -> Company:
    made = casts.company()
    for name in ("m1", "m2", "m3"):
        casts.one(made.task, name, casts.says(SAID), text=TEXT)
    return made


def marked() -> list[tuple[str, str, str]]:
    """What stands in the database: the field or the words of the passage, what was said, and why."""
    found = []
    for mark in Mark.objects.select_related("review__item__payload").order_by("number"):
        whole = mark.review.item.payload.body if mark.side == "source" else SAID
        found.append((mark.quote(whole) or mark.path, mark.kind, mark.reason))
    return found


def test_the_keyboard_marks_fields_and_sentences(cast: Company, sign_in: SignIn) -> None:
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("m")
    expect(page.locator("#mark-title")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#live")).to_contain_text("Field Topic")
    page.keyboard.press("0")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#mark-title")).to_contain_text("Your money")
    page.keyboard.press("3")
    expect(page.locator("#marked-count")).to_have_text("(2)")
    page.keyboard.press("Escape")
    expect(page.locator("#sheet-title")).to_be_focused()
    page.keyboard.press("r")
    page.keyboard.press("1")
    at_desk(page, "Message m2")
    expect(page.locator("#marked li")).to_have_count(0)
    assert marked() == [("/topic", "right", ""), ("Your money 💶 is on\u200b its way.", "span", "invented")]


def test_a_selected_text_is_marked_as_it_is_stored(cast: Company, sign_in: SignIn) -> None:
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.evaluate(SELECT, ["[data-path='/reply']", "its way", "voucher"])
    page.keyboard.press("m")
    expect(page.locator("#mark-title")).to_contain_text("its way. We added a voucher")
    page.get_by_role("button", name="Invented fact").click()
    page.evaluate(SELECT, ["[data-path='/text']", "Now!", "12 €"])
    page.get_by_role("button", name="Item unclear").click()
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    assert marked() == [
        ("Now! It’s 12 €", "span", "unclear"),
        ("its way. We added a voucher", "span", "invented"),
    ]
    assert verdicts() == ["accept", "", ""]


def test_right_for_the_wrong_reason_is_two_keys(cast: Company, sign_in: SignIn) -> None:
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("l")  # alone it is nothing
    page.keyboard.press("m")
    page.keyboard.press("l")
    at_desk(page, "Message m2")
    expect(page.locator("#live")).to_contain_text("right for the wrong reason")
    assert list(Review.objects.order_by("pk").values_list("verdict", "lucky")) == [
        ("accept", True),
        ("", False),
        ("", False),
    ]


def test_marks_outlive_the_page_and_a_refusal(cast: Company, sign_in: SignIn, faults: Faults) -> None:
    faults.expect("422")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("2")
    page.reload()
    at_desk(page, "Message m1")
    expect(page.locator("#marked li")).to_contain_text("Topic: Against policy")
    page.keyboard.press("a")
    expect(page.locator(".marks [role=alert]")).to_contain_text("'/topic' is marked wrong")
    expect(page.locator("#marked li")).to_have_count(1)
    page.get_by_role("button", name="Remove the mark Topic").click()
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    assert (verdicts(), marked()) == (["accept", "", ""], [])


def test_enter_in_the_note_decides_nothing_while_marking(cast: Company, sign_in: SignIn) -> None:
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("m")
    page.locator("#fix-note").fill("a r s 1 l")
    page.keyboard.press("Enter")
    expect(page.locator("#mark-title")).to_be_focused()
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    assert Review.objects.order_by("pk").values_list("verdict", "note")[0] == ("accept", "a r s 1 l")


def test_the_desk_with_marks_fits_everybody(
    cast: Company, sign_in: SignIn, check_accessibility: Callable[[Page], None]
) -> None:
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    for address in ("", "?do=mark"):
        if address:
            page.goto(page.url.partition("?")[0] + address)
        for scheme in ("light", "dark"):
            for width, height in ((1280, 800), (390, 844)):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": height})
                check_accessibility(page)
                assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_story_shows_what_was_marked(
    cast: Company, sign_in: SignIn, check_accessibility: Callable[[Page], None]
) -> None:
    start = REPLY.index("We added")
    one = {"kind": "span", "side": "answer", "path": "/reply", "start": start, "end": start + 19, "reason": "invented"}
    held = casts.take(cast.reviewer, cast.task)
    kept = [[str(held.pk), [one | {"said": "x"}]]]
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.wait_for_load_state("networkidle")  # what it has ahead is known to it, so it lets go of that
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [f"marks:{cast.reviewer.pk}", json.dumps(kept)])
    page.reload()
    at_desk(page, "Message m1")
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    page = sign_in(cast.admin)
    page.goto(f"/items/{held.item_id}/")
    expect(page.locator("mark.passage")).to_have_text("We added a voucher.")
    check_accessibility(page)


def test_without_a_script_sentences_are_chosen_from_a_list(
    cast: Company, browser: Browser, faults: Faults, live_server: LiveServer, give_session: Callable[[Page, User], None]
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    give_session(page, cast.reviewer)
    page.goto("/desk/")
    page.get_by_role("button", name="Take the next item").click()
    page.get_by_role("button", name="Mark").click()
    page.get_by_label("reply We added a voucher.").select_option("Invented fact")
    page.get_by_label("Topic refund", exact=True).select_option("wrong: Against policy")
    page.get_by_role("button", name="Accept").click()
    expect(page.locator(".marks [role=alert]")).to_contain_text("marked wrong")
    expect(page.get_by_label("reply We added a voucher.").locator("option:checked")).to_have_text("Invented fact")
    page.get_by_role("button", name="Against policy").click()
    expect(page.locator("#sheet-title")).to_have_text("Message m2")
    assert marked() == [("/topic", "wrong", "policy"), ("We added a voucher.", "span", "invented")]
    page.get_by_role("button", name="Mark").click()
    page.get_by_role("button", name="Right for the wrong reason").click()
    expect(page.locator("#sheet-title")).to_have_text("Message m3")
    assert list(Review.objects.order_by("pk").values_list("reason", "lucky"))[:2] == [("policy", False), ("", True)]
    context.close()
