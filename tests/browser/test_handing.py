"""H and F at the desk in a real browser, with a script and without; and what a lead settles."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from slider.models import Handing, Review, ReviewKind, ReviewState, Role, Verdict
from tests import casts
from tests.browser.conftest import PATIENCE_MS, Faults, SignIn
from tests.browser.desk_steps import RIVAL, at_desk, verdicts, waiting
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.fixture
def lead(cast: Company) -> User:
    return casts.person("lead", role=Role.LEAD, of=cast.project)


def test_h_hands_an_item_on_with_a_note_by_keys_alone(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("h")
    expect(page.locator("#hand-to")).to_be_focused()
    page.keyboard.type("coll")
    page.keyboard.press("Tab")
    page.keyboard.type("a and r are letters here, h and f too")
    page.keyboard.press("Control+Enter")
    at_desk(page, "Message m2")
    expect(page.locator("#live")).to_contain_text("Handed on: Message m1.")
    assert verdicts() == ["", ""]
    assert Handing.objects.get().to_id == cast.colleague.pk
    other = sign_in(cast.colleague)
    other.goto("/desk/")
    at_desk(other, "Message m1")
    expect(other.locator(".handed")).to_contain_text("a and r are letters here, h and f too")
    expect(other.locator(".handed")).to_contain_text("reviewer handed it on to colleague")


def test_f_flags_an_item_and_a_lead_reads_why(cast: Company, lead: User, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("f")
    expect(page.locator("#flag-note")).to_be_focused()
    page.keyboard.type("May we refund this?")
    page.keyboard.press("Control+Enter")
    at_desk(page, "Message m2")
    boss = sign_in(lead)
    boss.goto("/desk/")
    at_desk(boss, "Message m1")
    expect(boss.locator(".handed.notice-warning")).to_contain_text("May we refund this?")


def test_escape_leaves_and_an_empty_note_stays_with_its_words(cast: Company, sign_in: SignIn, faults: Faults) -> None:
    faults.expect("422")
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("h")
    page.keyboard.press("Escape")
    expect(page.locator("#sheet-title")).to_be_focused()
    page.keyboard.press("f")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#flag-error")).to_contain_text("Say in 1 to 2000 characters")
    expect(page.locator("#flag-note")).to_be_focused()
    assert not Handing.objects.exists()
    assert Review.objects.get().state == ReviewState.HELD


def test_both_work_without_a_script(cast: Company, lead: User, browser: Browser, live_server: LiveServer) -> None:
    waiting(cast, "m1", "m2")
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill("reviewer")
    page.get_by_label("Password").fill(casts.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto("/desk/")
    page.get_by_role("button", name="Take").first.click()
    expect(page.locator("#sheet-title")).to_have_text("Message m1")
    page.get_by_role("button", name="H Hand on").click()
    page.get_by_label("Hand it on to").select_option(label="colleague")
    page.get_by_role("button", name="Hand on Ctrl").click()
    expect(page.locator("#hand-error")).to_be_visible()
    expect(page.get_by_label("Hand it on to")).to_have_value(str(cast.colleague.pk))
    page.get_by_label("What they should know").fill("You know them.")
    page.get_by_role("button", name="Hand on Ctrl").click()
    expect(page.locator("#sheet-title")).to_have_text("Message m2")
    page.get_by_role("button", name="F Flag").click()
    page.get_by_label("What a lead should decide").fill("May we?")
    page.get_by_role("button", name="Flag it").click()
    expect(page.locator("#sheet-title")).not_to_have_text("Message m2")
    assert [one.kind for one in Handing.objects.order_by("pk")] == ["handed", "flagged"]
    context.close()


def test_a_lead_takes_one_of_two_words_with_one_button(cast: Company, lead: User, sign_in: SignIn) -> None:
    twice = casts.task(cast.project, by=cast.admin, name="Twice", slug="twice", looks=2, undo_s=0)
    waiting(cast)
    casts.one(twice, "m1", casts.says(RIVAL))
    casts.decide(cast.reviewer, twice)
    casts.decide(cast.colleague, twice, verdict=Verdict.FIX, answer=RIVAL | {"amount": 7}, note="It was seven.")
    page = sign_in(lead)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    expect(page.locator(".peer")).to_have_count(2)
    expect(page.locator(".peers")).to_contain_text("It was seven.")
    page.get_by_role("button", name="Decide as colleague did").click()
    expect(page.locator(".desk-empty")).to_be_visible()
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    settled = Review.objects.get(kind=ReviewKind.GATE)
    assert (settled.verdict, settled.answer) == (Verdict.FIX, RIVAL | {"amount": 7})
