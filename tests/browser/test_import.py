"""The import pages in a browser: columns are said, rows shown, a file tried out and brought in; axe finds nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from slider.flow import imports as importing
from slider.models import Import, Item, Payload, Role
from tests import casts
from tests.browser.conftest import Faults, PageAs

pytestmark = pytest.mark.django_db(transaction=True)

FILE = b"id,subject,Message,orders\n" + b"".join(b"r%d,Subject %d,Some text,%d\n" % (n, n, n) for n in range(40))
SPOILT = b"id,subject,Message,orders\nr90,Last,Some text,many\n" + FILE.split(b"\n", 1)[1]


def give(page: Page, content: bytes, *, cast: casts.Company) -> None:
    """Give a file to the page, and have the fleet examine it."""
    page.goto(f"/tasks/{cast.task.pk}/import")
    page.locator("#file").set_input_files({"name": "rows.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Examine", exact=True).click()
    expect(page.locator("h1")).to_have_text("rows.csv")
    expect(page.locator("#progress .notice")).to_contain_text("is being examined")
    importing.run(Import.objects.latest("pk").pk)
    expect(page.get_by_role("heading", name="What each column becomes")).to_be_visible()


def test_a_file_is_said_tried_out_and_brought_in_and_its_page_follows(
    page_as: PageAs, check_accessibility: Callable[[Page], None], faults: Faults
) -> None:
    faults.expect("422")
    cast = casts.company()
    page = page_as(Role.ADMIN)
    give(page, SPOILT, cast=cast)
    check_accessibility(page)
    page.get_by_role("button", name="Show the rows so").click()
    expect(page.get_by_role("alert")).to_contain_text("No column becomes 'text'")
    check_accessibility(page)
    page.get_by_label("Message", exact=True).select_option("=text")
    page.get_by_role("button", name="Show the rows so").click()
    first = page.locator(".foreseen tbody tr").first
    expect(first).to_contain_text("'many' is no whole number")
    expect(page.locator(".foreseen tbody tr").nth(1)).to_contain_text("a new item")
    check_accessibility(page)
    page.get_by_role("button", name="Dry run").click()
    importing.run(Import.objects.get().pk)
    expect(page.locator("#progress .notice")).to_contain_text("40 of 41 rows would become new items")
    expect(page.get_by_role("region", name="Refused rows")).to_contain_text("orders")
    assert not Item.objects.exists()
    page.get_by_role("button", name="Bring 41 rows in").click()
    importing.run(Import.objects.get().pk)
    expect(page.locator("#progress .notice")).to_have_text("40 of 41 rows are new items now.")
    check_accessibility(page)
    assert Payload.objects.filter(item__external_id="r0").get().body == {
        "subject": "Subject 0", "text": "Some text", "orders": 0,
    }  # fmt: skip
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)  # longer than the page waits between two questions
    assert asked == []


def test_a_second_file_of_the_same_shape_is_read_as_the_first_was_and_adds_nothing(page_as: PageAs) -> None:
    cast = casts.company()
    page = page_as(Role.ADMIN)
    for times in range(2):
        give(page, FILE, cast=cast)
        if times == 0:
            page.get_by_label("Message", exact=True).select_option("=text")
        page.get_by_role("button", name="Bring 40 rows in").click()
        importing.run(Import.objects.latest("pk").pk)
        expect(page.locator("#progress .notice")).to_contain_text(("40 of 40 rows", "added nothing")[times])
    assert Item.objects.count() == 40


def test_a_file_is_dropped_before_anything_is_in(page_as: PageAs) -> None:
    cast = casts.company()
    page = page_as(Role.ADMIN)
    give(page, FILE, cast=cast)
    page.get_by_role("button", name="Drop the file").click()
    expect(page.get_by_text("rows.csv is dropped: nothing of it is in.")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("dropped")
    assert not Item.objects.exists()
