"""The desk in a real browser: the keyboard's loop, and the same without a script."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from slider.models import Review, ReviewState, Verdict
from tests import casts
from tests.browser.conftest import PATIENCE_MS, Faults, SignIn
from tests.browser.desk_steps import RIVAL, SAID, at_desk, verdicts, waiting
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


def test_the_keyboard_alone_does_a_round(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2", "m3", "m4", "m5")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    expect(page.locator("#sheet-title")).to_be_focused()
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    expect(page.locator("#sheet-title")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Accepted: Message m1.")
    page.keyboard.press("1")
    at_desk(page, "Message m3")
    page.keyboard.press("r")
    page.keyboard.press("3")
    at_desk(page, "Message m4")
    page.keyboard.press("s")
    at_desk(page, "Message m5")
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("94")
    page.keyboard.press("Control+Enter")
    at_desk(page, "Nothing waits for you just now")
    assert verdicts() == ["accept", "fix", "reject", "", "fix"]
    m2, m3, m5 = (Review.objects.get(item__external_id=name) for name in ("m2", "m3", "m5"))
    assert (m2.answer, m3.reason, m5.answer) == (RIVAL, "invented", SAID | {"amount": 94})


def test_a_held_key_decides_once_and_keys_in_a_field_decide_nothing(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    for _ in range(5):
        page.keyboard.down("a")
    at_desk(page, "Message m2")
    page.keyboard.up("a")
    page.keyboard.press("e")
    page.locator("#fix-note").press_sequentially("a s r 1")
    page.keyboard.press("Escape")
    expect(page.locator(".fixing")).to_be_hidden()
    expect(page.locator("#sheet-title")).to_be_focused()
    assert verdicts() == ["accept", "", ""]


def test_a_key_by_its_place_works_on_another_layout(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ф', code: 'KeyA', bubbles: true}))")
    at_desk(page, "Message m2")
    assert verdicts() == ["accept", ""]


def test_the_table_of_keys_opens_and_closes(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    assert verdicts() == [""]


def test_two_people_never_hold_the_same_item(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, *[f"m{number}" for number in range(1, 9)])
    one, other = sign_in(cast.reviewer), sign_in(cast.colleague)
    one.goto("/desk/")
    at_desk(one, "Message m1")
    other.goto("/desk/")
    at_desk(other, "Message m5")
    held = Review.objects.filter(state=ReviewState.HELD).order_by("pk")
    assert list(held.values_list("holder__username", flat=True)) == ["reviewer"] * 4 + ["colleague"] * 4


@pytest.fixture
def without_script(browser: Browser, faults: Faults, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_the_loop_works_without_a_script(
    cast: Company, without_script: Page, give_session: Callable[[Page, User], None]
) -> None:
    waiting(cast, "m1", "m2", "m3", "m4")
    page = without_script
    give_session(page, cast.reviewer)
    page.goto("/desk/")
    page.get_by_role("button", name="Take the next item").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#sheet-title")).to_have_text("Message m2")
    page.get_by_role("button", name="Fix").click()
    page.locator("[name='f.amount']").fill("94")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#sheet-title")).to_have_text("Message m3")
    page.get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Against policy").click()
    page.locator("[name=pick]").click()
    expect(page.locator("#sheet-title")).to_have_text("Nothing waits for you just now")
    assert verdicts() == [Verdict.ACCEPT, Verdict.FIX, Verdict.REJECT, Verdict.FIX]


def test_an_audit_is_decided_like_any_other(cast: Company, sign_in: SignIn) -> None:
    casts.audited(cast.task, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    assert "audit" not in page.content().lower()
    page.keyboard.press("a")
    at_desk(page, "Nothing waits for you just now")
    assert verdicts() == [Verdict.ACCEPT]


def test_an_empty_desk_finds_what_comes_in(cast: Company, sign_in: SignIn) -> None:
    page = sign_in(cast.reviewer)
    page.clock.install()
    page.goto("/desk/")
    expect(page.locator("#sheet-title")).to_have_text("Nothing waits for you just now")
    waiting(cast, "m1")
    page.clock.run_for(16_000)
    expect(page.locator("#sheet-title")).to_have_text("1 item waits for you")
    assert Review.objects.get().state == ReviewState.OPEN
    page.get_by_role("button", name="Take the next item").click()
    at_desk(page, "Message m1")
