"""Undo at the desk and corrections on the page of an item, in a real browser, with a script and without."""

from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from slider.models import Correction, Item, Publication, Review, ReviewState, State, Undone
from tests import casts
from tests.browser.conftest import PATIENCE_MS, Faults, SignIn
from tests.browser.desk_steps import SAID, at_desk, in_sight, until, verdicts, waiting
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company(undo_s=600)


def test_u_takes_back_one_decision_after_the_other(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    expect(page.locator(".undo")).to_have_count(0)
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    expect(page.locator(".undo")).to_contain_text("Accepted: Message m1")
    expect(page.get_by_role("button", name="U Undo")).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("3")
    at_desk(page, "Message m3")
    page.keyboard.press("u")
    at_desk(page, "Message m2")
    expect(page.locator("#sheet-title")).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Taken back: Message m2.")
    expect(page.locator(".undo")).to_contain_text("Accepted: Message m1")
    page.keyboard.press("u")
    at_desk(page, "Message m1")
    expect(page.locator(".undo")).to_have_count(0)
    page.keyboard.press("u")  # nothing is left to take back: nothing happens
    for title in ("Message m2", "Message m3"):
        page.keyboard.press("a")
        at_desk(page, title)
    assert verdicts() == ["accept", "accept", ""]
    assert Undone.objects.count() == 2


def test_a_held_u_takes_back_one_and_a_u_in_a_field_none(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    for title in ("Message m1", "Message m2"):
        at_desk(page, title)
        page.keyboard.press("a")
    at_desk(page, "Message m3")
    page.keyboard.press("e")
    page.locator("#fix-note").press_sequentially("unsure")
    page.keyboard.press("Escape")
    for _ in range(4):
        page.keyboard.down("u")
    at_desk(page, "Message m2")
    page.keyboard.up("u")
    assert verdicts() == ["accept", "", ""]
    page.keyboard.press("a")
    at_desk(page, "Message m3")
    expect(page.locator("#fix-note")).to_have_value("unsure")  # what was typed meanwhile is not lost by an undo


def test_a_fix_comes_back_as_it_was_typed_and_the_empty_desk_has_the_key_as_well(
    cast: Company, sign_in: SignIn
) -> None:
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("94")
    page.keyboard.press("Control+Enter")
    in_sight(page, "Nothing waits for you just now")
    page.keyboard.press("u")
    at_desk(page, "Message m1")
    expect(page.locator("[name='f.amount']")).to_be_visible()
    expect(page.locator("[name='f.amount']")).to_have_value("94")
    page.locator("[name='f.amount']").fill("95")
    page.keyboard.press("Control+Enter")
    at_desk(page, "Nothing waits for you just now")
    assert Review.objects.get().answer == SAID | {"amount": 95}
    assert Publication.objects.get().answer == SAID | {"amount": 95}


def test_a_fix_that_was_taken_back_outlives_a_reload(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("94")
    page.keyboard.press("Control+Enter")
    in_sight(page, "Nothing waits for you just now")
    page.keyboard.press("u")
    at_desk(page, "Message m1")
    page.reload()  # what its page held is let go
    at_desk(page, "Message m1")
    page.keyboard.press("e")
    expect(page.locator("[name='f.amount']")).to_have_value("94")


def test_the_seconds_count_down_and_the_button_goes_with_them(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.clock.install()
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    page.clock.run_for(1000)
    expect(page.locator(".undo [data-left]")).to_contain_text("min")
    page.clock.run_for(500_000)
    expect(page.locator(".undo [data-left]")).to_contain_text(" s)")
    page.locator(".undo button").focus()
    where = page.locator("#sheet-title").bounding_box()
    page.clock.run_for(101_000)
    expect(page.locator(".undo button")).to_have_count(0)
    expect(page.locator("#sheet-title")).to_be_focused()
    assert page.locator("#sheet-title").bounding_box() == where  # nothing moves under a reader's eyes
    page.keyboard.press("u")
    assert verdicts() == ["accept", ""]


def test_an_undo_that_comes_too_late_says_so(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    casts.time_passes(cast.task)
    page.keyboard.press("u")
    expect(page.locator("#desk .notice-warning")).to_contain_text("Message m1 stays as you decided it")
    expect(page.locator("#live")).to_contain_text("Message m1 stays as you decided it")
    at_desk(page, "Message m2")
    assert verdicts() == ["accept", ""]


def test_an_undo_whose_answer_got_lost_takes_back_one(cast: Company, sign_in: SignIn, faults: Faults) -> None:
    faults.expect("ERR_FAILED")
    waiting(cast, "m1", "m2", "m3")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    for title in ("Message m1", "Message m2"):
        at_desk(page, title)
        page.keyboard.press("a")
    at_desk(page, "Message m3")

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/undo", lose_the_answer, times=1)
    page.keyboard.press("u")
    at_desk(page, "Message m2")  # by itself: the page asks again
    assert verdicts() == ["accept", "", ""]


def test_the_lease_of_the_item_is_renewed_and_not_that_of_the_last(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1", "m2")
    page = sign_in(cast.reviewer)
    page.clock.install()
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("a")
    at_desk(page, "Message m2")
    held = Review.objects.filter(state=ReviewState.HELD)
    until(page, lambda: held.exists() and page.locator("#desk:not([data-unsaved])").count() == 1)
    before = held.get().lease_until
    with page.expect_response("**/ahead") as stayed:
        page.clock.run_for(18_000)
    assert stayed.value.status == 200
    until(page, lambda: held.filter(lease_until__gt=before).exists())


@pytest.fixture
def without_script(browser: Browser, faults: Faults, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def test_undo_and_corrections_work_without_a_script(
    cast: Company, without_script: Page, give_session: Callable[[Page, User], None]
) -> None:
    waiting(cast, "m1", "m2")
    page = without_script
    give_session(page, cast.reviewer)
    page.goto("/desk/")
    page.get_by_role("button", name="Take the next item").click()
    page.get_by_role("button", name="Fix").click()
    page.locator("[name='f.amount']").fill("94")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#sheet-title")).to_have_text("Message m2")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#sheet-title")).to_have_text("Message m1")
    expect(page.locator("[name='f.amount']")).to_have_value("94")
    page.get_by_role("button", name="Send").click()
    assert Review.objects.get(item__external_id="m1").answer == SAID | {"amount": 94}
    casts.time_passes(cast.task)
    page.goto(f"/items/{Item.objects.get(external_id='m1').pk}/")
    page.get_by_text("Correct the result").click()
    page.locator("[name='f.amount']").fill("95")
    page.get_by_label("What was wrong").select_option("wrong")
    page.get_by_role("button", name="Publish the correction").click()
    expect(page.locator("main")).to_contain_text("Corrected by reviewer: fixed")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("main")).to_contain_text("The correction is taken back")
    assert Correction.objects.get().undone_at is not None
    assert Item.objects.get(external_id="m1").state == State.DONE


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_and_all_fits(
    cast: Company,
    sign_in: SignIn,
    check_both_schemes: Callable[[Page], None],
    faults: Faults,
    width: int,
) -> None:
    faults.expect("422")
    waiting(cast, "m1")
    casts.one(cast.task, "m2", casts.says(SAID), subject="A long name for a message that goes on and on " * 3)
    casts.one(cast.task, "m3", casts.says(SAID))
    page = sign_in(cast.reviewer)
    page.set_viewport_size({"width": width, "height": 844 if width < 500 else 800})

    def fits() -> None:
        check_both_schemes(page)

    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.keyboard.press("a")
    expect(page.locator(".undo")).to_be_visible()
    page.locator("[data-key='a']").click()
    at_desk(page, "Message m3")
    expect(page.locator(".undo button")).to_be_in_viewport()
    fits()
    casts.time_passes(cast.task)
    page.keyboard.press("u")
    expect(page.locator("#desk .notice-warning")).to_be_visible()
    fits()
    page.goto(f"/items/{Item.objects.get(external_id='m1').pk}/")
    page.get_by_text("Correct the result").click()
    fits()
    page.locator("[name='f.amount']").fill("much")
    page.get_by_role("button", name="Publish the correction").click()
    expect(page.locator("[aria-invalid]")).to_be_focused()
    fits()
    page.locator("[name='f.amount']").fill("95")
    page.get_by_label("What was wrong").select_option("wrong")
    page.get_by_role("button", name="Publish the correction").click()
    expect(page.locator(".undo")).to_contain_text("has not left yet")
    fits()


def test_a_late_verdict_is_told_to_be_a_second_opinion(
    cast: Company, sign_in: SignIn, check_accessibility: Callable[[Page], None]
) -> None:
    waiting(cast, "m1")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    page.wait_for_load_state("networkidle")  # its own sign of life would take the look again
    Review.objects.update(state=ReviewState.OPEN, holder=None, last_holder=cast.reviewer, lease_until=None)
    casts.decide(cast.colleague, cast.task)
    page.keyboard.press("e")
    page.locator("[name='f.amount']").fill("94")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet-title")).to_have_text("Kept as a second opinion")
    expect(page.locator("#sheet-title")).to_be_focused()
    expect(page.locator("main")).to_contain_text(
        "somebody else has decided this item meanwhile (colleague)", ignore_case=True
    )
    check_accessibility(page)
    page.get_by_role("link", name="the item's story").click()
    expect(page.locator("main")).to_contain_text("Second opinion by reviewer: fixed")
