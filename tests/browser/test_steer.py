"""The slider in a real browser: numbers follow the hand, the server has the last word, axe finds nothing."""

import re
from collections.abc import Callable
from typing import Protocol

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from slider.models import Gauge, Mode, Role, Task
from tests import casts, evidence

pytestmark = pytest.mark.django_db(transaction=True)

PageAs = Callable[[Role], Page]


class Faults(Protocol):
    """What tests/browser/conftest.py collects of a page's faults."""

    def expect(self, pattern: str) -> None: ...


def company() -> casts.Company:
    cast = casts.company(mode=Mode.GUARDED, share=0.5)
    for number in range(6):
        casts.one(cast.task, f"m{number}", casts.says({"topic": "refund", "urgent": False}, p=0.6 + number / 20))
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    return cast


def test_dragging_tells_and_resting_asks_the_server(page_as: PageAs) -> None:
    cast = company()
    page = page_as(Role.TUNER)
    page.goto(reverse("slider", args=[cast.task.pk]))
    percent, share = page.locator("#id_percent"), page.locator('[data-then="share"]')
    expect(share).to_have_text("50 %")
    page.locator("#range").focus()
    with page.expect_response(lambda response: "what-if" in response.url):
        page.keyboard.press("End")
        # The page's own sums stand there before the server has answered.
        expect(percent).to_have_value("100")
        expect(share).to_have_text("60 %")
    expect(page.locator("[data-verdict]")).to_contain_text("1,100 reviewed items allow 60 %, so 60 % runs.")
    expect(page.locator("#live")).to_contain_text("60 % runs")


def test_the_slider_the_share_and_apply_are_seen_at_first_sight(page_as: PageAs) -> None:
    cast = casts.company(mode=Mode.TRIAL, share=0.5)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    page = page_as(Role.ADMIN)
    page.goto(reverse("slider", args=[cast.task.pk]))
    expect(page.get_by_role("link", name="Let the guard hold it")).to_be_in_viewport(ratio=1)
    for seen in (page.locator("#range"), page.locator("#id_percent"), page.get_by_role("button", name="Apply")):
        expect(seen).to_be_in_viewport(ratio=1)


def test_letting_the_guard_hold_a_trial_is_one_click_and_apply(page_as: PageAs) -> None:
    cast = casts.company(mode=Mode.TRIAL, share=0.8)
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    page = page_as(Role.TUNER)
    page.goto(reverse("slider", args=[cast.task.pk]))
    page.get_by_role("link", name="Let the guard hold it").click()
    expect(page.get_by_label("Why")).to_have_value("Evidence allows 60 %: the guard holds it from here on")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".notice-success")).to_contain_text("1,100 reviewed items allow 60 %")


@pytest.mark.parametrize(("width", "drawn"), [(1280, "drawn-wide"), (390, "drawn-narrow")])
def test_the_picture_is_drawn_for_its_width_in_letters_that_can_be_read(
    page_as: PageAs, width: int, drawn: str
) -> None:
    cast = company()
    page = page_as(Role.VIEWER)
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(reverse("slider", args=[cast.task.pk]))
    plot = page.locator("svg[data-plot]:visible")
    expect(plot).to_have_count(1)
    expect(plot).to_have_class(re.compile(rf"\b{drawn}\b"))
    scale, size = plot.evaluate(
        "svg => [svg.getScreenCTM().a, parseFloat(getComputedStyle(svg.querySelector('.axis')).fontSize)]"
    )
    assert scale * size >= 11
    thumb, line = page.locator("#range"), plot.locator(".cursor")
    page.locator("#id_percent").fill("100")
    box, at = thumb.bounding_box(), line.bounding_box()
    assert box is not None
    assert at is not None
    assert box["x"] + box["width"] - 10 == pytest.approx(at["x"] + at["width"] / 2, abs=2)


def test_the_pages_sums_and_words_are_the_servers(page_as: PageAs) -> None:
    cast = company()
    Task.objects.update(staffed_hours=0.03)
    page = page_as(Role.TUNER)
    page.goto(reverse("slider", args=[cast.task.pk]))
    numbers, words = page.locator("[data-then], [data-staffed]"), page.locator("[data-verdict]")
    page.get_by_label("Trial: on your word").check()
    for mode in ("Trial: on your word", "Held by evidence"):
        page.get_by_label(mode).check()
        for percent in ("35", "57.3", "60", "99.87", "0"):
            page.locator("#id_percent").fill(percent)
            page.wait_for_function(
                "asked => document.querySelector('#range').ariaValueText.startsWith(asked)", arg=percent
            )
            own = [*numbers.all_text_contents(), *words.all_text_contents()]
            tone = _tone(words)
            with page.expect_response(re.compile(rf"what-if.*percent={re.escape(percent)}&")):
                page.locator("#id_percent").press("Tab")
            page.wait_for_function("() => !document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
            expect(words).to_have_class(re.compile("verdict"))
            assert [*numbers.all_text_contents(), *words.all_text_contents()] == own, (mode, percent)
            assert _tone(words) == tone


def _tone(words: Locator) -> str:
    found = re.search(r"verdict-(\w+)", words.get_attribute("class") or "")
    assert found is not None
    return found[1]


def test_putting_back_is_one_click(page_as: PageAs) -> None:
    cast = company()
    page = page_as(Role.TUNER)
    page.goto(reverse("slider", args=[cast.task.pk]))
    page.locator("#id_percent").fill("30")
    page.get_by_label("Why").fill("Fewer people today")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".notice-success")).to_contain_text("30 % in effect, as you asked")
    page.get_by_role("button", name="Put back 50 %").click()
    expect(page.locator(".notice-success")).to_contain_text("Put back from the next item on. 50 % in effect")
    policy = Gauge.objects.select_related("policy").get(pk=cast.task.pk).policy
    assert policy.requested == 0.5
    assert policy.reason.startswith("Put back 50 %, held by evidence: it stood before the-tuner moved it")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_screens_are_open_to_all_and_never_scroll_sideways(
    page_as: PageAs, check_both_schemes: Callable[[Page], None], width: int
) -> None:
    cast = company()
    page = page_as(Role.ADMIN)
    page.set_viewport_size({"width": width, "height": 800})
    addresses = [reverse(name, args=[cast.task.pk]) for name in ("slider", "worker", "task-settings")]
    addresses += ["/", reverse("keys", args=[cast.project.slug]), reverse("task-new", args=[cast.project.slug])]
    for address in [*addresses, f"{addresses[0]}?scale=nines&percent=95&mode=trial"]:
        page.goto(address)
        for fold in page.locator("main details > summary").all():
            fold.click()
        check_both_schemes(page)


def test_the_door_is_open_to_all(page: Page, check_accessibility: Callable[[Page], None]) -> None:
    casts.company()
    page.goto("/login?next=/tasks/1/")
    check_accessibility(page)
    page.get_by_label("Name").fill("tuner")
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    check_accessibility(page)


def test_without_scripts_everything_still_works(page: Page, faults: Faults) -> None:
    faults.expect(r"ERR_FAILED .*\.js")
    cast = company()
    page.route("**/*.js", lambda route: route.abort())
    page.goto("/login")
    page.get_by_label("Name").fill("tuner")
    page.get_by_label("Password").fill(casts.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(reverse("slider", args=[cast.task.pk]))
    page.get_by_label("Share unattended").fill("45")
    page.get_by_label("Why").fill("By hand")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".notice-success")).to_contain_text("45 % in effect")


def test_without_any_script_both_axes_and_every_share_can_be_looked_at(
    browser: Browser, live_server: LiveServer, give_session: Callable[[Page, User], None]
) -> None:
    cast = company()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    give_session(page, cast.tuner)
    page.goto(reverse("slider", args=[cast.task.pk]))
    page.get_by_label("Share", exact=True).fill("54")
    page.get_by_label("scale", exact=True).select_option("nines")
    page.get_by_role("button", name="Look").click()
    expect(page.locator("[data-verdict]")).to_contain_text("1,100 reviewed items vouch for 54 %")
    expect(page.locator("svg[data-plot]:visible")).to_have_class(re.compile("axis-nines"))
    page.get_by_role("link", name="linear").click()
    expect(page.locator("svg[data-plot]:visible")).to_have_class(re.compile("axis-linear"))
    expect(page.get_by_label("Share unattended")).to_have_value("54")
    page.get_by_label("Why").fill("Without a script")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".notice-success")).to_contain_text("54 % in effect")
    page.get_by_role("button", name="Put back 50 %").click()
    expect(page.locator(".notice-success")).to_contain_text("50 % in effect")
    context.close()


def test_the_theme_is_chosen_once_and_kept(page_as: PageAs) -> None:
    casts.company()
    page = page_as(Role.VIEWER)
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Dark or light").click()
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
