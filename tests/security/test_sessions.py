"""A session has two ends, a new name at each sign-in, and cookies that nobody else can set or read."""

import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from slider.flow.sign_ins import BEGAN
from slider.models import Entry, Kind
from slider.views import throttle
from tests import casts

pytestmark = pytest.mark.django_db
HOUR = 3600


@pytest.fixture
def cast() -> casts.Company:
    for address in ("127.0.0.1", "10.9.0.1"):
        throttle.forget("tuner", address=address)
    return casts.company()


def signed_in(cast: casts.Company) -> Client:
    client = Client()
    assert client.post("/login", {"username": "tuner", "password": casts.PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_whatever_somebody_does_the_session_ends_a_day_after_it_began(cast: casts.Company) -> None:
    with time_machine.travel(timezone.now(), tick=True) as clock:
        client = signed_in(cast)
        ends = Session.objects.get(session_key=client.session.session_key).expire_date
        assert ends <= timezone.now() + timedelta(days=1, seconds=1)
        for _ in range(5):
            clock.shift(4 * HOUR)
            kept = client.session
            kept["written"] = time.time()
            kept.save()
            assert is_in(client)
            assert Session.objects.get(session_key=client.session.session_key).expire_date == ends


def test_a_session_that_nobody_used_for_eight_hours_ends_and_is_gone(cast: casts.Company) -> None:
    with time_machine.travel(timezone.now(), tick=True) as clock:
        client = signed_in(cast)
        clock.shift(7 * HOUR)
        assert is_in(client)
        clock.shift(7 * HOUR)
        assert is_in(client)
        key = client.session.session_key
        clock.shift(8 * HOUR + 1)
        assert not is_in(client)
        assert not Session.objects.filter(session_key=key).exists()
    assert Entry.objects.filter(kind=Kind.SIGN_OUT, by=cast.tuner).exists()


def test_an_open_page_that_asks_by_itself_keeps_no_session(cast: casts.Company) -> None:
    with time_machine.travel(timezone.now(), tick=True) as clock:
        client = signed_in(cast)
        for _ in range(3):
            clock.shift(3 * HOUR)
            client.get("/notices/news", headers={"HX-Request": "true"})
        assert not is_in(client)


@pytest.mark.parametrize("mark", ["", "x", "forged", "another's", "older"])
def test_a_forged_mark_of_use_keeps_no_session(cast: casts.Company, mark: str) -> None:
    with time_machine.travel(timezone.now(), tick=True) as clock:
        client = signed_in(cast)
        key = client.session.session_key
        marks = {
            "forged": f"{int(time.time())}",
            "another's": signing.dumps(int(time.time()) + 9 * HOUR, salt="slider.seen of-another"),
            "older": signing.dumps(int(time.time()) - 9 * HOUR, salt=f"slider.seen {key}"),
        }
        clock.shift(7 * HOUR)
        client.cookies["seen"] = marks.get(mark, mark)
        clock.shift(HOUR + 1)
        assert not is_in(client)


def test_a_session_from_before_these_limits_ends_at_its_next_use(cast: casts.Company) -> None:
    client = signed_in(cast)
    kept = client.session
    del kept[BEGAN]
    kept.save()
    assert not is_in(client)


def test_signing_in_gives_a_session_another_name_and_leaves_nothing_of_the_old(cast: casts.Company) -> None:
    """Whoever planted a session in somebody's browser does not have theirs."""
    planted = Client()
    session = planted.session
    session["planted"] = "by a stranger"
    session.save()
    before = session.session_key
    planted.post("/login", {"username": "tuner", "password": casts.PASSWORD})
    assert planted.session.session_key != before
    stranger = Client()
    stranger.cookies["sessionid"] = str(before)
    assert not is_in(stranger)


def test_signing_out_ends_it_for_whoever_has_a_copy(cast: casts.Company) -> None:
    client, copy = signed_in(cast), Client()
    copy.cookies.update(client.cookies)
    assert is_in(copy)
    client.post("/logout")
    assert not is_in(copy)


def test_cookies_are_for_this_host_and_no_script(cast: casts.Company) -> None:
    client = Client()
    client.get("/login")
    client.post("/login", {"username": "tuner", "password": casts.PASSWORD})
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=True):
        client.get("/")
    for name in ("sessionid", "seen"):
        cookie = client.cookies[name]
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
        assert isinstance(cookie["expires"], str | datetime)


def test_by_https_they_are_secure_and_no_neighbour_can_plant_them() -> None:
    program = """
import django; django.setup()
from django.conf import settings as s
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SEEN_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
    s.SESSION_COOKIE_DOMAIN, s.SESSION_COOKIE_PATH, s.SECURE_HSTS_SECONDS, s.SECURE_SSL_REDIRECT, s.DEBUG)
"""
    import os

    env = os.environ | {"ALLOWED_HOSTS": "slider.example.org"}
    told = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True).stdout
    assert told.split() == [
        *(
            "__Host-sessionid",
            "__Host-csrftoken",
            "__Host-seen",
            "True",
            "True",
            "None",
            "/",
            "31536000",
            "True",
            "False",
        )
    ]


def test_an_address_has_so_many_tries_whatever_the_names(cast: casts.Company, settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_SIGN_INS": 10, "SLIDER_TRUSTED_PROXIES": ["10.9.0.0/16"]})
    throttle._shared().storage.reset()

    def ask(name: str, password: str, *, address: str, forwarded: str = "") -> int:
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        return (
            Client()
            .post("/login", {"username": name, "password": password}, headers=headers, REMOTE_ADDR=address)
            .status_code
        )

    for n in range(10):
        assert ask(f"somebody-{n}", "wrong", address="192.0.2.1") == 200
    assert ask("tuner", casts.PASSWORD, address="192.0.2.1") == 200, "the eleventh is refused, and be it right"
    # A header of their own makes nobody somebody else.
    assert ask("tuner", casts.PASSWORD, address="192.0.2.1", forwarded="198.51.100.7") == 200
    assert ask("tuner", casts.PASSWORD, address="192.0.2.2") == 302
    # Behind a proxy of ours each is counted by the address that it names, the last that is not ours.
    for n in range(10):
        ask(f"somebody-{n}", "wrong", address="10.9.0.1", forwarded="203.0.113.9, 198.51.100.7, 10.9.0.4")
    assert ask("tuner", casts.PASSWORD, address="10.9.0.1", forwarded="198.51.100.7") == 200
    assert ask("tuner", casts.PASSWORD, address="10.9.0.1", forwarded="198.51.100.8") == 302
    throttle._shared().storage.reset()


def test_a_network_of_ipv6_is_one_address() -> None:
    assert throttle._place("2001:db8:0:1::7") == throttle._place("2001:db8:0:1:ffff::1") == "2001:db8:0:1::/64"
    assert throttle._place("2001:db8:0:2::7") != throttle._place("2001:db8:0:1::7")
    assert throttle._place("192.0.2.1") == "192.0.2.1"
