"""What every answer says to a browser, whatever it is: a page, a file, a refusal, an error, a redirect, an API call."""

import re
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, override_settings
from django.urls import path

from slider import urls
from slider.views.headers import ALWAYS
from tests import casts
from tests.views import addresses

HERE = Path(__file__).parents[2]
ONLY_OURS = {"'self'", "'none'", "data:"}


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("SECRET_KEY of nobody: s3cr3t-in-an-error")


urlpatterns = [path("broken", broken), *urls.urlpatterns]


def wrong(answer: HttpResponseBase, *, private: bool = True) -> list[str]:
    """What an answer lacks."""
    lacks = [name for name, value in ALWAYS.items() if answer.headers.get(name) != value]
    policy = dict(
        one.strip().partition(" ")[::2] for one in answer.headers.get("Content-Security-Policy", "").split(";")
    )
    sources = {source for name, told in policy.items() if name != "report-uri" for source in told.split()}
    if policy.get("default-src") != "'none'" or not sources <= ONLY_OURS or policy.get("frame-ancestors") != "'none'":
        lacks.append(f"a policy without exceptions: {policy}")
    if {
        "script-src": "'self'",
        "style-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
    }.items() - policy.items():
        lacks.append(f"a policy for scripts, styles and forms: {policy}")
    if private and not {"no-store", "private"} & set(re.split(r",\s*", answer.headers.get("Cache-Control", ""))):
        lacks.append(f"Cache-Control: no-store ({answer.headers.get('Cache-Control')})")
    return lacks


def test_every_page_says_it(stage: casts.Company) -> None:
    client, there = addresses.visitor("admin", stage), addresses.existing(stage)
    found = {}
    for _, route in addresses.routes():
        if not route.startswith("admin/"):
            address = addresses.filled(route, there)
            found[address] = wrong(client.get(address))
    assert {address: lacks for address, lacks in found.items() if lacks} == {}
    assert len(found) > 60


@override_settings(ROOT_URLCONF="tests.security.test_headers")
def test_an_error_says_it_and_tells_nothing_of_itself(stage: casts.Company) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(stage.admin)
    answer = client.get("/broken")
    assert (answer.status_code, wrong(answer)) == (500, [])
    page = answer.content.decode()
    assert not re.search(r"s3cr3t|RuntimeError|Traceback|[.]py|site-packages|SECRET_KEY|Django", page)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nowhere", 404),
        ("/tasks/1/", 302),
        ("/tasks/999999/", 404),
        ("/login?next=/", 200),
        ("/api/v1/tasks", 401),
        ("/api/v1/x", 404),
    ],
)
def test_refusals_say_it(stage: casts.Company, address: str, status: int) -> None:
    client = (
        Client()
        if status in (302, 401) or "api" in address or "login" in address
        else addresses.visitor("admin", stage)
    )
    answer = client.get(address)
    assert (answer.status_code, wrong(answer)) == (status, [])


@pytest.mark.parametrize("address", ["/static/slider/base.css", "/static/slider/app.js", "/static/slider/none.js"])
def test_files_say_it(db: None, address: str) -> None:
    assert wrong(Client().get(address), private=False) == []


@override_settings(ALLOWED_HOSTS=["slider.example.org"])
def test_an_unknown_host_is_refused_and_named_nowhere(db: None) -> None:
    answer = Client().get("/login", HTTP_HOST="evil.example")
    assert (answer.status_code, wrong(answer)) == (400, [])
    assert b"evil" not in answer.content
    assert "evil" not in str(answer.headers)


@override_settings(ALLOWED_HOSTS=["slider.example.org"], SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=31_536_000)
def test_by_https_it_stays_with_https(db: None) -> None:
    over = Client().get("/login", HTTP_HOST="slider.example.org", secure=True)
    assert over.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    clear = Client().get("/login", HTTP_HOST="slider.example.org")
    assert (clear.status_code, clear.headers["Location"], wrong(clear)) == (301, "https://slider.example.org/login", [])


def test_a_forwarded_host_poisons_no_link_and_no_cache(stage: casts.Company) -> None:
    """A host named by the caller stands in no page, no redirect and no mail; a page is kept by nobody."""
    client = addresses.visitor("admin", stage)
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Original-URL": "/evil",
        "X-Rewrite-URL": "/evil",
        "Forwarded": "host=evil.example",
    }
    for address in ("/", "/members", f"/projects/{stage.project.slug}/members", "/login", "/forgotten"):
        answer = client.get(address, headers=forged)
        assert b"evil" not in b"".join(answer) if answer.streaming else b"evil" not in answer.content
        assert "evil" not in str(answer.headers)


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "DEBUG", "PUT", "DELETE", "PATCH"])
def test_a_method_that_no_page_knows_is_refused(stage: casts.Company, method: str) -> None:
    client = addresses.visitor("admin", stage)
    for address in ("/", f"/tasks/{stage.task.pk}/"):
        answer = client.generic(method, address, headers={"X-HTTP-Method-Override": "GET", "X-Method": "GET"})
        assert (answer.status_code, wrong(answer)) == (405, [])


def test_no_template_and_no_script_holds_what_the_policy_forbids() -> None:
    """The browser tests see that no page breaks the policy; this finds it without a browser."""
    forbidden = re.compile(
        r"<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+\s*=\s*[\"']|\sstyle\s*=|javascript:|<style|hx-on|hx-vals=[\"']js:"
    )
    found = [
        (str(file.relative_to(HERE)), match[0])
        for file in (HERE / "templates").rglob("*.html")
        for match in forbidden.finditer(file.read_text())
    ]
    assert [one for one in found if 'type="application/json"' not in one[1]] == []
    scripts = list((HERE / "slider" / "static" / "slider").rglob("*.js"))
    evil = re.compile(
        r"\beval\(|new Function\(|document\.write|insertAdjacentHTML|\.outerHTML\s*=|(?<!template)\.innerHTML\s*="
    )
    assert [
        (file.name, match[0])
        for file in scripts
        if "htmx" not in file.name
        for match in evil.finditer(file.read_text())
    ] == []
