"""A real Chromium for the screens: signed-in pages that fail their test on any error nobody reported."""

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import connections
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from slider.models.project import Membership, Project, Role

HERE = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PATIENCE_MS = 10_000
# Runs in every page before its own scripts; the page's policy can't keep it out.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
  console.error(`CSP refused ${event.blockedURI || "inline"} by ${event.effectiveDirective}`));
"""

PageAs = Callable[[Role], Page]
SignIn = Callable[[User], Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def each_request_closes_its_connection() -> None:
    """A thread of the live server that idles on a browser's kept-alive socket must not hold the test database."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        words = "There is no Chromium on this machine (Debian: apt install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(f"{words} With CI=true no browser test may be skipped.")
        pytest.skip(words)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def browsers_loop(browser: Browser) -> Iterator[asyncio.AbstractEventLoop]:
    """The event loop that Playwright keeps running in this thread for as long as the browser is open."""
    loop = asyncio.get_running_loop()
    yield loop
    asyncio._set_running_loop(loop)


@pytest.fixture(autouse=True)
def other_tests_see_no_loop(browsers_loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Where a loop runs, nobody may start one: a test of the fleet may follow in this very process.

    Django keeps connections of their own for a thread with a loop. They end with the test: what comes next may close
    all that it sees and drop the database, and the next test of a browser would be left with what is dead.
    """
    asyncio._set_running_loop(browsers_loop)
    yield
    connections.close_all()
    asyncio._set_running_loop(None)


class Requests:
    """How many requests the live server is answering: it runs in a thread of this process."""

    def __init__(self) -> None:
        self._count = 0
        self._over = False
        self._changed = threading.Condition()
        request_started.connect(self._began)
        request_finished.connect(self._ended)

    def begin(self) -> None:
        """Whatever comes is answered from now on."""
        self._over = False

    def end(self) -> None:
        """No page is open any more: what still comes is hung up on, until the tables are emptied."""
        self._over = True
        with self._changed:
            # Or give up after some seconds: a browser that hung up may leave one.
            self._changed.wait_for(lambda: self._count <= 0, timeout=5)
            self._count = 0

    def _began(self, **_: object) -> None:
        with self._changed:
            if self._over:
                raise ConnectionAbortedError("The page that asks is closed.")
            self._count += 1

    def _ended(self, **_: object) -> None:
        with self._changed:
            self._count -= 1
            self._changed.notify_all()


REQUESTS = Requests()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    try:
        yield
    finally:
        REQUESTS.begin()  # the tables are empty


@dataclass  # without slots: Playwright sets attributes on the owner of a handler
class Faults:
    """What went wrong in the pages of one test: errors, refusals by the CSP, 5xx, foreign addresses."""

    found: list[str] = field(default_factory=list)
    # The browser asks for an icon on its own where a page names none. A question that is given up for a newer one
    # (`hx-sync`) htmx writes to the console as if it were an error.
    expected: list[str] = field(default_factory=lambda: [r"/favicon\.ico", r"^console error: htmx:sendAbort, "])

    def expect(self, pattern: str) -> None:
        """Say that a fault that matches is what this test is about."""
        self.expected.append(pattern)

    def watch(self, context: BrowserContext, *, home: str) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.found.append(f"script error: {error.error}"))
        context.on("response", self._response)
        context.on("request", lambda request: self._request(request, home=home))

    def unexpected(self) -> list[str]:
        return [fault for fault in self.found if not any(re.search(pattern, fault) for pattern in self.expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console error: {message.text} ({message.location.get('url')})")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.found.append(f"status {response.status}: {response.url}")

    def _request(self, request: Request, *, home: str) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https"} and address.netloc != urlsplit(home).netloc:
            self.found.append(f"the page asked a foreign address: {request.url}")


@pytest.fixture
def faults() -> Iterator[Faults]:
    watched = Faults()
    yield watched
    assert watched.unexpected() == []


@pytest.fixture
def new_page(browser: Browser, faults: Faults, live_server: LiveServer) -> Iterator[Callable[[], Page]]:
    """Open a page of its own person: nothing is shared with other pages, nobody is signed in."""
    opened: list[BrowserContext] = []

    def new() -> Page:
        # Still pictures: a colour that is half-way between two has the contrast of neither.
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
        )
        context.set_default_timeout(PATIENCE_MS)
        faults.watch(context, home=live_server.url)
        opened.append(context)
        return context.new_page()

    yield new
    for words in ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"):
        faults.expect(words)
    for context in opened:
        context.set_offline(True)  # the last word of a page that closes must not meet the emptying of the tables
        context.close()
    REQUESTS.end()


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """A page where nobody is signed in."""
    return new_page()


@pytest.fixture
def give_session(live_server: LiveServer) -> Callable[[Page, User], None]:
    """Sign a person in at an open page, once or again."""

    def given(page: Page, user: User) -> None:
        client = Client()
        client.force_login(user)
        page.context.add_cookies(
            [
                {
                    "name": settings.SESSION_COOKIE_NAME,
                    "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                    "url": live_server.url,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )

    return given


@pytest.fixture
def sign_in(new_page: Callable[[], Page], give_session: Callable[[Page, User], None]) -> SignIn:
    """Open a page of its own where this person is signed in."""

    def signed_in(user: User) -> Page:
        page = new_page()
        give_session(page, user)
        return page

    return signed_in


@pytest.fixture
def page_as(sign_in: SignIn) -> PageAs:
    """Open a page where a person is signed in who has this role in every project there is by now."""

    def signed_in(role: Role) -> Page:
        user, _ = User.objects.get_or_create(username=f"the-{role}")
        for project in Project.objects.all():
            Membership.objects.update_or_create(project=project, user=user, defaults={"role": role})
        return sign_in(user)

    return signed_in


@pytest.fixture(scope="session")
def check_accessibility() -> Callable[[Page], None]:
    """Fail with axe's own report when a page breaks one of its rules."""
    axe = Axe()

    def check(page: Page) -> None:
        results = axe.run(page)
        assert results.violations_count == 0, results.generate_report()

    return check


@pytest.fixture(scope="session")
def check_both_schemes(check_accessibility: Callable[[Page], None]) -> Callable[[Page], None]:
    """Fail when axe finds something in the page that is open, in light or in dark, or when it is wider than its window.

    A scheme is a matter of the stylesheet alone: the page need not be asked for twice.
    """

    def check(page: Page) -> None:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            check_accessibility(page)
            assert page.viewport_size is not None
            assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url

    return check
