"""The quality page and the banners in a real browser: everybody can read them, and news is said as it comes."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from slider.flow import canaries, notices, policies
from slider.models import Maker, Mode, NoticeKind, NoticeSeen
from tests import casts, stream
from tests.browser.conftest import SignIn
from tests.stream import Wave

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> casts.Company:
    return casts.company(mode=Mode.TRIAL, share=0.8)


def lived_in(cast: casts.Company) -> None:
    """Evidence, a regression, and the guard's answer to it."""
    stream.pour(cast.task, Wave(items=2_000, days=2, ends=1), by=cast.reviewer)
    canaries.run(cast.task.pk, count=30, seed=1)
    stream.pour(
        cast.task, Wave(items=600, bad_topic="refund", bad_error=0.4, days=1, ends=0.1, owed=80), by=cast.reviewer
    )
    policies.make(cast.task.pk, policies.Change(held=True), maker=Maker.GUARD, reason="9 of 40 audits were wrong")
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "9 of 40 audits were wrong", policy=2)


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["wide", "phone"])
def test_everybody_can_read_it(
    cast: casts.Company,
    sign_in: SignIn,
    check_both_schemes: Callable[[Page], None],
    size: tuple[int, int],
) -> None:
    page = sign_in(cast.tuner)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for is_empty in (True, False):
        if not is_empty:
            lived_in(cast)
        for name in ("quality", "notices"):
            page.goto(reverse(name, args=[cast.task.pk]))
            page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
            check_both_schemes(page)


@pytest.mark.parametrize(("width", "drawn"), [(1280, "drawn-wide"), (390, "drawn-narrow")])
def test_the_pictures_are_there_and_drawn_for_their_width(
    cast: casts.Company, sign_in: SignIn, width: int, drawn: str
) -> None:
    lived_in(cast)
    page = sign_in(cast.tuner)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(reverse("quality", args=[cast.task.pk]))
    expect(page.locator(".quality-chart svg:visible")).to_have_class(drawn)
    expect(page.locator(".trust-chart svg")).to_be_visible()


def test_a_banner_is_put_away_with_the_keyboard_and_what_was_typed_stays(cast: casts.Company, sign_in: SignIn) -> None:
    lived_in(cast)
    page = sign_in(cast.tuner)
    page.goto(reverse("slider", args=[cast.task.pk]))
    page.get_by_label("Why").fill("Half a reason")
    page.get_by_role("button", name="Seen: Pulled back").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-notice]")).to_have_count(0)
    expect(page.get_by_label("Why")).to_have_value("Half a reason")
    assert page.evaluate("document.activeElement.id") == "main"
    page.reload()
    expect(page.locator("[data-notice]")).to_have_count(0)
    assert NoticeSeen.objects.filter(user=cast.tuner).count() == 1


def test_a_new_banner_is_said_while_the_page_is_open(cast: casts.Company, sign_in: SignIn) -> None:
    page = sign_in(cast.tuner)
    page.goto(reverse("quality", args=[cast.task.pk]))
    notices.tell(cast.task.pk, NoticeKind.PULLED_BACK, "9 of 40 audits were wrong")
    page.evaluate("htmx.ajax('GET', document.getElementById('banners').getAttribute('hx-get'), '#banners')")
    expect(page.locator("[data-notice]")).to_have_count(1)
    expect(page.locator("#live")).to_contain_text("Pulled back: Sort messages 9 of 40 audits were wrong")


def test_without_scripts_all_of_it_works(
    cast: casts.Company, browser: Browser, sign_in: SignIn, live_server: object
) -> None:
    lived_in(cast)
    door = sign_in(cast.tuner).context.storage_state()
    context = browser.new_context(base_url=str(live_server), java_script_enabled=False, storage_state=door)
    page = context.new_page()
    page.goto(reverse("quality", args=[cast.task.pk]))
    expect(page.locator("svg.drawn-wide .interval").first).to_be_visible()
    page.get_by_text("The same in numbers").first.click()
    expect(page.get_by_role("region", name="Error over time, in numbers")).to_be_visible()
    page.get_by_role("link", name="the last 2,000 items").click()
    page.get_by_role("button", name="Seen: Pulled back").click()
    expect(page).to_have_url(f"{live_server}{reverse('quality', args=[cast.task.pk])}?span=2000")
    expect(page.locator("[data-notice]")).to_have_count(0)
    context.close()
