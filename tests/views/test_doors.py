"""Signing in tells nothing and has an end; health and reports need no login."""

import json
from datetime import timedelta

import pytest
import structlog
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from structlog.testing import capture_logs

from slider.models import Gauge
from slider.views import throttle
from tests import casts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_tries_yet() -> None:
    for name in ("tuner", "admin", "reviewer", "nobody-here"):
        throttle.forget(name, address="10.0.0.1")
        throttle.forget(name, address="10.0.0.2")


def sign_in(name: str, password: str, *, address: str = "10.0.0.1", **more: str) -> tuple[int, str, str]:
    sent = {"username": name, "password": password} | more
    answer = Client().post("/login", sent, REMOTE_ADDR=address)
    return answer.status_code, answer.headers.get("Location", ""), answer.content.decode()


def shown(page: str) -> str:
    return page.partition('id="refused">')[2].partition("<")[0]


def test_a_reviewer_lands_on_the_desk_and_others_at_home() -> None:
    casts.company()
    assert sign_in("reviewer", casts.PASSWORD)[:2] == (302, "/desk/")
    assert sign_in("tuner", casts.PASSWORD)[:2] == (302, "/")


def test_next_goes_nowhere_but_here() -> None:
    casts.company()
    assert sign_in("tuner", casts.PASSWORD, next="/tasks/7/")[1] == "/tasks/7/"
    for foreign in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"):
        assert sign_in("tuner", casts.PASSWORD, next=foreign)[1] == "/"


def test_it_does_not_tell_who_exists() -> None:
    casts.company()
    status, _, known = sign_in("tuner", "wrong")
    unknown_status, _, unknown = sign_in("nobody-here", "wrong")
    assert (status, unknown_status) == (200, 200)
    assert shown(known) == shown(unknown) != ""


def test_an_inactive_person_hears_the_same_words() -> None:
    cast = casts.company()
    cast.tuner.is_active = False
    cast.tuner.save()
    assert shown(sign_in("tuner", casts.PASSWORD)[2]) == shown(sign_in("nobody-here", "wrong")[2]) != ""


def test_the_sixth_try_is_refused_even_with_the_right_password_and_in_the_same_words() -> None:
    casts.company()
    words = {shown(sign_in("tuner", "wrong")[2]) for _ in range(5)}
    status, _, page = sign_in("tuner", casts.PASSWORD)
    assert status == 200
    assert {shown(page)} == words


def test_the_count_is_by_name_and_address() -> None:
    casts.company()
    for _ in range(5):
        sign_in("tuner", "wrong")
    assert sign_in("TUNER", casts.PASSWORD)[0] == 200
    assert sign_in("admin", casts.PASSWORD)[0] == 302
    assert sign_in("tuner", casts.PASSWORD, address="10.0.0.2")[0] == 302


def test_a_right_password_ends_the_count() -> None:
    casts.company()
    for _ in range(3):
        for _ in range(4):
            sign_in("tuner", "wrong")
        assert sign_in("tuner", casts.PASSWORD)[0] == 302


def test_it_counts_by_itself_where_redis_is_away(settings: Settings, tmp_path: object) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    casts.company()
    for _ in range(5):
        sign_in("tuner", "wrong")
    assert sign_in("tuner", casts.PASSWORD)[0] == 200


def test_who_is_signed_in_gets_another_session() -> None:
    casts.company()
    client = Client()
    client.get("/login")
    before = client.session.session_key
    client.post("/login", {"username": "tuner", "password": casts.PASSWORD})
    assert client.session.session_key != before


def test_signing_out_takes_a_post_and_ends_the_session() -> None:
    cast = casts.company()
    client = Client()
    client.force_login(cast.tuner)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert client.get("/").status_code == 302


def test_a_form_without_its_token_is_refused_in_words() -> None:
    casts.company()
    answer = Client(enforce_csrf_checks=True).post("/login", {"username": "tuner", "password": casts.PASSWORD})
    assert answer.status_code == 403
    assert "The form is out of date" in answer.content.decode()


def test_healthz_answers_without_a_login() -> None:
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_readyz_names_the_parts() -> None:
    casts.company()
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "migrations": "ok",
        "redis": "ok",
        "guard": "ok",
        "endpoints": "ok",
    }


def test_readyz_says_that_the_guard_is_silent_and_redis_away(settings: Settings, tmp_path: object) -> None:
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    casts.company()
    Gauge.objects.update(checked_at=timezone.now() - timedelta(hours=1))
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["guard"], answer.json()["redis"]) == (200, "stale", "away")


def report(body: object, **headers: str) -> tuple[int, list[structlog.typing.EventDict]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with capture_logs() as logs:
        answer = Client(enforce_csrf_checks=True).post(
            "/csp-report", raw, content_type="application/csp-report", headers=headers
        )
    return answer.status_code, [line for line in logs if "policy" in line["event"]]


def test_a_report_is_one_log_line() -> None:
    status, logs = report(
        {
            "csp-report": {
                "blocked-uri": "inline\nFORGED \x1b[31m",
                "violated-directive": "style-src",
                "script-sample": "x",
            }
        }
    )
    assert status == 204
    assert [line["blocked_uri"] for line in logs] == ["inline?FORGED ?[31m"]
    assert "script_sample" not in logs[0]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"{", 400), ([], 400), ({"csp-report": 1}, 400), (b"[" * 15_000, 400), (b"x" * 20_000, 413)],
)
def test_a_report_that_is_none_is_refused(body: object, status: int) -> None:
    assert report(body) == (status, [])
