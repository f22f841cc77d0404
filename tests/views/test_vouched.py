"""A proxy's word for who somebody is: off by default, and taken from our own proxies alone."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pydantic import ValidationError
from pytest_django import Settings
from structlog.testing import capture_logs

from slider import proxies
from slider.environment import Environment
from tests import casts

pytestmark = pytest.mark.django_db
PROXY, STRANGER = "10.1.2.3", "203.0.113.9"


@pytest.fixture
def trusting(settings: Settings) -> Settings:
    vouching = {"SLIDER_PROXY_USER_HEADER": "X-Remote-User", "SLIDER_TRUSTED_PROXIES": ["10.1.0.0/16", "2001:db8::/64"]}
    settings.ENV = settings.ENV.model_copy(update=vouching)
    return settings


def get(name: str, *, address: str = PROXY, path: str = "/my-keys", client: Client | None = None) -> int:
    return (client or Client()).get(path, headers={"X-Remote-User": name}, REMOTE_ADDR=address).status_code


def test_it_is_off_until_a_header_is_named() -> None:
    casts.company()
    assert get("tuner") == 302


def test_a_trusted_proxy_says_who_is_there_with_each_request(trusting: Settings) -> None:
    casts.company()
    client = Client()
    assert get("tuner", client=client) == 200
    assert "sessionid" not in client.cookies  # nothing to steal, and nothing that outlives the proxy's word
    assert client.get("/my-keys", REMOTE_ADDR=PROXY).status_code == 302


@pytest.mark.parametrize("address", [STRANGER, "127.0.0.1", "", "10.2.0.1", "2001:db9::1", "10.1.2.3, 1.1.1.1"])
def test_the_header_from_anywhere_else_is_refused_and_written_down(trusting: Settings, address: str) -> None:
    casts.company()
    for path in ("/", "/login", "/admin/", "/api/v1/openapi.json"):
        with capture_logs() as logs:
            assert get("admin", address=address, path=path) == 403
        assert [line["address"] for line in logs if "named themselves" in line["event"]] == [address]


def test_a_forwarded_address_makes_nobody_a_proxy(trusting: Settings) -> None:
    casts.company()
    headers = {"X-Remote-User": "admin", "X-Forwarded-For": PROXY, "X-Real-Ip": PROXY, "Forwarded": f"for={PROXY}"}
    assert Client().get("/", headers=headers, REMOTE_ADDR=STRANGER).status_code == 403


def test_who_is_unknown_or_switched_off_is_refused(trusting: Settings) -> None:
    cast = casts.company()
    User.objects.filter(pk=cast.tuner.pk).update(is_active=False)
    assert get("tuner") == 403
    assert get("nobody-here") == 403
    assert get("x" * 200) == 403
    assert not User.objects.filter(username="nobody-here").exists()


def test_somebody_new_is_made_only_where_that_is_wanted_and_sees_no_project(trusting: Settings) -> None:
    cast = casts.company()
    trusting.ENV = trusting.ENV.model_copy(update={"SLIDER_NEW_PEOPLE": True})
    assert get("nadia") == 200
    assert get("nadia", path=f"/tasks/{cast.task.pk}/") == 404
    made = User.objects.get(username="nadia")
    assert not made.has_usable_password()
    assert not made.is_staff
    assert User.objects.filter(username="nadia").count() == 1


def test_it_takes_the_place_of_another_persons_session(trusting: Settings) -> None:
    cast = casts.company()
    client = Client()
    client.force_login(cast.admin)
    page = client.get("/account", headers={"X-Remote-User": "viewer"}, REMOTE_ADDR=PROXY).content.decode()
    assert "viewer@example.org" in page
    assert "admin@example.org" not in page


@pytest.mark.parametrize(
    ("nearest", "forwarded", "seen"),
    [
        (STRANGER, "198.51.100.1", STRANGER),
        (PROXY, "198.51.100.1", "198.51.100.1"),
        (PROXY, "1.1.1.1, 198.51.100.1, 10.1.9.9", "198.51.100.1"),
        (PROXY, "", PROXY),
        (PROXY, "nonsense", PROXY),
        (PROXY, "2001:db8::5", "2001:db8::5"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_address_of_a_person_is_the_last_before_our_proxies(
    trusting: Settings, nearest: str, forwarded: str, seen: str
) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR=nearest, headers={"X-Forwarded-For": forwarded})
    assert proxies.client(request) == seen


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"SLIDER_PROXY_USER_HEADER": "X-Remote-User"}, "SLIDER_TRUSTED_PROXIES"),
        ({"SLIDER_TRUSTED_PROXIES": "0.0.0.0/0"}, "is everybody"),
        ({"SLIDER_TRUSTED_PROXIES": "::/0"}, "is everybody"),
        ({"SLIDER_TRUSTED_PROXIES": "proxy.example.org"}, "SLIDER_TRUSTED_PROXIES"),
        ({"SLIDER_PROXY_USER_HEADER": "HTTP X", "SLIDER_TRUSTED_PROXIES": "10.0.0.1"}, "no name of a header"),
        ({"SLIDER_OIDC_ISSUER": "http://id.example.org"}, "https://"),
        ({"SLIDER_OIDC_ISSUER": "https://id.example.org"}, "SLIDER_OIDC_CLIENT_ID"),
    ],
)
def test_settings_that_would_let_anybody_in_are_refused(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Environment(_env_file=None, **wrong)  # type: ignore[arg-type]
