"""Forms with rows wherever a person answers, with a script and without; and what is huge, or comes from elsewhere."""

from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from slider.flow import known, review
from slider.models import Item, OwnAnswer, Practice, Review, ReviewState, Task, Verdict
from tests import casts
from tests.browser import nested
from tests.browser.conftest import Faults, SignIn
from tests.browser.desk_steps import at_desk

pytestmark = pytest.mark.django_db(transaction=True)

PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@pytest.fixture
def without_script(browser: Browser, faults: Faults, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    faults.watch(context, home=live_server.url)
    yield context.new_page()
    context.close()


def add_a_cake(page: Page) -> None:
    """A third line by the form's own button, and what stands in it."""
    page.locator("[name=reshape][value='add:/lines']").click()
    page.locator("[name='f.lines/2/what']").fill("Cake")
    page.locator("[name='f.lines/2/amount']").fill("7")


def hidden_look(cast: casts.Company) -> Review:
    """A look of the reviewer whose draft is hidden until they have answered."""
    Task.objects.update(hidden_rate=0.5)
    cast.task.refresh_from_db()
    for n in range(40):
        nested.waiting(cast, f"h{n}")
        held = casts.take(cast.reviewer, cast.task)
        if held.is_drawn_hidden:
            return held
        review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    raise AssertionError("no look was drawn")


def test_without_a_script_rows_come_and_go_and_errors_stand_at_their_field(
    without_script: Page, give_session: Callable[[Page, User], None], faults: Faults
) -> None:
    faults.expect("422")
    cast = nested.company()
    nested.waiting(cast, "m1")
    page = without_script
    give_session(page, cast.reviewer)
    page.goto("/desk/")
    page.get_by_role("button", name="Take the next item").click()
    page.get_by_role("button", name="Fix").click()
    add_a_cake(page)
    page.locator("[name='f.lines/2/amount']").fill("much")
    page.locator("[name=reshape][value='drop:/lines/0']").click()
    expect(page.locator("[name='f.lines/1/what']")).to_have_value("Cake")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("[name='f.lines/1/amount']")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name='f.lines/1/amount']")).to_have_value("much")
    page.locator("[name='f.lines/1/amount']").fill("7")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    answer: Any = Review.objects.get().answer
    assert answer == nested.ANSWER | {"lines": [{"what": "Delivery", "amount": 4.5}, {"what": "Cake", "amount": 7}]}


def test_a_row_is_added_in_practice(sign_in: SignIn) -> None:
    cast = nested.company()
    (item,) = nested.waiting(cast, "m1")
    casts.decide(cast.colleague, cast.task)
    item.refresh_from_db()
    known.mark(item, draft_right=True, words="All of it is on the invoice.", by=cast.admin.pk)
    page = sign_in(cast.reviewer)
    page.goto(f"/practice/{cast.task.pk}/")
    page.keyboard.press("e")
    add_a_cake(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not right")
    assert Practice.objects.get().verdict == Verdict.FIX
    assert Item.objects.get().pk == item.pk


def test_a_row_is_added_to_an_answer_that_is_given_before_the_draft(sign_in: SignIn) -> None:
    cast = nested.company()
    held = hidden_look(cast)
    page = sign_in(cast.reviewer)
    page.goto(f"/desk/{held.pk}/")
    expect(page.get_by_text("Your own answer first.")).to_be_visible()
    page.locator("label", has_text="invoice").first.click()
    page.locator("[name='f.total']").fill("7")
    page.locator("[name='f.payer/name']").fill("Anna Berg")
    number = page.locator("[name^='f.lines/'][name$='/what']").count()
    page.locator("[name=reshape][value='add:/lines']").last.click()
    expect(page.locator("[name^='f.lines/'][name$='/what']")).to_have_count(number + 1)
    page.locator(f"[name='f.lines/{number}/what']").fill("Cake")
    page.locator(f"[name='f.lines/{number}/amount']").fill("7")
    for _ in range(number):
        page.locator("[name=reshape][value='drop:/lines/0']").click()
    expect(page.get_by_text("What the worker proposes")).to_have_count(0)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("What the worker proposes")).to_be_visible()
    expect(page.locator("#desk:not([aria-busy])")).to_be_attached()
    kept: Any = OwnAnswer.objects.get().answer
    assert kept["lines"] == [{"what": "Cake", "amount": 7}]
    page.keyboard.press("k")
    expect(page.locator("#desk-said")).to_contain_text("Fixed")
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    held.refresh_from_db()
    assert (held.state, held.answer) == (ReviewState.DECIDED, kept)


def test_pictures_stay_away_until_they_are_asked_for_and_then_come_from_their_site_alone(
    sign_in: SignIn, faults: Faults
) -> None:
    cast = nested.company(pictures=True)
    text = "See ![the bread](https://pictures.example/bread.gif) and [more](https://shop.example/)."
    nested.waiting(cast, "m1", text=text)
    page = sign_in(cast.reviewer)
    asked: list[str] = []

    def serve(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(body=PIXEL, content_type="image/gif")

    page.route("https://pictures.example/**", serve)
    faults.expect(r"a foreign address: https://pictures\.example/bread\.gif")
    page.goto("/desk/")
    at_desk(page, "Mail m1")
    page.locator(".source summary", has_text="Formatted").click()
    assert asked == []
    expect(page.locator(".source img")).to_have_count(0)
    page.get_by_role("link", name="Load pictures").click()
    at_desk(page, "Mail m1")
    picture = page.locator(".source img")
    expect(picture).to_have_js_property("naturalWidth", 1)
    page.wait_for_load_state("networkidle")
    assert set(asked) == {"https://pictures.example/bread.gif"}
    page.keyboard.press("a")
    expect(page.locator(".desk-empty")).to_be_visible()


def test_an_answer_of_ten_megabytes_is_read_in_part_and_accepted_whole(sign_in: SignIn, faults: Faults) -> None:
    faults.expect("422")
    cast = nested.company()
    long = "A very long story that nobody reads to its end, and that a model wrote without being asked to. " * 110_000
    said = casts.says(nested.ANSWER | {"note": long}, others=[nested.ANSWER], p=0.5, field="kind")
    casts.one(cast.task, "m1", said, subject="Mail m1", text=nested.TEXT)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    at_desk(page, "Mail m1")
    assert len(page.content()) < 1_000_000
    page.keyboard.press("e")
    expect(page.get_by_text("too long for this form")).to_be_visible()
    page.locator("[name='f.total']").fill("95")
    page.keyboard.press("Control+Enter")  # a person's own answer has a bound, and what was typed comes back
    expect(page.locator(".fixing .error")).to_contain_text("at most 1,048,576 are taken")
    expect(page.locator("[name='f.total']")).to_have_value("95")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator(".desk-empty")).to_be_visible()
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    assert Review.objects.get().verdict == Verdict.ACCEPT
