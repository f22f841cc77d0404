"""Every address by GET, as every role: no row changes, nothing breaks, and what is not yours does not exist."""

import io
import re
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from slider.flow import imports, keys, notices
from slider.models import Mode, NoticeKind, Purpose, Scope
from tests import casts, pasts

pytestmark = pytest.mark.django_db
PUBLIC = {"login", "logout", "healthz", "readyz", "csp-report", "metrics"}
ROLES = ("anonymous", "viewer", "reviewer", "tuner", "admin", "outsider", "superuser")
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
    ),
    *("history-read", "history-confirm", "history-drop"),
    *("lead-release", "flag-answer", "flag-off", "together-decide", "together-undo"),
    *("desk-own", "practice-next", "practice-say", "reviewer-let-in"),
    *("fleet-task-stand", "fleet-host-stand", "own-api-key-revoke"),
    *("reviewer-settle", "known-mark", "known-retire", "people-save", "look-assign"),
}


@pytest.fixture
def cast() -> casts.Company:
    """A company with something behind every kind of address."""

    made = casts.company(share=0.0, mode=Mode.TRIAL)
    casts.one(made.task, "m1")
    casts.one(made.task, "m2")
    casts.take(made.reviewer, made.task)
    casts.audited(made.task, "a1")
    imports.receive(made.task, name="a.csv", stream=io.BytesIO(b"id,text\n1,a\n"), by=made.tuner.pk)
    pasts.bring(made, pasts.jsonl([*pasts.rows(60), {"id": "odd", "correct": "perhaps"}]))
    keys.make(made.project, name="a program", scopes=[Scope.READ], expires_at=None, by=made.admin.pk)
    notices.tell(made.task.pk, NoticeKind.PULLED_BACK, "Two went wrong")
    User.objects.create_superuser("superuser", "root@example.org", casts.PASSWORD)
    return made


def routes(patterns: list[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every address as (name, route); those of the admin as Django builds them."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield pattern.name or "", route


def filled(route: str, cast: casts.Company) -> str:
    """The route with ids of things that exist."""
    review = cast.task.reviews.order_by("pk").first()
    imported = cast.task.imports.get(purpose=Purpose.ITEMS)
    assert review is not None
    values = {
        "task_id": cast.task.pk,
        "item_id": review.item_id,
        "review_id": review.pk,
        "import_id": imported.pk,
        "past_id": cast.task.pasts.get().pk,
        "notice_id": cast.task.notices.get().pk,
        "key_id": cast.project.keys.get().pk,
        "slug": cast.project.slug,
        "task": cast.task.slug,
        "object_id": review.item_id,
        "app_label": "slider",
        "content_type_id": 1,
        "url": "nowhere",
    }
    route = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values.get(found[1], 1)), route)
    route = re.sub(r"\(\?P<(\w+)>[^)]*\)", lambda found: str(values.get(found[1], 1)), route)
    return "/" + re.sub(r"[\^$?]|\\Z", "", route)


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


def content(response: HttpResponseBase) -> bytes:
    """The whole body, streamed or not."""
    if isinstance(response, StreamingHttpResponse):
        return b"".join(response.streaming_content)  # type: ignore[arg-type]  # these streams are synchronous
    assert isinstance(response, HttpResponse)
    return response.content


def visitor(role: str, cast: casts.Company) -> Client:
    client = Client(raise_request_exception=True)
    if role == "superuser":
        client.force_login(User.objects.get(username="superuser"))
    elif role != "anonymous":
        client.force_login(getattr(cast, role))
    return client


@pytest.mark.parametrize("role", ROLES)
def test_a_get_changes_no_row_at_any_address(cast: casts.Company, role: str) -> None:
    client = visitor(role, cast)
    before = snapshot()
    seen = 0
    for name, route in routes():
        address = filled(route, cast)
        response = client.get(address)
        content(response)  # reading a stream is part of the request
        assert response.status_code < 500, f"{address} answers {response.status_code} to {role}"
        assert snapshot() == before, f"GET {address} ({name}) as {role} changed a row"
        seen += 1
    assert seen > 60


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
    client = Client()
    for name, route in routes():
        if name in PUBLIC or route.startswith(("admin/", "api/")):
            continue
        response = client.get(filled(route, cast))
        assert response.status_code == 302, f"{route} answers {response.status_code} to a stranger"
        assert response["Location"].startswith("/login?next="), route


def test_what_belongs_to_another_project_does_not_exist(cast: casts.Company) -> None:
    client = visitor("outsider", cast)
    for name, route in routes():
        if "<" not in route or name in NO_GET or route.startswith(("admin/", "api/")) or name == "key-revoke":
            continue
        assert client.get(filled(route, cast)).status_code == 404, route


@pytest.mark.parametrize("name", sorted(NO_GET))
def test_what_changes_something_refuses_get(cast: casts.Company, name: str) -> None:
    route = next(route for known, route in routes() if known == name and not route.startswith("api/"))
    assert visitor("admin", cast).get(filled(route, cast)).status_code == 405
