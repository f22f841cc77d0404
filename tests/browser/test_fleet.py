"""The board in a browser: it comes anew by itself but never under somebody's hands, and works without a script."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from slider.flow import presence
from slider.models import Halt, Item, Operation, Presence, State
from tests import casts
from tests.browser.conftest import PATIENCE_MS, Faults, SignIn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> casts.Company:
    made = casts.company(share=1.0)
    casts.one(made.task, "m1", casts.fails())
    presence.show(presence.Life("alpha", 7, "work@alpha", "work", made.task.pk, "reader", 3, 2))
    return made


def test_the_board_comes_anew_by_itself_but_not_while_it_holds_the_focus(cast: casts.Company, sign_in: SignIn) -> None:
    page = sign_in(cast.admin)
    page.clock.install()
    page.goto("/fleet/")
    stage = page.locator(".stage", has_text="Waiting").locator("b")
    expect(stage).to_have_text("0")
    casts.bring_in(cast.task, {"m2": {"text": "hello"}})
    link = page.locator(f"#task-{cast.task.pk}")
    link.focus()
    page.clock.fast_forward(11_000)
    expect(link).to_be_focused()
    expect(stage).to_have_text("0")
    link.blur()
    with page.expect_response("**/fleet/"):
        page.clock.fast_forward(11_000)
    expect(stage).to_have_text("1")


@pytest.fixture
def without_script(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_with_a_script_a_task_is_paused_and_stuck_items_are_sent_back(
    cast: casts.Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("422")
    operate_by_hand(sign_in(cast.admin), cast)


def test_without_a_script_too(
    cast: casts.Company, without_script: Page, give_session: Callable[[Page, User], None]
) -> None:
    give_session(without_script, cast.admin)
    operate_by_hand(without_script, cast)


def operate_by_hand(page: Page, cast: casts.Company) -> None:
    """Pause, with the reason forgotten at first; resume; look at what is stuck, and send it back."""
    page.goto("/fleet/")
    page.locator(f"#task-{cast.task.pk}").click()
    whole = page.get_by_role("region", name="The whole task")
    whole.get_by_role("button", name="Pause").click()
    expect(whole.locator("[aria-invalid]")).to_be_visible()
    whole.get_by_label("Why").fill("the prompt is wrong")
    whole.get_by_role("button", name="Pause").click()
    expect(page.locator(".notice-success")).to_contain_text("Paused")
    assert Halt.objects.get().reason == "the prompt is wrong"
    whole.get_by_label("Why").fill("mended")
    whole.get_by_role("button", name="Resume").click()
    expect(page.locator(".notice-success")).to_contain_text("Resumed")
    page.get_by_role("link", name="Look at them").click()
    expect(page.locator("h2")).to_have_text("1 would move")
    page.get_by_label("Why").fill("the model is back")
    page.get_by_role("button", name="Send 1").click()
    expect(page.locator(".notice-success")).to_contain_text("1 went back")
    assert Item.objects.get().state == State.READY
    assert Operation.objects.count() == 3
    assert Presence.objects.exists()
