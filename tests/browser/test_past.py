"""Bring your history in a real browser: from a file to a share, with a question on the way, and without a script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from slider.flow import histories
from slider.models import Gauge, Mode, Past, Role
from tests import casts, pasts
from tests.browser.conftest import PageAs

pytestmark = pytest.mark.django_db(transaction=True)


def open_door(page: Page, cast: casts.Company, content: bytes) -> None:
    page.goto(f"/tasks/{cast.task.pk}/")
    page.get_by_role("link", name="Bring your history").click()
    page.locator("#file").set_input_files({"name": "march.jsonl", "mimeType": "text/plain", "buffer": content})
    page.get_by_role("button", name="Look through it").click()
    expect(page.locator("h1")).to_have_text("march.jsonl")


def read() -> None:
    past = Past.objects.get()
    assert past.file_id is not None
    assert histories.run(past.file_id)


def test_a_backward_history_is_asked_about_and_then_opens_the_slider(
    page_as: PageAs, check_accessibility: Callable[[Page], None]
) -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.05)
    page = page_as(Role.TUNER)
    open_door(page, cast, pasts.jsonl([row | {"correct": 1 - row["correct"]} for row in pasts.rows(1200)]))
    expect(page.get_by_text("The file is being read and looked through")).to_be_visible()
    check_accessibility(page)
    read()
    expect(page.get_by_role("heading", name="Before anything is kept")).to_be_visible()  # by itself
    expect(page.get_by_role("button", name="Put it into force")).to_have_count(0)
    check_accessibility(page)
    page.get_by_label("the other way round").check()
    page.locator("section", has_text="Before anything is kept").get_by_role("button", name="Read it so").click()
    expect(page.get_by_text("The file is being read and looked through")).to_be_visible()
    read()
    expect(page.get_by_text("1,200 rows vouch for")).to_be_visible()
    page.get_by_label("Why are these rows a fair sample?").fill("All of March was judged")
    page.get_by_role("button", name="Put it into force").click()
    expect(page.locator(".standing")).to_contain_text("1,200 rows of history allow")
    check_accessibility(page)
    assert Gauge.objects.get(pk=cast.task.pk).policy.effective >= 0.6


def test_it_works_without_a_script(
    browser: Browser, page_as: PageAs, give_session: Callable[..., None], live_server: object
) -> None:
    cast = casts.company(share=0.9, mode=Mode.GUARDED, error_limit=0.05)
    context = browser.new_context(base_url=str(live_server), java_script_enabled=False)
    page = context.new_page()
    give_session(page, cast.tuner)
    open_door(page, cast, pasts.jsonl(pasts.rows(600)))
    read()
    page.get_by_role("link", name="Look again").click()
    page.get_by_text("What each column means").click()
    page.get_by_label("Certainty of its weakest token", exact=True).select_option("")
    page.locator("form", has_text="How sure the worker was").get_by_role("button", name="Read it so").click()
    read()
    page.get_by_role("link", name="Look again").click()
    page.get_by_label("Why are these rows a fair sample?").fill("All of March was judged")
    page.get_by_role("button", name="Put it into force").click()
    expect(page.locator(".standing")).to_contain_text("600 rows of history")
    assert list(Past.objects.get().answers["signals"]) == ["token_logodds"]
    context.close()
