"""The browser fixtures notice what they promise to notice."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from slider.models.project import Project, Role
from tests.browser.conftest import Faults, PageAs

ANY_PAGE = "/admin/login/"
SETTLE = "() => new Promise(done => setTimeout(done, 50))"


def test_an_inline_script_is_refused_and_noticed(page: Page, faults: Faults) -> None:
    page.goto(ANY_PAGE)
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.x = 1'}))")
    page.evaluate(SETTLE)
    assert page.evaluate("window.x") is None
    assert any("CSP refused inline" in fault for fault in faults.unexpected())
    faults.expect("CSP|Content Security Policy|inline script|csp-report")


def test_a_foreign_address_is_refused_and_noticed(page: Page, faults: Faults) -> None:
    page.goto(ANY_PAGE)
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/spy.png'}))")
    page.evaluate(SETTLE)
    assert any("127.0.0.1:9" in fault for fault in faults.unexpected())
    faults.expect("127.0.0.1:9|CSP|csp-report")


def test_an_error_on_the_console_is_noticed(page: Page, faults: Faults) -> None:
    page.goto(ANY_PAGE)
    page.evaluate("console.error('something broke')")
    page.evaluate(SETTLE)
    assert any("something broke" in fault for fault in faults.unexpected())
    faults.expect("something broke")


def test_a_person_is_signed_in_with_a_role(page_as: PageAs) -> None:
    Project.objects.create(slug="shop", name="Shop")
    page = page_as(Role.VIEWER)
    page.goto("/")
    assert "the-viewer" in page.content()
    assert "Shop" in page.content()


def test_axe_notices_an_image_without_words(page: Page, check_accessibility: Callable[[Page], None]) -> None:
    page.goto(ANY_PAGE)
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'data:image/gif;base64,R0lGODlh'}))")
    with pytest.raises(AssertionError, match="image-alt"):
        check_accessibility(page)
