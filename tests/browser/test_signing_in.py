"""The doors in a real browser: passkeys with a virtual key, and each page for everybody, without JavaScript, too."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from slider.flow import account_letters, invitations, keys
from slider.models import Role, Scope
from slider.views import throttle
from tests import casts
from tests.browser.conftest import Faults, SignIn
from tests.second_steps import code

pytestmark = pytest.mark.django_db(transaction=True)
LONG = "An-unusually-long-name-that-nobody-ever-has-but-some-directory-gives-all-the-same"


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["wide", "phone"])
def fit(request: pytest.FixtureRequest, check_both_schemes: Callable[[Page], None]) -> Callable[[Page], None]:
    """Check the page that is open, at this size."""
    width, height = request.param

    def check(page: Page) -> None:
        page.set_viewport_size({"width": width, "height": height})
        check_both_schemes(page)

    return check


@pytest.fixture
def tuner() -> User:
    cast = casts.company()
    throttle.forget("tuner", address="127.0.0.1")
    throttle.forget("passkey", address="127.0.0.1", most=throttle.ADDRESS)
    for name in (str(cast.tuner.pk), f"new app {cast.tuner.pk}"):
        throttle.forget(name, address="", most=throttle.CODES)
    return cast.tuner


def come_in(page: Page, name: str = "tuner") -> None:
    page.goto("/login")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(casts.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def give_key(page: Page) -> None:
    """A virtual authenticator with somebody's finger on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_a_passkey_is_added_and_lets_one_in_alone_and_as_the_second_step(tuner: User, page: Page) -> None:
    come_in(page)
    give_key(page)
    page.goto("/account")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".notice-success")).to_contain_text("The passkey is yours")
    expect(page.locator("input[name=name]")).to_have_value(re.compile("Passkey of"))

    page.locator("summary").click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.goto("/login?next=/my-keys")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_url(re.compile(r":\d+/my-keys$"))  # and not that of the door, which ends with it too

    page.context.clear_cookies()
    come_in(page)
    expect(page).to_have_url(re.compile("/login/second-step$"))
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Support desk")).to_be_visible()


def test_a_passkey_that_was_taken_away_opens_nothing(tuner: User, page: Page) -> None:
    come_in(page)
    give_key(page)
    page.goto("/account")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".notice-success")).to_be_visible()
    page.get_by_role("button", name=re.compile("Take away Passkey")).click()
    expect(page.locator(".notice-success")).to_contain_text("Taken away")
    page.context.clear_cookies()
    page.goto("/login")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".notice-error")).to_contain_text("That passkey did not work")


def test_a_passkey_that_is_given_up_is_said_on_the_page(tuner: User, page: Page) -> None:
    page.goto("/login")
    give_up = "navigator.credentials.get = async () => { throw new DOMException('no', 'NotAllowedError'); }"
    page.evaluate(f"() => {{ {give_up} }}")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("form[data-passkey] [role=alert]")).to_contain_text("it was given up")


def test_all_but_passkeys_works_without_javascript(tuner: User, browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    come_in(page)
    page.goto("/account")
    expect(page.get_by_text("Passkeys need JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_be_hidden()
    page.get_by_role("link", name="Add an app").click()
    page.get_by_role("button", name="Show me the square").click()
    secret = page.locator("code.secret").inner_text()
    page.get_by_label("Code that the app shows now").fill(code(secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.locator("summary").click()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    come_in(page)
    page.get_by_label("Code").fill(code(secret, later=1))
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Support desk")).to_be_visible()
    context.close()


def test_the_doors_fit_everybody(tuner: User, page: Page, fit: Callable[[Page], None], faults: Faults) -> None:
    faults.expect("4(03|10|22)")
    place = tuner.memberships.get().project
    admin = User.objects.get(username="admin")
    made = [
        invitations.make(place, role=Role.TUNER, email=email, days=7, by=admin.pk)
        for email in ("", f"{LONG[:60]}@x.org")
    ]
    invitations.withdraw(invitations.make(place, role=Role.TUNER, email="", days=7, by=admin.pk))
    paths = [reverse("invitation", args=[one.token]) for one in made]
    paths += ["/login", "/password/forgot", "/login/refused", "/password/new/MQ/none"]
    paths.append(account_letters.reset_link(tuner))
    for path in paths:
        page.goto(path)
        fit(page)
    page.goto(paths[-1])
    page.get_by_role("button", name="Take this password").click()
    expect(page.locator(".error").first).to_be_visible()
    fit(page)


def test_the_pages_about_ones_way_in_fit_everybody(
    tuner: User, page: Page, fit: Callable[[Page], None], faults: Faults, settings: Settings
) -> None:
    faults.expect("4(03|22)")
    come_in(page)
    give_key(page)
    for path in ("/account", "/account/password", "/account/app", "/account/confirm"):
        page.goto(path)
        fit(page)
    page.goto("/account/app")
    page.get_by_role("button", name="Show me the square").click()
    expect(page.locator(".square")).to_be_visible()
    fit(page)
    page.get_by_label("Code that the app shows now").fill(code(page.locator("code.secret").inner_text()))
    page.get_by_role("button", name="Add the app").click()
    expect(page.locator(".codes")).to_be_visible()
    fit(page)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".passkey")).to_be_visible()
    fit(page)
    page.goto("/account/confirm")
    page.get_by_role("button", name="It is me").first.click()
    page.context.clear_cookies()
    come_in(page)
    expect(page).to_have_url(re.compile("/login/second-step$"))
    fit(page)


def test_the_pages_about_members_fit_everybody(sign_in: SignIn, fit: Callable[[Page], None]) -> None:
    cast = casts.company()
    somebody = casts.person(LONG, role=Role.REVIEWER, of=cast.project)
    User.objects.filter(pk=cast.viewer.pk).update(is_active=False)
    invitations.make(cast.project, role=Role.TUNER, email=f"{LONG[:60]}@example.org", days=7, by=cast.admin.pk)
    keys.make(cast.project, name=LONG[:80], scopes=[Scope.READ], expires_at=None, by=somebody.pk)
    page = sign_in(cast.admin)
    page.goto("/projects/support-desk/members")
    fit(page)
    page.get_by_role("button", name="Invite").click()
    expect(page.locator("#link")).to_be_visible()
    fit(page)
    for who in (somebody, cast.viewer, cast.admin):
        page.goto(reverse("person", args=[who.pk]))
        fit(page)
    page.goto(reverse("person", args=[somebody.pk]))
    page.get_by_role("button", name="Link to a new password").click()
    expect(page.locator("#link")).to_be_visible()
    fit(page)
