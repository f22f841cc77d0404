"""The desk when something goes wrong: nothing a person typed is lost, and no verdict counts twice."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import Page, Route, expect

from slider.flow import intake
from slider.models import Item, Publication, Review, SecondOpinion
from tests import casts
from tests.browser.conftest import Faults, SignIn
from tests.browser.desk_steps import SAID, at_desk, have_ahead, in_sight, until, verdicts, waiting
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


def test_without_a_network_the_work_goes_on_and_is_saved_later(cast: Company, sign_in: SignIn, faults: Faults) -> None:
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 3)
    page.route("**/desk/**", lambda route: route.abort())
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("94")
    page.keyboard.press("Control+Enter")
    in_sight(page, "Message m2")
    page.keyboard.press("a")
    in_sight(page, "Message m3")
    expect(page.locator("#desk-trouble")).to_contain_text("2 decisions are waiting to be saved: the server can't be")
    assert verdicts() == ["", "", ""]
    page.unroute("**/desk/**")
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    expect(page.locator("#desk-trouble")).to_be_hidden()
    assert verdicts() == ["fix", "accept", ""]
    assert Review.objects.get(item__external_id="m1").answer == SAID | {"amount": 94}


def test_what_was_not_saved_yet_survives_a_reload_and_is_decided_once(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 2)
    page.route("**/decide", lambda route: route.abort())
    page.keyboard.press("r")
    page.keyboard.press("3")
    in_sight(page, "Message m2")
    expect(page.locator("#desk-trouble")).to_contain_text("1 decision is waiting to be saved")
    page.unroute("**/decide")
    page.reload()
    at_desk(page, "Message m2")
    assert verdicts() == ["reject", ""]


def test_a_decision_that_was_never_sent_is_taken_back_without_a_server(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 3)
    page.route("**/desk/**", lambda route: route.abort())
    page.keyboard.press("a")
    in_sight(page, "Message m2")
    expect(page.locator("#desk-trouble")).to_contain_text("1 decision")
    page.keyboard.press("a")  # this one waits behind the first, which was tried already
    in_sight(page, "Message m3")
    page.keyboard.press("u")
    in_sight(page, "Message m2")
    page.unroute("**/desk/**")
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    assert verdicts() == ["accept", "", ""]
    page.keyboard.press("r")
    page.keyboard.press("1")
    at_desk(page, "Message m3")
    assert verdicts() == ["accept", "reject", ""]


def test_an_answer_that_got_lost_is_not_a_second_verdict(cast: Company, sign_in: SignIn, faults: Faults) -> None:
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
    assert Publication.objects.count() == 1


def test_what_was_decided_outlives_the_session_and_is_sent_after_the_next_sign_in(
    cast: Company, sign_in: SignIn, give_session: Callable[[Page, User], None]
) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 2)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("77")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#desk-trouble")).to_contain_text("1 decision is waiting to be saved: you are signed out")
    in_sight(page, "Message m2")
    page.keyboard.press("e")
    page.locator("#fix-note").fill("half a thought")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Name").fill(cast.reviewer.username)
    page.get_by_label("Password").fill(casts.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    at_desk(page, "Message m2")
    expect(page.locator("#fix-note")).to_have_value("half a thought")
    assert verdicts() == ["fix", ""]
    assert Review.objects.get(item__external_id="m1").answer == SAID | {"amount": 77}


def test_nothing_is_sent_in_the_name_of_who_signs_in_next(
    cast: Company, sign_in: SignIn, give_session: Callable[[Page, User], None], faults: Faults
) -> None:
    faults.expect("403")
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 2)
    give_session(page, cast.colleague)
    page.keyboard.press("a")
    expect(page.locator("#desk-trouble")).to_contain_text("1 decision is waiting to be saved: you are signed out")
    assert verdicts() == ["", ""]
    page.goto("/desk/")
    expect(page.locator("#sheet-title")).to_be_visible()
    assert verdicts() == ["", ""]
    give_session(page, cast.reviewer)
    page.goto("/desk/")
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    assert verdicts() == ["accept", ""]
    assert Review.objects.get(verdict="accept").holder == cast.reviewer


def test_what_was_typed_for_an_item_that_others_decided_meanwhile_is_shown_to_copy(
    cast: Company, sign_in: SignIn
) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("e")
    page.locator("#fix-note").fill("half an hour of thought")
    page.goto("/")
    held = Review.objects.get(item__external_id="m1")
    Review.objects.filter(pk=held.pk).update(holder=cast.colleague, token=held.token + 1, page="")
    page.goto("/desk/")
    expect(page.locator("#sheet-title")).to_have_text("What you typed for Message m1 is kept")
    expect(page.locator("#kept")).to_have_value(re.compile(r"note: half an hour of thought$"))
    page.get_by_role("button", name="Done with it").click()
    at_desk(page, "Message m2")


def test_a_double_click_decides_once(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 3)
    page.get_by_role("button", name="Accept").dblclick(delay=30)
    at_desk(page, "Message m2")
    assert verdicts() == ["accept", "", ""]
    assert Publication.objects.count() == 1


def test_the_same_look_in_two_tabs_counts_once_and_the_second_is_told(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("409")
    waiting(cast, "m1")
    one = sign_in(cast.reviewer)
    one.goto("/desk/")
    at_desk(one, "Message m1")
    other = one.context.new_page()
    other.goto(one.url)
    at_desk(other, "Message m1")
    one.keyboard.press("a")
    expect(one.locator("#desk:not([data-unsaved])")).to_be_attached()
    other.bring_to_front()
    other.keyboard.press("e")
    other.locator("[name='f.amount']").fill("95")
    other.keyboard.press("Control+Enter")
    expect(other.locator("#sheet-title")).to_have_text("This item is not yours any more")
    expect(other.locator("#desk")).to_contain_text("you have said something else of this item before", ignore_case=True)
    expect(other.locator("#kept")).to_contain_text("amount: 95")
    assert verdicts() == ["accept"]


def test_an_item_that_was_withdrawn_meanwhile_comes_back_with_what_was_typed(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("409")
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 2)
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("95")
    intake.withdraw(Item.objects.get(external_id="m1").pk, by=cast.admin.pk, reason="sent twice")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet-title")).to_have_text("This item is not yours any more")
    expect(page.locator("#desk")).to_contain_text("withdrawn meanwhile")
    expect(page.locator("#kept")).to_contain_text("amount: 95")
    page.get_by_role("button", name="Take the next item").click()
    at_desk(page, "Message m2")
    page.reload()  # it was read and is done with
    at_desk(page, "Message m2")


def test_a_refused_answer_waits_for_whoever_has_begun_with_the_next(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("422")
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 3)
    page.route("**/decide", lambda route: route.abort())
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("much")
    page.keyboard.press("Control+Enter")
    in_sight(page, "Message m2")
    page.keyboard.press("e")
    page.locator("#fix-note").fill("begun")
    page.unroute("**/decide")
    expect(page.locator(".came-back")).to_contain_text("Message m1 was not saved and comes back next")
    expect(page.locator("#fix-note")).to_have_value("begun")
    page.get_by_role("button", name="Show it now").click()
    at_desk(page, "Message m1")
    expect(page.locator("[name='f.amount']")).to_have_value("much")
    page.locator("[name='f.amount']").fill("12.5")
    page.keyboard.press("Control+Enter")
    at_desk(page, "Message m2")
    expect(page.locator("#fix-note")).to_have_value("begun")
    assert verdicts() == ["fix", "", ""]


def test_a_key_before_anything_is_there_is_ignored(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    held_up: list[Route] = []
    page.route("**/ahead", lambda route: held_up.append(route), times=1)  # noqa: PLW0108  # it asks for a function
    page.goto("/desk/")
    expect(page.locator("#sheet-title")).to_have_text("The next item is on its way")
    for _ in range(3):
        page.keyboard.press("a")
    held_up[0].continue_()
    at_desk(page, "Message m1")
    assert verdicts() == ["", ""]


def test_an_error_is_in_sight_at_its_field(cast: Company, sign_in: SignIn, faults: Faults) -> None:
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


def test_what_comes_too_late_is_kept_as_a_second_opinion(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 2)
    page.keyboard.press("e")
    page.locator("#fix-note").fill("Half an hour of thought")
    held = Review.objects.get(item__external_id="m1")
    Review.objects.filter(pk=held.pk).update(holder=cast.colleague, token=held.token + 1)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet-title")).to_have_text("Kept as a second opinion")
    assert SecondOpinion.objects.get().note == "Half an hour of thought"
    page.get_by_role("button", name="Take the next item").click()
    at_desk(page, "Message m2")


def test_what_was_typed_for_a_look_that_waits_ahead_is_shown_when_others_take_it(
    cast: Company, sign_in: SignIn
) -> None:
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 3)
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    page.keyboard.press("e")
    page.locator("#fix-note").fill("half an hour of thought")
    page.keyboard.press("Escape")
    page.keyboard.press("u")  # m2 waits behind m1 now
    at_desk(page, "Message m1")
    held = Review.objects.get(item__external_id="m2")
    Review.objects.filter(pk=held.pk).update(holder=cast.colleague, token=held.token + 1, page="")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, lambda: page.evaluate("window.ahead.waiting.some((one) => one.card)"))
    page.keyboard.press("a")
    expect(page.locator("#sheet-title")).to_have_text("What you typed for Message m2 is kept")
    expect(page.locator("#kept")).to_have_value(re.compile(r"note: half an hour of thought$"))
    page.get_by_role("button", name="Done with it").click()
    at_desk(page, "Message m3")
    page.reload()  # it was read and is done with
    at_desk(page, "Message m3")
    assert verdicts() == ["accept", "", ""]


@pytest.mark.parametrize("key", ["h", "f"])
def test_a_note_that_is_half_typed_outlives_a_reload_and_is_shown_when_others_have_the_look(
    cast: Company, sign_in: SignIn, key: str
) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    field = {"h": "#hand-note", "f": "#flag-note"}[key]
    page.keyboard.press(key)
    page.locator(field).fill("You know this customer, since")
    page.reload()
    at_desk(page, "Message m1")
    expect(page.locator(field)).to_be_visible()
    expect(page.locator(field)).to_have_value("You know this customer, since")
    page.goto("/")
    held = Review.objects.get(item__external_id="m1")
    Review.objects.filter(pk=held.pk).update(holder=cast.colleague, token=held.token + 1, page="")
    page.goto("/desk/")
    expect(page.locator("#sheet-title")).to_have_text("What you typed for Message m1 is kept")
    expect(page.locator("#kept")).to_have_value(re.compile(r"note: You know this customer, since$"))


def test_a_note_that_is_refused_leaves_a_fix_that_is_half_typed_in_its_form(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("422")
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("94")
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#hand-error")).to_be_visible()
    page.locator("#hand-note").fill("You know them.")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("[name='f.amount']")).to_have_value("94")


def test_skipping_a_look_that_others_have_by_now_loses_nothing_that_was_typed(
    cast: Company, sign_in: SignIn, faults: Faults
) -> None:
    faults.expect("409")
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    have_ahead(page, cast, 2)
    page.keyboard.press("e")
    page.locator("#fix-note").fill("half an hour of thought")
    page.keyboard.press("Escape")
    held = Review.objects.get(item__external_id="m1")
    Review.objects.filter(pk=held.pk).update(holder=cast.colleague, token=held.token + 1)
    page.keyboard.press("s")
    expect(page.locator("#sheet-title")).to_have_text("This item is not yours any more")
    page.get_by_role("button", name="Take the next item").click()
    expect(page.locator("#kept")).to_have_value(re.compile(r"note: half an hour of thought$"))
    page.get_by_role("button", name="Done with it").click()
    at_desk(page, "Message m2")
