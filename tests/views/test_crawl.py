"""Every address by GET, as every role: no row changes, nothing breaks, and what is not yours does not exist."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from tests import casts, stages
from tests.views.addresses import existing, filled, routes, stage, visitor

pytestmark = pytest.mark.django_db
PUBLIC = {
    *("login", "logout", "healthz", "readyz", "csp-report", "metrics"),
    *("account_login", "passkey-use", "passkey-begin", "refused", "account_inactive", "mfa_authenticate"),
    *("openid_connect_login", "openid_connect_callback", "password-forgot", "password-reset", "invitation"),
    *("saml_login", "saml_finish_acs", "saml_acs", "saml_metadata", "saml_sls"),
}
ROLES = ("anonymous", "viewer", "reviewer", "tuner", "operator", "admin", "auditor", "outsider", "superuser")
NO_GET = {
    *("apply", "put-back", "pull-back", "release", "pause", "withdraw", "notice-seen"),
    *(
        "desk-take",
        "desk-decide",
        "desk-skip",
        "desk-stay",
        "desk-undo",
        "desk-hand",
        "desk-flag",
        "correct",
        "uncorrect",
        "import-word",
        "import-drop",
        "webhook-add",
        "webhook-change",
        "webhook-again",
        "webhook-remove",
        "webhook-secret",
        "webhook-switch",
        "webhook-test",
    ),
    *("history-read", "history-confirm", "history-drop"),
    *("lead-release", "flag-answer", "flag-off", "together-decide", "together-undo"),
    *("desk-own", "practice-next", "practice-say", "reviewer-let-in"),
    *("fleet-task-stand", "fleet-host-stand", "own-api-key-revoke"),
    *("export-file", "export-cancel", "log-export", "site-log-export"),
    *("reviewer-settle", "known-mark", "known-retire", "people-save", "look-assign"),
    *("account-codes", "passkey-add", "passkey-begin-adding", "passkey-rename", "step-remove", "sessions-end"),
    *("invitation-withdraw", "member-role", "person-active", "person-password-link", "person-drop-steps"),
}


staged = stages.of_module(stage)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def snapshot() -> dict[str, tuple[int, str]]:
    """A count and a digest of every table."""
    tables = connection.introspection.table_names()
    found: dict[str, tuple[int, str]] = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM {table} t"
            )
            count, digest = cursor.fetchone()
            found[table] = (count, digest)
    return found


def written() -> int:
    """How many rows this transaction has written until now, for good or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_xact_all_tables")
        return int(cursor.fetchone()[0])


def content(response: HttpResponseBase) -> bytes:
    """The whole body, streamed or not."""
    if isinstance(response, StreamingHttpResponse):
        return b"".join(response.streaming_content)  # type: ignore[arg-type]  # these streams are synchronous
    assert isinstance(response, HttpResponse)
    return response.content


@pytest.mark.parametrize("role", ROLES)
def test_a_get_changes_no_row_at_any_address(cast: casts.Company, role: str) -> None:
    client, there = visitor(role, cast), existing(cast)
    before, count = snapshot(), written()
    seen = 0
    for name, route in routes():
        address = filled(route, there)
        response = client.get(address)
        content(response)  # reading a stream is part of the request
        assert response.status_code < 500, f"{address} answers {response.status_code} to {role}"
        if written() != count:
            assert snapshot() == before, f"GET {address} ({name}) as {role} changed a row"
            count = written()
        seen += 1
    assert seen > 60
    assert snapshot() == before


def test_the_control_sees_a_row_that_a_request_changes(cast: casts.Company) -> None:
    before, count = snapshot(), written()
    visitor("tuner", cast).post(filled("tasks/<int:task_id>/pull-back", existing(cast)), {"reason": "To be seen"})
    assert written() > count
    assert snapshot() != before


@pytest.mark.parametrize("role", [role for role in ROLES if role != "superuser"])
def test_following_every_link_changes_no_row_and_no_link_is_dead(cast: casts.Company, role: str) -> None:
    client = visitor(role, cast)
    before = snapshot()
    todo: list[str] = ["/"]
    seen: set[str] = set()
    while todo and len(seen) < 300:
        address = todo.pop()
        if address in seen or address.startswith("/static/"):
            continue
        seen.add(address)
        response = client.get(address)
        body = content(response)
        assert response.status_code in (200, 204, 302), f"a link leads {role} to {address}: {response.status_code}"
        if response.get("Content-Type", "").startswith("text/html"):
            found = re.findall(r'(?:href|hx-get)="(/[^"#]*)', body.decode())
            todo.extend(link.replace("&amp;", "&") for link in found if not link.startswith("/admin/"))
        if response.status_code == 302:
            todo.append(response["Location"].split("?")[0])
    assert snapshot() == before
    assert len(seen) >= (2 if role == "anonymous" else 3)


def test_without_signing_in_nothing_is_shown_but_the_doors(cast: casts.Company) -> None:
    client, there = Client(), existing(cast)
    for name, route in routes():
        if name in PUBLIC or route.startswith(("admin/", "api/")):
            continue
        response = client.get(filled(route, there))
        assert response.status_code == 302, f"{route} answers {response.status_code} to a stranger"
        assert response["Location"].startswith("/login?next="), route


def test_what_belongs_to_another_project_does_not_exist(cast: casts.Company) -> None:
    client, there = visitor("outsider", cast), existing(cast)
    for name, route in routes():
        if "<" not in route or name in NO_GET | PUBLIC or route.startswith(("admin/", "api/")) or name == "key-revoke":
            continue
        assert client.get(filled(route, there)).status_code == 404, route


@pytest.mark.parametrize("name", sorted(NO_GET))
def test_what_changes_something_refuses_get(cast: casts.Company, name: str) -> None:
    route = next(route for known, route in routes() if known == name and not route.startswith("api/"))
    assert visitor("admin", cast).get(filled(route, existing(cast))).status_code == 405
