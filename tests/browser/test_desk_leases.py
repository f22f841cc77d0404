"""What an open desk holds: several tabs, a page that closes or is loaded anew, nobody there, a clock that is wrong."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from slider.flow import ahead, claims
from slider.models import LastWord, Publication, Review, ReviewState
from tests import casts
from tests.browser.conftest import Faults, SignIn
from tests.browser.desk_steps import at_desk, have_ahead, in_sight, until, verdicts, waiting
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


def test_a_closed_tab_frees_what_it_held_and_keeps_what_was_typed(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 3)
    page.keyboard.press("e")
    with page.expect_response("**/ahead"):  # a look that somebody types for is held for longer
        page.locator("#fix-note").fill("half an hour of thought")
    context = page.context
    page.close(run_before_unload=True)
    other = context.new_page()
    other.goto("/")
    held = Review.objects.filter(state=ReviewState.HELD)
    until(other, lambda: list(held.values_list("item__external_id", flat=True)) == ["m1"])
    assert held.get().lease_until > timezone.now() + timedelta(minutes=5)  # type: ignore[operator]  # it is held
    other.goto("/desk/")
    at_desk(other, "Message m1")
    expect(other.locator("#fix-note")).to_have_value("half an hour of thought")


@pytest.mark.parametrize("when", ["before it is given", "after it was given"])
def test_a_page_that_is_loaded_anew_before_its_first_answer_frees_what_it_was_given(
    cast: Company, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    waiting(cast, "m1", "m2", "m3")
    held = Review.objects.filter(state=ReviewState.HELD)
    asked, go_on, given = threading.Event(), threading.Event(), threading.Event()
    fill = ahead.fill

    def slowly(*args: Any, **options: Any) -> ahead.Hand:
        if asked.is_set():
            return fill(*args, **options)
        hand = fill(*args, **options) if when == "after it was given" else None
        asked.set()
        assert go_on.wait(10)
        hand = hand or fill(*args, **options)
        given.set()
        return hand

    monkeypatch.setattr(ahead, "fill", slowly)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    assert asked.wait(10)
    assert held.count() == (3 if when == "after it was given" else 0)
    page.goto("/")
    until(page, lambda: LastWord.objects.exists() and not held.exists())
    go_on.set()
    assert given.wait(10)
    assert not held.exists()
    page.goto("/desk/")
    at_desk(page, "Message m1")


def test_a_closed_tab_keeps_what_was_decided_and_not_yet_answered_and_frees_the_rest(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 3)
    page.route("**/decide", lambda route: route.abort())
    page.keyboard.press("a")
    in_sight(page, "Message m2")
    expect(page.locator("#desk-trouble")).to_contain_text("1 decision is waiting to be saved")
    context = page.context
    page.close(run_before_unload=True)
    other = context.new_page()
    other.goto("/")
    held = Review.objects.filter(state=ReviewState.HELD)
    until(other, lambda: list(held.values_list("item__external_id", flat=True)) == ["m1"])
    other.goto("/desk/")
    at_desk(other, "Message m2")
    assert verdicts() == ["accept", "", ""]


def test_two_tabs_show_different_items_and_decide_each_once(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, *[f"m{number}" for number in range(1, 10)])
    one = sign_in(cast.reviewer)
    one.goto("/desk/")
    at_desk(one, "Message m1")
    have_ahead(one, cast, 4)
    other, third = one.context.new_page(), one.context.new_page()
    other.goto("/desk/")
    at_desk(other, "Message m5")
    have_ahead(other, cast, 8)
    third.goto("/desk/")  # nobody holds more than two desks full
    expect(third.locator("#sheet-title")).to_contain_text("1 item waits")
    expect(third.locator("main")).to_contain_text("8, in another tab of yours")
    other.keyboard.press("a")
    at_desk(other, "Message m6")
    one.bring_to_front()
    one.keyboard.press("a")
    at_desk(one, "Message m2")
    assert [verdict for verdict in verdicts() if verdict] == ["accept", "accept"]
    assert Publication.objects.count() == 2


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_wrong_changes_nothing(cast: Company, sign_in: SignIn, hours: int) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.clock.install(time=timezone.now() + timedelta(hours=hours))
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 2)
    expect(page.locator("#lease")).to_be_hidden()
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("95")
    page.reload()
    at_desk(page, "Message m1")
    expect(page.locator("[name='f.amount']")).to_have_value("95")
    page.keyboard.press("Control+Enter")
    at_desk(page, "Message m2")
    expect(page.locator("#lease")).to_be_hidden()
    assert verdicts() == ["fix", ""]


def test_a_lease_that_is_not_renewed_is_counted_down(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.clock.install()
    page.goto("/desk/")
    at_desk(page, "Message m1")
    expect(page.locator("#lease")).to_be_hidden()
    page.clock.run_for(18_000)
    expect(page.locator("#lease")).to_be_hidden()
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    page.clock.run_for(30_000)
    expect(page.locator("#lease")).to_contain_text("yours for 0:")
    page.clock.run_for(30_000)
    expect(page.locator("#lease")).to_contain_text("your time is over")


def test_nobody_there_means_no_sign_of_life_and_a_key_brings_it_back(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.clock.install()
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.clock.run_for(settings.ENV.SLIDER_PRESENCE_S * 1000)
    until(page, lambda: not page.evaluate("window.ahead.isAsking()"))
    asked: list[str] = []
    page.on("request", lambda request: asked.extend([request.url] * request.url.endswith("/ahead")))
    page.clock.run_for(120_000)
    assert asked == []
    Review.objects.filter(state=ReviewState.HELD).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claims.free_reviews() == 2
    with page.expect_response("**/ahead"):
        page.keyboard.press("Shift")
    assert Review.objects.filter(state=ReviewState.HELD, holder=cast.reviewer).count() == 2
