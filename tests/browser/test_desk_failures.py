"""The desk when something goes wrong: nothing a person typed is lost, and no verdict counts twice."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from slider.models import Review, ReviewState, SecondOpinion
from tests import casts
from tests.browser.conftest import Faults, SignIn
from tests.browser.desk_steps import SAID, at_desk, verdicts, waiting
from tests.casts import Company

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cast() -> Company:
    return casts.company()


def test_a_failed_save_keeps_the_item_and_is_sent_again(cast: Company, sign_in: SignIn, faults: Faults) -> None:
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


def test_what_was_typed_outlives_the_session(
    cast: Company, sign_in: SignIn, give_session: Callable[[Page, User], None], faults: Faults
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
    give_session(page, cast.reviewer)
    page.goto(address)
    expect(page.locator("[name='f.amount']")).to_have_value("77")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#sheet-title")).to_have_text("Nothing waits for you just now")
    assert Review.objects.get().answer == SAID | {"amount": 77}


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


def test_what_comes_too_late_is_kept_as_a_second_opinion(cast: Company, sign_in: SignIn, faults: Faults) -> None:
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
    expect(page.locator("#sheet-title")).to_have_text("Kept as a second opinion")
    assert SecondOpinion.objects.get().note == "Half an hour of thought"
    page.get_by_role("button", name="Take the next item").click()
    at_desk(page, "Message m2")


def test_a_lease_that_runs_short_is_counted_down(cast: Company, sign_in: SignIn) -> None:
    waiting(cast, "m1")
    held = casts.take(cast.reviewer, cast.task)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Message m1")
    expect(page.locator("#lease")).to_be_hidden()
    Review.objects.filter(pk=held.pk).update(lease_until=timezone.now() + timedelta(seconds=90))
    page.reload()
    expect(page.locator("#lease")).to_contain_text("yours for 1:")


def test_the_lease_is_renewed_while_the_page_is_in_sight(cast: Company, sign_in: SignIn) -> None:
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
