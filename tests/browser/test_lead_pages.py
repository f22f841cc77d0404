"""The lead's page, like items and an item's story in a real browser: empty, full and with an error, for everybody."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from slider.flow import overflow
from slider.models import Overflow, Review, ReviewState, Role, Tally, Task
from tests import casts
from tests.browser.conftest import Faults, SignIn

pytestmark = pytest.mark.django_db(transaction=True)
SAID = {"topic": "refund", "urgent": False, "reply": "We have refunded 12 euro. It will show soon."}
LONG = "An unusually-long_word_that_nobody_ever_writes_but_some_machine_does_all_the_same " * 2


@pytest.fixture(params=[(1280, "light"), (390, "dark")], ids=["wide", "phone"])
def fit(request: pytest.FixtureRequest, check_accessibility: Callable[[Page], None]) -> Callable[[Page, str], None]:
    width, scheme = request.param

    def check(page: Page, name: str) -> None:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800 if width > 400 else 844})
        if folder := os.environ.get("SLIDER_TEST_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png", full_page=True)
        check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url

    return check


def busy() -> casts.Company:
    """A task that lives: forty open gates, people at work, measured times and arrivals, and too much of it all."""
    cast = casts.company(staffed_hours=0.5, overflow=Overflow.STRETCH, undo_s=600)
    names = [f"m{n}" for n in range(44)]
    bodies = {name: {"text": LONG, "subject": f"{LONG[: 20 + n]} {name}"} for n, name in enumerate(names)}
    casts.route_all(cast.task, {name: casts.says(SAID) for name in names}, bodies=bodies)
    for _ in range(22):
        casts.decide(cast.colleague, cast.task)
    now = timezone.now()
    Review.objects.filter(state=ReviewState.DECIDED).update(taken_at=now - timedelta(seconds=150), decided_at=now)
    hour = now.replace(minute=0, second=0, microsecond=0)
    Tally.objects.bulk_create(
        [Tally(task=cast.task, hour=hour - timedelta(hours=n), why="hard", bin=3, items=1) for n in range(1, 9)]
    )
    casts.audited(cast.task, "a1", subject="Drawn")
    Task.objects.filter(pk=cast.task.pk).update(overflow=Overflow.STRETCH)
    overflow.tend(cast.task.pk, waiting=23, hours=2.0, oldest_h=4.0)
    return cast


def test_the_leads_page_fits_everybody_and_releases_a_look(
    sign_in: SignIn, fit: Callable[[Page, str], None], faults: Faults
) -> None:
    faults.expect("422")
    cast = busy()
    empty = casts.task(cast.project, by=cast.admin, name="Nothing yet", slug="nothing")
    held = casts.take(cast.reviewer, cast.task)
    page = sign_in(casts.person("lead", role=Role.LEAD, of=cast.project))
    page.goto(f"/tasks/{empty.pk}/desk")
    fit(page, "lead-empty")
    page.goto(f"/tasks/{cast.task.pk}/desk")
    fit(page, "lead-full")
    page.locator(".held-free summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Release it").click()
    expect(page.locator("#words-error")).to_be_visible()
    fit(page, "lead-error")
    page.get_by_label("Why").fill("gone for the day")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Released: it is open to everybody again.")).to_be_visible()
    held.refresh_from_db()
    assert held.state == ReviewState.OPEN


def test_like_items_are_chosen_by_keys_seen_decided_and_taken_back(
    sign_in: SignIn, fit: Callable[[Page, str], None], faults: Faults
) -> None:
    faults.expect("422")
    cast = busy()
    page = sign_in(cast.reviewer)
    page.goto(f"/tasks/{cast.task.pk}/together?why=rule")
    fit(page, "together-empty")
    page.goto(f"/tasks/{cast.task.pk}/together")
    boxes = page.locator("input[name='look']")
    count = boxes.count()
    assert count > 3
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_text("Choose one item or more.")).to_be_visible()
    fit(page, "together-error")
    boxes.first.focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-chosen]")).to_have_text("1 chosen")
    page.get_by_role("button", name="Choose all").press("Enter")
    expect(page.locator("[data-chosen]")).to_have_text(f"{count} chosen")
    page.get_by_label("Accept the proposal").press("Space")
    fit(page, "together-list")
    page.get_by_role("button", name="See what it does").press("Enter")
    expect(page.get_by_role("heading", name=f"Accept {count} items?")).to_be_visible()
    fit(page, "together-preview")
    page.get_by_role("button", name=f"Accept {count} items").press("Enter")
    expect(page.get_by_role("heading", name="Decided just now")).to_be_visible()
    fit(page, "together-said")
    page.get_by_role("button", name=f"Undo all {count}").press("Enter")
    expect(page.get_by_text(f"Taken back: {count} items.")).to_be_visible()
    assert Review.objects.filter(state=ReviewState.DECIDED).count() == 22


def test_an_items_story_can_be_linked_step_by_step(sign_in: SignIn, fit: Callable[[Page, str], None]) -> None:
    cast = busy()
    look = Review.objects.filter(state=ReviewState.DECIDED).earliest("pk")
    page = sign_in(cast.admin)
    page.goto(f"/items/{look.item_id}/#look-{look.pk}")
    expect(page.locator(f"#look-{look.pk}")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Copy the link")).to_be_visible()
    fit(page, "item")


def test_what_is_flagged_with_a_key_is_found_and_settled_by_a_lead(
    sign_in: SignIn, fit: Callable[[Page, str], None], faults: Faults
) -> None:
    faults.expect("422")
    cast = casts.company(undo_s=600)
    for name in ("m1", "m2"):
        casts.one(cast.task, name, casts.says(SAID), subject=f"{LONG[:60]} {name}")
    lead = casts.person("lead", role=Role.LEAD, of=cast.project)
    at_desk = sign_in(cast.reviewer)
    at_desk.goto("/desk/")
    for name in ("m1", "m2"):
        expect(at_desk.locator("#sheet-title")).to_contain_text(name)
        expect(at_desk.locator("#desk:not([aria-busy], [data-unsaved])")).to_be_attached()
        at_desk.keyboard.press("f")
        at_desk.keyboard.type(f"{LONG} {name}?")
        at_desk.keyboard.press("Control+Enter")
    expect(at_desk.locator("#desk:not([data-unsaved])")).to_be_attached()
    page = sign_in(lead)
    page.goto(f"/tasks/{cast.task.pk}/desk")
    expect(page.locator("#flags article")).to_have_count(2)
    fit(page, "flags-full")
    first = page.locator("#flags article").first
    first.locator("summary").press("Enter")
    first.get_by_role("button", name="Take the flag off").press("Enter")
    expect(page.locator("#flag-error")).to_be_visible()
    fit(page, "flags-error")
    page.get_by_label("What to do").first.fill("It is ours: accept it.")
    page.locator("#flags article").first.get_by_role("button", name="Take the flag off").press("Enter")
    expect(page.get_by_text("The flag is off")).to_be_visible()
    page.locator("#flags article").get_by_role("button", name="Take it").press("Enter")
    expect(page.locator("#sheet-title")).to_contain_text("m2")
    page.wait_for_load_state("networkidle")  # before its scripts run, a page hears no key
    page.keyboard.press("a")
    expect(page.locator("#desk:not([aria-busy], [data-unsaved])")).to_be_attached()
    page.goto(f"/tasks/{cast.task.pk}/desk")
    expect(page.get_by_text("Nothing is flagged.")).to_be_visible()
    assert list(Review.objects.order_by("pk").values_list("verdict", flat=True)) == ["", "accept"]
