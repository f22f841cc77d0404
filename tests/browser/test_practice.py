"""Practice and the own answer first, in a browser: the same keys, nobody shut out, and all of it without a script."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from slider.flow import known, own_answers, review
from slider.flow.review import Said
from slider.models import Item, OwnAnswer, Practice, Review, ReviewKind, ReviewState, Task, Verdict
from tests import casts
from tests.browser.conftest import Faults, SignIn

pytestmark = pytest.mark.django_db(transaction=True)

DRAFT: dict[str, Any] = {"topic": "refund", "urgent": False, "reply": "We have refunded 12 euro."}
RIVAL = DRAFT | {"topic": "account"}
BETTER = {"topic": "delivery", "urgent": True, "reply": "Your parcel comes tomorrow; nothing was lost."}
LONG = "An unusually-long_word_that_nobody_ever_writes_but_some_machine_does_all_the_same " * 3
MESSAGE = "Where is my parcel? It was to come on Monday, and the money is gone from my account already. Order 4711."


@pytest.fixture
def cast() -> casts.Company:
    return casts.company()


def past(cast: casts.Company, count: int, *, right: bool, words: str = "The order is a delivery.") -> None:
    start = Item.objects.count()
    said: dict[str, Any] = {} if right else {"verdict": Verdict.FIX, "answer": BETTER}
    for n in range(start, start + count):
        item = casts.one(cast.task, f"p{n}", casts.says(DRAFT, others=[RIVAL], p=0.6), text=MESSAGE)
        casts.decide(cast.colleague, cast.task, **said)
        item.refresh_from_db()
        known.mark(item, draft_right=right, words=words, by=cast.admin.pk)


def change(cast: casts.Company, **fields: Any) -> None:
    Task.objects.filter(pk=cast.task.pk).update(**fields)
    cast.task.refresh_from_db()


def hidden(cast: casts.Company) -> Review:
    """A look of the reviewer whose draft is hidden."""
    change(cast, hidden_rate=0.5)
    for n in range(40):
        casts.one(cast.task, f"h{n}", casts.says(DRAFT, others=[RIVAL], p=0.6), text=MESSAGE)
        held = casts.take(cast.reviewer, cast.task)
        if held.is_drawn_hidden:
            return held
        review.skip(held.pk, user_id=cast.reviewer.pk, token=held.token)
    raise AssertionError("no look was drawn")


def press(page: Page, key: str) -> None:
    """Press a key on a page that has just come, once its script is there to hear it."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def test_practice_goes_from_item_to_item_by_the_keys_of_the_desk(cast: casts.Company, sign_in: SignIn) -> None:
    past(cast, 2, right=True)
    change(cast, practice_looks=2, practice_right=0.5)
    casts.one(cast.task, "live")
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    page.get_by_role("link", name="Practise Sort messages").click()
    expect(page.get_by_text("Nothing here is live.")).to_be_visible()
    expect(page.locator("[data-key='a']")).to_be_visible()
    press(page, "a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Right")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    press(page, "n")
    expect(page.locator("[data-key='r']")).to_be_visible()
    press(page, "r")
    page.keyboard.press("1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not right")
    expect(page.get_by_text("The order is a delivery.")).to_be_visible()
    press(page, "n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Practice so far")
    page.get_by_role("link", name="To the desk").click()
    expect(page.locator("[data-key='s']")).to_be_visible()
    assert Practice.objects.count() == 2


def test_a_fix_in_practice_is_typed_and_sent_as_at_the_desk(cast: casts.Company, sign_in: SignIn) -> None:
    past(cast, 1, right=False)
    page = sign_in(cast.reviewer)
    page.goto(f"/practice/{cast.task.pk}/")
    page.keyboard.press("e")
    page.locator("textarea[name='f.reply']").fill("My own words")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Right, but for")
    assert (Practice.objects.get().answer or {})["reply"] == "My own words"


def test_the_own_answer_is_typed_first_and_kept_by_one_key(cast: casts.Company, sign_in: SignIn) -> None:
    held = hidden(cast)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    expect(page.get_by_text("Your own answer first.")).to_be_visible()
    assert DRAFT["reply"] not in page.content()
    page.keyboard.press("a")  # there is nothing to accept
    page.get_by_role("combobox", name="Topic").select_option("delivery")
    page.get_by_role("radio", name="yes").check()
    page.locator("textarea[name='f.reply']").fill("It comes tomorrow.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="What you said before")).to_be_visible()
    expect(page.get_by_text("We have refunded 12 euro.").first).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator(".desk-empty, .sheet:not(:has(.own))").first).to_be_visible()
    expect(page.locator("#desk:not([data-unsaved])")).to_be_attached()
    held.refresh_from_db()
    assert (held.verdict, (held.answer or {})["reply"]) == (Verdict.FIX, "It comes tomorrow.")
    assert OwnAnswer.objects.count() == 1


def test_escape_frees_the_keys_before_the_own_answer(cast: casts.Company, sign_in: SignIn) -> None:
    held = hidden(cast)
    page = sign_in(cast.reviewer)
    page.goto("/desk/")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox", name="Topic")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_text("That no answer can be given.")).to_be_visible()
    assert OwnAnswer.objects.get(review=held).answer is None


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["wide", "phone"])
def test_every_page_of_both_fits_everybody(
    cast: casts.Company,
    sign_in: SignIn,
    check_both_schemes: Callable[[Page], None],
    size: tuple[int, int],
    faults: Faults,
) -> None:
    faults.expect("422")
    page = sign_in(cast.reviewer)
    page.set_viewport_size({"width": size[0], "height": size[1]})

    def fits(address: str = "") -> None:
        if address:
            answer = page.goto(address)
            assert answer is not None
            assert answer.ok, address
        check_both_schemes(page)

    fits("/practice/")
    fits(f"/practice/{cast.task.pk}/")  # nothing there
    past(cast, 2, right=True)
    past(cast, 2, right=False, words=LONG)
    change(cast, practice_looks=4)
    casts.one(cast.task, "live")
    fits("/practice/")
    fits("/desk/")
    for n in range(4):
        fits(f"/practice/{cast.task.pk}/" + ("?do=fix", "?do=reject", "")[n % 3])
        if n % 3 != 2:
            page.goto(f"/practice/{cast.task.pk}/")
        page.keyboard.press("a")
        expect(page.locator(".told")).to_be_visible()
        fits()
    fits(f"/practice/{cast.task.pk}/so-far")
    change(cast, practice_looks=0)
    held = hidden(cast)
    fits(f"/desk/{held.pk}/")
    page.locator(".sheet button[form='fix-form']").first.click()  # nothing was typed
    expect(page.locator(".error").first).to_be_visible()
    fits()
    own_answers.say(held.pk, user_id=cast.reviewer.pk, token=held.token, answer=BETTER | {"reply": LONG})
    fits(f"/desk/{held.pk}/")
    lead = sign_in(cast.admin)
    lead.set_viewport_size({"width": size[0], "height": size[1]})
    _swayed(cast)
    change(cast, practice_looks=20)
    for address in (f"/tasks/{cast.task.pk}/reviewers", f"/tasks/{cast.task.pk}/settings"):
        lead.goto(address)
        check_both_schemes(lead)


def _swayed(cast: casts.Company) -> None:
    """Enough looks with the draft hidden and shown that there is something to say."""
    for n in range(24):
        casts.one(cast.task, f"s{n}", casts.says(DRAFT), text=MESSAGE)
        held = casts.take(cast.admin, cast.task)
        if held.is_drawn_hidden:
            held = own_answers.say(held.pk, user_id=cast.admin.pk, token=held.token, answer=BETTER if n % 2 else DRAFT)
        if held.state == ReviewState.HELD:
            review.decide(held.pk, user_id=cast.admin.pk, token=held.token, said=Said(Verdict.ACCEPT))
    assert Review.objects.filter(kind=ReviewKind.GATE, state=ReviewState.DECIDED).count() > 20
