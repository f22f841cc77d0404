"""The hand on the slider: keys, mouse and finger, on both axes, and a page that stands still meanwhile."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from slider.flow import steer
from slider.models import Mode, Role, Task
from tests import casts, evidence

pytestmark = pytest.mark.django_db(transaction=True)

PageAs = Callable[[Role], Page]
KEYS = (
    # where it stands, what is pressed, where it ends
    ("50", "ArrowRight", "50.5"),
    ("50", "ArrowUp ArrowUp", "51"),
    ("50", "ArrowLeft", "49.5"),
    ("50.3", "ArrowRight", "50.5"),
    ("50.3", "ArrowDown", "50"),
    ("89.5", "ArrowRight ArrowRight", "90.1"),
    ("90", "ArrowLeft", "89.5"),
    ("98.9", "ArrowRight ArrowRight", "99.01"),
    ("99", "ArrowLeft", "98.9"),
    ("99.99", "ArrowRight ArrowRight", "100"),
    ("0", "ArrowLeft", "0"),
    ("40", "PageUp", "45"),
    ("42", "PageUp", "45"),
    ("42", "PageDown", "40"),
    ("99", "PageUp", "99.5"),
    ("99.5", "PageUp PageUp PageUp", "100"),
    ("3", "PageDown PageDown", "0"),
    ("50", "End", "100"),
    ("50", "Home", "0"),
)


@pytest.fixture
def page(page_as: PageAs) -> Page:
    cast = casts.company(mode=Mode.GUARDED, share=0.5)
    for number in range(6):
        casts.one(cast.task, f"m{number}", casts.says({"topic": "refund", "urgent": False}, p=0.6 + number / 20))
    evidence.prove(cast.task, right=900, wrong=200, up_to=0.6)
    page = page_as(Role.TUNER)
    page.goto(reverse("slider", args=[cast.task.pk]))
    return page


def stands_at(page: Page, percent: str) -> None:
    expect(page.locator("#id_percent")).to_have_value(percent)


def test_keys_go_by_fine_steps_and_by_the_steps_of_the_evidence(page: Page) -> None:
    for scale in ("linear", "nines"):
        page.get_by_role("link", name=scale).click()
        for begin, keys, ends in KEYS:
            page.locator("#id_percent").fill(begin)
            page.locator("#range").focus()
            for key in keys.split():
                page.keyboard.press(key)
            assert page.locator("#id_percent").input_value() == ends, (scale, begin, keys)


def test_a_key_asks_the_server_once_the_hand_rests(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "what-if" in request.url else None)
    page.locator("#range").focus()
    with page.expect_response(lambda response: "what-if" in response.url):
        page.keyboard.press("Home")
        page.keyboard.press("PageUp")
        for _ in range(5):
            page.keyboard.press("ArrowRight")
    assert len(asked) == 1
    assert "percent=7.5" in asked[0]
    expect(page.locator("#range")).to_have_attribute("aria-valuetext", "7.5 % asked, 0 % would run unattended")
    expect(page.locator("#live")).to_contain_text("do not vouch for that yet")


@pytest.mark.parametrize(("scale", "least", "most"), [("linear", 74, 76), ("nines", 99.6, 99.75)])
def test_the_thumb_is_dragged_on_either_axis(page: Page, scale: str, least: float, most: float) -> None:
    page.get_by_role("link", name=scale).click()
    _drag(page, to=0.75)
    assert least <= float(page.locator("#id_percent").input_value()) <= most
    thumb, line = page.locator("#range"), page.locator("svg[data-plot]:visible .cursor")
    box, at = thumb.bounding_box(), line.bounding_box()
    assert box is not None
    assert at is not None
    part = int(thumb.input_value()) / 10_000
    assert box["x"] + 10 + part * (box["width"] - 20) == pytest.approx(at["x"] + at["width"] / 2, abs=4)


def test_the_whole_of_either_axis_can_be_reached(page: Page) -> None:
    for scale in ("linear", "nines"):
        page.get_by_role("link", name=scale).click()
        for to, percent in ((1.0, "100"), (0.0, "0")):
            _drag(page, to=to)
            stands_at(page, percent)


def _drag(page: Page, *, to: float) -> None:
    """Take the thumb where it stands and draw it to a part of its way."""
    thumb = page.locator("#range")
    thumb.scroll_into_view_if_needed()
    box = thumb.bounding_box()
    assert box is not None
    part, y = int(thumb.input_value()) / 10_000, box["y"] + box["height"] / 2

    def x(at: float) -> float:
        return box["x"] + 10 + at * (box["width"] - 20)

    page.mouse.move(x(part), y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x(part + (to - part) * step / 8), y)
    page.mouse.up()


def test_the_axis_is_changed_without_a_new_page_and_kept_in_the_address(page: Page) -> None:
    page.locator("#id_percent").fill("95")
    page.get_by_label("Why").fill("Half a sentence")
    before = page.locator("#range").input_value()
    page.get_by_role("link", name="nines").click()
    expect(page.locator("svg[data-plot]:visible")).to_have_class(re.compile("axis-nines"))
    stands_at(page, "95")
    expect(page.get_by_label("Why")).to_have_value("Half a sentence")
    assert int(page.locator("#range").input_value()) < int(before)
    page.reload()
    expect(page.locator("svg[data-plot]:visible")).to_have_class(re.compile("axis-nines"))
    expect(page.get_by_role("link", name="nines")).to_have_attribute("aria-current", "true")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_jumps_while_one_drags(page: Page, width: int) -> None:
    Task.objects.update(staffed_hours=0.03)
    page.set_viewport_size({"width": width, "height": 844})
    page.reload()
    # Where each line of the page stands, down to the last figure.
    spots = (
        "() => [...document.querySelectorAll('#steer .btn, .then tr, #range')].map(e => e.offsetTop + e.offsetHeight)"
    )
    page.locator("#range").focus()
    seen = {tuple(page.evaluate(spots))}
    for key in ("End", "PageDown", "Home", "PageUp", "PageUp"):
        page.keyboard.press(key)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        seen.add(tuple(page.evaluate(spots)))
    assert len(seen) == 1


def test_the_examples_stay_open_when_the_servers_numbers_come_in(page: Page) -> None:
    # From nothing, every item with a rank below changes lane.
    steer.apply(Task.objects.get().pk, share=0, mode=Mode.TRIAL, reason="All to people", by=User.objects.all()[0].pk)
    page.reload()
    page.get_by_label("Trial: on your word").check()
    for percent in ("100", "95"):
        page.locator("#id_percent").fill(percent)
        with page.expect_response(re.compile(f"what-if.*percent={percent}")):
            page.locator("#id_percent").press("Tab")
        if percent == "100":
            page.locator("#what-if details summary").click()
        expect(page.locator("#what-if .movers")).to_be_visible()
    page.locator("#what-if .movers a").first.click()
    expect(page).to_have_url(re.compile(r"/items/\d+/$"))


def test_numbers_for_where_the_hand_no_longer_is_do_not_come_in(page: Page) -> None:
    late: list[Route] = []

    def keep(route: Route) -> None:
        late.append(route)

    page.route("**/what-if*", keep)
    page.locator("#id_percent").fill("20")
    page.locator("#id_percent").press("Tab")
    while not late:
        page.wait_for_timeout(20)  # until the question is out
    page.locator("#id_percent").fill("90")
    expect(page.locator("[data-verdict]")).to_contain_text("You ask 90 %")
    with page.expect_response(lambda response: "percent=20" in response.url):
        late[0].continue_()
    page.wait_for_function("() => !document.querySelector('.htmx-request')")
    expect(page.locator("[data-verdict]")).to_contain_text("You ask 90 %")
    page.unroute("**/what-if*")


def test_back_goes_to_what_was_asked_before(page: Page) -> None:
    back = page.get_by_role("button", name="Back to 50 %")
    expect(back).to_be_disabled()
    page.locator("#range").focus()
    page.keyboard.press("End")
    page.get_by_label("Trial: on your word").check()
    back.click()
    stands_at(page, "50")
    expect(page.get_by_label("Held by evidence")).to_be_checked()
    expect(back).to_be_disabled()
    expect(page.locator("#range")).to_be_focused()
