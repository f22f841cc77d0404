"""Signing in with OpenID Connect, against a real provider in a process of its own."""

import html
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from slider import providers
from slider.models import Membership
from tests import casts

pytestmark = pytest.mark.django_db
CLAIMS = (
    {"sub": "ada", "email": "Tuner@example.org", "email_verified": True, "preferred_username": "ada"},
    {"sub": "eve", "email": "admin@example.org", "email_verified": False, "preferred_username": "admin"},
    {"sub": "nadia", "email": "nadia@example.org", "email_verified": True, "preferred_username": "viewer"},
    {"sub": "plain", "preferred_username": "plain"},
)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """A provider on loopback; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = [part for claims in CLAIMS for part in ("--user-claims", json.dumps(claims))]
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), *said]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 30
    while True:
        try:
            requests.get(f"{address}/.well-known/openid-configuration", timeout=1).raise_for_status()
            break
        except requests.RequestException:
            assert process.poll() is None, "the provider ended by itself"
            assert time.monotonic() < end, "the provider did not answer within 30 s"
    yield address
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def site(provider: str, settings: Settings) -> Settings:
    told = {"SLIDER_OIDC_ISSUER": provider, "SLIDER_OIDC_CLIENT_ID": "slider", "SLIDER_OIDC_CLIENT_SECRET": "s3cret"}
    settings.ENV = settings.ENV.model_copy(update=told)
    settings.SOCIALACCOUNT_PROVIDERS = providers.known(settings.ENV)
    return settings


def go(client: Client, **sent: str) -> str:
    """Press the button; where it leads to."""
    page = client.post("/login/with/oidc", sent).content.decode()
    found = re.search(r'<a href="(http[^"]+)">Go on', page)
    assert found is not None, page
    return html.unescape(found[1])


def comes_back(client: Client, who: str, **sent: str) -> tuple[int, str]:
    """Sign in at the provider as somebody and come back: status, and where one is led."""
    answer = requests.post(go(client, **sent), data={"sub": who}, allow_redirects=False, timeout=10)
    assert answer.status_code in (302, 303), answer.text
    back = urlsplit(answer.headers["Location"])
    assert back.netloc == "testserver"
    came = client.get(f"{back.path}?{back.query}")
    return came.status_code, came.headers.get("Location", "")


def test_the_provider_vouches_for_somebody_known_by_their_address(site: Settings) -> None:
    cast = casts.company()
    client = Client()
    assert "Sign in with single sign-on" in client.get("/login").content.decode()
    assert comes_back(client, "ada") == (302, "/")
    assert "tuner@example.org" in client.get("/account").content.decode()
    assert SocialAccount.objects.get().user == cast.tuner
    again = Client()
    assert comes_back(again, "ada", next="/my-keys") == (302, "/my-keys")
    assert SocialAccount.objects.count() == 1


def test_it_leads_nowhere_but_here_afterwards(site: Settings) -> None:
    casts.company()
    assert comes_back(Client(), "ada", next="https://evil.example/") == (302, "/")


def test_an_address_that_the_provider_has_not_made_sure_of_is_nobodys(site: Settings) -> None:
    cast = casts.company()
    client = Client()
    assert comes_back(client, "eve") == (302, "/login/refused")
    assert client.get("/").status_code == 302
    site.ENV = site.ENV.model_copy(update={"SLIDER_NEW_PEOPLE": True})
    assert comes_back(Client(), "eve") == (302, "/login/refused")  # nor somebody new beside its owner
    assert not SocialAccount.objects.filter(user=cast.admin).exists()


def test_somebody_unknown_is_refused_and_made_only_where_that_is_wanted(site: Settings) -> None:
    casts.company()
    client = Client()
    assert comes_back(client, "nadia") == (302, "/login/refused")
    page = client.get("/login/refused")
    assert (page.status_code, "nobody here is known" in page.content.decode()) == (403, True)
    site.ENV = site.ENV.model_copy(update={"SLIDER_NEW_PEOPLE": True})
    client = Client()
    assert comes_back(client, "nadia") == (302, "/")
    made = User.objects.get(email="nadia@example.org")
    assert made.get_username() != "viewer"  # that name is somebody else's
    assert not Membership.objects.filter(user=made).exists()
    assert not made.has_usable_password()
    assert comes_back(Client(), "plain") == (302, "/")  # without any address, too


def test_who_is_switched_off_stays_out(site: Settings) -> None:
    cast = casts.company()
    User.objects.filter(pk=cast.tuner.pk).update(is_active=False)
    client = Client()
    assert comes_back(client, "ada")[1] == "/login/refused"
    assert client.get("/").status_code == 302


def test_who_has_a_second_step_is_asked_for_it(site: Settings) -> None:
    from tests.second_steps import code, signed_in
    from tests.views.test_second_step import add_app, forget

    cast = casts.company()
    forget(cast.tuner)
    secret, _ = add_app(signed_in("tuner"))
    client = Client()
    assert comes_back(client, "ada") == (302, "/login/second-step")
    assert client.get("/").status_code == 302
    assert client.post("/login/second-step", {"code": code(secret, later=1)})["Location"] == "/"


def test_an_answer_that_nobody_asked_for_is_refused(site: Settings) -> None:
    casts.company()
    other = Client()
    answer = requests.post(go(other), data={"sub": "ada"}, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    thief = Client()
    assert thief.get(f"{back.path}?{back.query}")["Location"] == "/login/refused"
    for query in ("", "?error=access_denied", "?code=x&state=y"):
        assert thief.get(f"/login/with/oidc/back{query}")["Location"] == "/login/refused"
    assert thief.get("/").status_code == 302


def test_a_code_is_good_for_one_session(site: Settings) -> None:
    casts.company()
    client = Client()
    answer = requests.post(go(client), data={"sub": "ada"}, allow_redirects=False, timeout=10)
    back = urlsplit(answer.headers["Location"])
    assert client.get(f"{back.path}?{back.query}")["Location"] == "/"
    client.post("/logout")
    assert client.get(f"{back.path}?{back.query}")["Location"] == "/login/refused"


def test_a_provider_that_is_away_is_said(site: Settings) -> None:
    casts.company()
    nowhere = site.ENV.model_copy(update={"SLIDER_OIDC_ISSUER": "http://127.0.0.1:9"})
    site.SOCIALACCOUNT_PROVIDERS = providers.known(nowhere)
    assert Client().post("/login/with/oidc")["Location"] == "/login/refused"


def test_without_a_provider_there_is_no_button_and_no_way() -> None:
    assert "Sign in with single" not in Client().get("/login").content.decode()
    assert Client().post("/login/with/oidc").status_code == 404
    assert Client().get("/login/with/oidc/back").status_code == 404
