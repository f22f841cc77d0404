"""Signing in with a second step: nothing is open before it, each code works once, and tries have an end."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from slider.views import throttle
from tests import casts
from tests.second_steps import code, signed_in
from tests.views.addresses import routes

pytestmark = pytest.mark.django_db


@pytest.fixture
def tuner() -> User:
    cast = casts.company()
    forget(cast.tuner)
    return cast.tuner


def forget(user: User) -> None:
    throttle.forget(user.get_username(), address="127.0.0.1")
    for name in (str(user.pk), f"new app {user.pk}"):
        throttle.forget(name, address="", most=throttle.CODES)


def add_app(client: Client) -> tuple[str, list[str]]:
    """Add an app on the pages, as a person does; its secret, and the recovery codes that are shown."""
    client.post("/account/app", {"begin": "yes"})
    page = client.get("/account/app").content.decode()
    found = re.search(r'<code class="secret">(\w+)</code>', page)
    assert found is not None
    answer = client.post("/account/app", {"code": code(found[1])})
    assert answer.status_code == 200
    return found[1], re.findall(r"<code>(\d{8})</code>", answer.content.decode())


def half_way(name: str = "tuner") -> Client:
    """Somebody who has given the right password of a person with a second step."""
    client = Client()
    answer = client.post("/login", {"username": name, "password": casts.PASSWORD})
    assert answer["Location"] == "/login/second-step"
    return client


def test_a_computed_code_lets_one_in(tuner: User) -> None:
    secret, _ = add_app(signed_in("tuner"))
    client = half_way()
    assert client.get("/").status_code == 302
    answer = client.post("/login/second-step", {"code": code(secret, later=1)})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


def test_the_page_that_was_asked_for_comes_after_the_second_step(tuner: User) -> None:
    secret, _ = add_app(signed_in("tuner"))
    client = Client()
    client.post("/login", {"username": "tuner", "password": casts.PASSWORD, "next": "/my-keys"})
    assert client.post("/login/second-step", {"code": code(secret, later=1)})["Location"] == "/my-keys"


def test_a_right_password_alone_opens_no_address(tuner: User) -> None:
    add_app(signed_in("tuner"))
    client = half_way()
    public = ("login", "logout", "healthz", "readyz", "metrics", "csp-report", "password/", "invitations/", "api/")
    for _, route in routes():
        if "<" in route or route.startswith((*public, "admin/")):
            continue
        answer = client.get(f"/{route}")
        assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/login"), route


def test_the_admins_own_door_asks_for_no_less(tuner: User) -> None:
    User.objects.filter(pk=tuner.pk).update(is_staff=True, is_superuser=True)
    add_app(signed_in("tuner"))
    client = Client()
    sent = {"username": "tuner", "password": casts.PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", sent)["Location"].startswith("/login?")
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_a_code_works_once_and_so_does_no_older_one(tuner: User) -> None:
    secret, _ = add_app(signed_in("tuner"))
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        now, before = code(secret), code(secret, later=-1)
        assert half_way().post("/login/second-step", {"code": now}).status_code == 302
        for used in (now, before):
            assert "was used already" in half_way().post("/login/second-step", {"code": used}).content.decode()


def test_the_code_that_proved_the_app_opens_no_door(tuner: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        secret, _ = add_app(signed_in("tuner"))
        assert half_way().post("/login/second-step", {"code": code(secret)}).status_code == 200


def test_who_gives_up_is_as_far_as_before(tuner: User) -> None:
    _, codes = add_app(signed_in("tuner"))
    client = half_way()
    assert client.post("/login/second-step", {"give_up": "yes"})["Location"] == "/login"
    assert client.post("/login/second-step", {"code": codes[0]})["Location"] == "/login"
    assert client.get("/").status_code == 302


def test_a_recovery_code_works_once(tuner: User) -> None:
    _, codes = add_app(signed_in("tuner"))
    assert len(set(codes)) == 10
    assert half_way().post("/login/second-step", {"code": codes[3]}).status_code == 302
    assert half_way().post("/login/second-step", {"code": codes[3]}).status_code == 200
    assert half_way().post("/login/second-step", {"code": codes[4]}).status_code == 302
    assert "7 left" in signed_in_by_code("tuner", codes[5]).get("/account").content.decode()


def signed_in_by_code(name: str, said: str) -> Client:
    client = half_way(name)
    assert client.post("/login/second-step", {"code": said}).status_code == 302
    return client


def test_new_recovery_codes_end_the_old_ones(tuner: User) -> None:
    client = signed_in("tuner")
    _, old = add_app(client)
    page = client.post("/account/codes").content.decode()
    new = re.findall(r"<code>(\d{8})</code>", page)
    assert len(new) == 10
    assert not set(new) & set(old)
    assert half_way().post("/login/second-step", {"code": old[0]}).status_code == 200
    assert half_way().post("/login/second-step", {"code": new[0]}).status_code == 302


def test_codes_are_shown_once(tuner: User) -> None:
    client = signed_in("tuner")
    _, codes = add_app(client)
    page = client.get("/account").content.decode()
    assert not any(one in page for one in codes)


def test_tries_of_codes_have_an_end_wherever_they_come_from(tuner: User) -> None:
    _, codes = add_app(signed_in("tuner"))
    for number in range(5):
        client = half_way()
        client.post("/login/second-step", {"code": "000000"}, REMOTE_ADDR=f"10.0.0.{number}")
    assert half_way().post("/login/second-step", {"code": codes[0]}).status_code == 200


def test_secrets_are_sealed_and_an_older_key_still_opens_them(tuner: User, settings: Settings) -> None:
    secret, codes = add_app(signed_in("tuner"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator")
        (kept,) = cursor.fetchone()
    assert secret not in kept
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, as long as a key has to be, and newer than the one of before"
    assert half_way().post("/login/second-step", {"code": codes[0]}).status_code == 302
    forget(tuner)
    assert half_way().post("/login/second-step", {"code": code(secret, later=1)}).status_code == 302


def test_the_way_in_is_touched_by_nobody_whose_proof_is_old(tuner: User) -> None:
    client = signed_in("tuner")
    add_app(client)
    app = Authenticator.objects.get(type="totp")
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        for path in ("/account/codes", "/account/passkeys", f"/account/steps/{app.pk}/remove", "/account/app"):
            assert client.post(path)["Location"].startswith("/account/confirm"), path
        assert client.post("/account/passkeys/begin").status_code == 409
        assert client.post("/account/confirm", {"password": "wrong"}).status_code == 422
        assert client.post("/account/confirm", {"password": casts.PASSWORD})["Location"] == "/account"
        assert client.post(f"/account/steps/{app.pk}/remove")["Location"] == "/account"
    assert not Authenticator.objects.exists()  # the recovery codes went with the last step


def test_nobody_takes_away_another_persons_step(tuner: User) -> None:
    add_app(signed_in("tuner"))
    app = Authenticator.objects.get(type="totp")
    throttle.forget("admin", address="127.0.0.1")
    client = signed_in("admin")
    assert client.post(f"/account/steps/{app.pk}/remove").status_code == 404
    assert client.post(f"/account/passkeys/{app.pk}/name", {"name": "mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=app.pk).exists()


def test_where_a_second_step_is_demanded_nothing_else_is_open_before_it(tuner: User, settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_DEMAND_SECOND_STEP": True})
    client = signed_in("tuner")
    for path in ("/", "/my-keys", "/admin/", "/desk/"):
        assert client.get(path)["Location"] == "/account?demanded", path
    assert "needs a second step" in client.get("/account?demanded").content.decode()
    add_app(client)
    assert client.get("/").status_code == 200
    throttle.forget("reviewer", address="127.0.0.1")
    assert signed_in("reviewer").get("/desk/").status_code == 200


@pytest.mark.parametrize(
    "said", ["", "{", "[]", "null", "{}", '{"response": []}', '{"id": 1, "response": {"userHandle": "MQ"}}', "[" * 9000]
)
def test_what_is_no_passkey_is_refused_in_words(tuner: User, said: str) -> None:
    client = Client()
    throttle.forget("passkey", address="127.0.0.1", most=throttle.ADDRESS)
    assert client.post("/login/passkey/begin").status_code == 200
    assert client.post("/login/passkey", {"credential": said})["Location"] == "/login"
    here = signed_in("tuner")
    assert here.post("/account/passkeys/begin").status_code == 200
    assert here.post("/account/passkeys", {"credential": said})["Location"] == "/account"
    assert "was not added" in here.get("/account").content.decode()
