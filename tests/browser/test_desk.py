"""The desk in a real browser: the keyboard's loop, what survives a failure, and the same without a script."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from slider.models import Review, ReviewState, Verdict
from tests import casts
from tests.browser.conftest import PATIENCE_MS, Faults
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)

SAID = {"topic": "refund", "urgent": False, "amount": 12}
RIVAL = SAID | {"topic": "delivery"}


@pytest.fixture
def cast() -> Company:
    return casts.company()


@pytest.fixture
def sign_in(new_page: Callable[[], Page], live_server: LiveServer) -> Callable[[User], Page]:
    def signed_in(user: User) -> Page:
        page = new_page()
        give_session(page, user, live_server)
        return page

    return signed_in


def give_session(page: Page, user: User, live_server: LiveServer) -> None:
    client = Client()
    client.force_login(user)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}])


def at_desk(page: Page, title: str) -> None:
    expect(page.locator("#sheet-title")).to_have_text(title)
    expect(page.locator("#desk:not([aria-busy])")).to_be_attached()


def waiting(cast: Company, *names: str) -> None:
    for name in names:
        casts.one(cast.task, name, casts.says(SAID, others=[RIVAL], p=0.5))


def verdicts() -> list[str]:
    return list(Review.objects.order_by("pk").values_list("verdict", flat=True))


def test_the_keyboard_alone_does_a_round(cast: Company, sign_in: Callable[[User], Page]) -> None:
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
    expect(page.locator("#sheet-title")).to_have_text("Nothing waits for you just now")
    assert verdicts() == ["accept", "fix", "reject", "", "fix"]
    m2, m3, m5 = (Review.objects.get(item__external_id=name) for name in ("m2", "m3", "m5"))
    assert (m2.answer, m3.reason, m5.answer) == (RIVAL, "invented", SAID | {"amount": 94})


def test_a_held_key_decides_once_and_keys_in_a_field_decide_nothing(
    cast: Company, sign_in: Callable[[User], Page]
) -> None:
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


def test_a_key_by_its_place_works_on_another_layout(cast: Company, sign_in: Callable[[User], Page]) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'ф', code: 'KeyA', bubbles: true}))")
    at_desk(page, "Message m2")
    assert verdicts() == ["accept", ""]


def test_the_table_of_keys_opens_and_closes(cast: Company, sign_in: Callable[[User], Page]) -> None:
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


def test_two_people_never_hold_the_same_item(cast: Company, sign_in: Callable[[User], Page]) -> None:
    waiting(cast, "m1", "m2")
    one, other = sign_in(cast.reviewer), sign_in(cast.colleague)
    one.goto("/desk/")
    at_desk(one, "Message m1")
    other.goto("/desk/")
    at_desk(other, "Message m2")
    assert set(Review.objects.filter(state=ReviewState.HELD).values_list("holder__username", flat=True)) == {
        "reviewer",
        "colleague",
    }


def test_a_failed_save_keeps_the_item_and_is_sent_again(
    cast: Company, sign_in: Callable[[User], Page], faults: Faults
) -> None:
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.route("**/decide", lambda route: route.abort())
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("94")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk-trouble")).to_contain_text("Not saved")
    expect(page.locator("[name='f.amount']")).to_have_value("94")
    assert verdicts() == ["", ""]
    page.unroute("**/decide")
    at_desk(page, "Message m2")  # by itself: the page tries again
    expect(page.locator("#desk-trouble")).to_be_hidden()
    assert Review.objects.get(item__external_id="m1").answer == SAID | {"amount": 94}


def test_an_answer_that_got_lost_is_not_a_second_verdict(
    cast: Company, sign_in: Callable[[User], Page], faults: Faults
) -> None:
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/decide", lose_the_answer, times=1)
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    assert verdicts() == ["accept", "", ""]


def test_what_was_typed_outlives_the_session(
    cast: Company, sign_in: Callable[[User], Page], live_server: LiveServer, faults: Faults
) -> None:
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    address = page.url
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("77")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk-trouble")).to_contain_text("signed out")
    give_session(page, cast.reviewer, live_server)
    page.goto(address)
    expect(page.locator("[name='f.amount']")).to_have_value("77")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet-title")).to_have_text("Nothing waits for you just now")
    assert Review.objects.get().answer == SAID | {"amount": 77}


def test_an_error_is_in_sight_at_its_field(cast: Company, sign_in: Callable[[User], Page], faults: Faults) -> None:
    faults.expect("422")
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("much")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".fixing .error")).to_be_in_viewport()
    expect(page.locator("[name='f.amount']")).to_be_focused()
    expect(page.locator("[name='f.amount']")).to_have_value("much")


def test_an_item_that_somebody_else_has_is_lost_in_words(
    cast: Company, sign_in: Callable[[User], Page], faults: Faults
) -> None:
    faults.expect("409")
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("e")
    page.locator("#fix-note").fill("Half an hour of thought")
    held = Review.objects.get(state=ReviewState.HELD)
    Review.objects.filter(pk=held.pk).update(holder=cast.colleague, token=held.token + 1)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet-title")).to_have_text("This item is not yours any more")
    assert "Half an hour of thought" in page.locator("#kept").input_value()
    page.get_by_role("button", name="Take the next item").click()
    at_desk(page, "Message m2")


@pytest.fixture
def without_script(browser: Browser, faults: Faults, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_the_loop_works_without_a_script(cast: Company, without_script: Page, live_server: LiveServer) -> None:
    waiting(cast, "m1", "m2", "m3", "m4")
    page = without_script
    give_session(page, cast.reviewer, live_server)
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing(
    cast: Company,
    sign_in: Callable[[User], Page],
    check_accessibility: Callable[[Page], None],
    faults: Faults,
    scheme: str,
    width: int,
) -> None:
    faults.expect("422")
    long = SAID | {"reply": "We have refunded 12 euro. It will show soon."}
    others = [long | {"reply": "We offer a voucher. It will show soon.", "topic": "other"}]
    item = casts.one(cast.task, "m1", casts.says(long, others=others, p=0.5))
    page = sign_in(cast.admin)
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 844 if width < 500 else 800})
    page.goto("/desk/")
    at_desk(page, "Message m1")
    check_accessibility(page)
    fits(page)
    page.keyboard.press("r")
    check_accessibility(page)
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("much")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".fixing .error")).to_be_visible()
    check_accessibility(page)
    page.goto("/desk/?task=" + str(cast.task.pk))
    for address in (
        f"/items/{item.pk}/",
        f"/tasks/{cast.task.pk}/items/",
        f"/tasks/{cast.task.pk}/items/?id=none",
        f"/tasks/{cast.task.pk}/items/new",
        f"/tasks/{cast.task.pk}/import",
    ):
        page.goto(address)
        check_accessibility(page)
        fits(page)


def fits(page: Page) -> None:
    """No page scrolls sideways."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def test_the_desk_needs_no_scrolling(cast: Company, sign_in: Callable[[User], Page]) -> None:
    casts.one(cast.task, "m1", casts.says(SAID, others=[RIVAL]), text="A long story. " * 250)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    expect(page.get_by_role("button", name="Accept")).to_be_in_viewport()


def test_an_audit_is_decided_like_any_other(cast: Company, sign_in: Callable[[User], Page]) -> None:
    casts.audited(cast.task, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    assert "audit" not in page.content().lower()
    page.keyboard.press("a")
    expect(page.locator("#sheet-title")).to_have_text("Nothing waits for you just now")
    assert verdicts() == [Verdict.ACCEPT]


def test_a_lease_that_runs_short_is_counted_down(cast: Company, sign_in: Callable[[User], Page]) -> None:
    waiting(cast, "m1")
    held = casts.take(cast.reviewer, cast.task)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    expect(page.locator("#lease")).to_be_hidden()
    Review.objects.filter(pk=held.pk).update(lease_until=timezone.now() + timedelta(seconds=90))
    page.reload()
    expect(page.locator("#lease")).to_contain_text("yours for 1:")


def test_the_lease_is_renewed_while_the_page_is_in_sight(cast: Company, sign_in: Callable[[User], Page]) -> None:
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.clock.install()
    page.goto("/desk/")
    at_desk(page, "Message m1")
    before = Review.objects.get().lease_until
    with page.expect_response("**/stay") as staying:
        page.clock.run_for(62_000)
    assert staying.value.status == 204
    assert Review.objects.filter(lease_until__gt=before).exists()


def test_an_empty_desk_finds_what_comes_in(cast: Company, sign_in: Callable[[User], Page]) -> None:
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
