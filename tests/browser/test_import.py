"""The import pages in a real browser: the progress follows the file by itself, and axe finds nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from slider.flow import imports as importing
from slider.models import Import, Item, Role
from tests import casts
from tests.browser.conftest import PageAs

pytestmark = pytest.mark.django_db(transaction=True)

FILE = b"id,subject,text,orders\n" + b"".join(b"r%d,Subject %d,Some text,%d\n" % (n, n, n) for n in range(40))
SPOILT = FILE + b"r90,Last,Some text,many\n"


def test_a_file_is_brought_in_and_its_page_follows(
    page_as: PageAs, check_accessibility: Callable[[Page], None]
) -> None:
    cast = casts.company()
    page = page_as(Role.ADMIN)
    page.goto(f"/tasks/{cast.task.pk}/import")
    page.locator("#file").set_input_files({"name": "rows.csv", "mimeType": "text/csv", "buffer": SPOILT})
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("h1")).to_have_text("rows.csv")
    check_accessibility(page)
    importing.run(Import.objects.get().pk)
    expect(page.locator("#progress .notice")).to_have_text("40 of 41 rows are new items now.")
    expect(page.get_by_role("region", name="Refused rows")).to_contain_text("42")
    check_accessibility(page)
    assert Item.objects.count() == 40
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)  # longer than the page waits between two questions
    assert asked == []


def test_a_second_import_of_the_file_says_that_it_added_nothing(page_as: PageAs) -> None:
    cast = casts.company()
    page = page_as(Role.ADMIN)
    for _ in range(2):
        page.goto(f"/tasks/{cast.task.pk}/import")
        page.locator("#file").set_input_files({"name": "rows.csv", "mimeType": "text/csv", "buffer": FILE})
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator("h1")).to_have_text("rows.csv")
        importing.run(Import.objects.latest("pk").pk)
    expect(page.locator("#progress .notice")).to_have_text("This file added nothing: all 40 rows were here already.")
