"""The corpus of bad input against every call that takes a body: refused with words and a place, and no row changed."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests import casts, stages
from tests.api.calls import BODIES, TERMS, Things, things
from tests.api.conftest import Caller, error
from tests.api.test_pushing import BROKEN

# What no call takes, whatever it is about: of each the body, the status, and the code.
CORPUS: dict[str, tuple[bytes, int, str]] = {
    name: (raw, status, code)
    for name, (raw, status, code, _) in BROKEN.items()
    if code.startswith(("json_", "utf8", "text_", "too_large"))
} | {
    "a field that nobody knows": (b'{"lane_of_mine": 1}', 400, ""),
    "nothing but a wrong field": (b'{"\\u202e": "\\u200d"}', 400, ""),
    "a field with a name of 10,000 characters": (b'{"' + b"x" * 10_000 + b'": 1}', 400, ""),
}
OF_FILES = {("POST", "/tasks/{task}/imports")}  # whatever bytes are sent are a file: see test_imports
LIES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml")


def rows() -> dict[str, str]:
    """A digest of every table; that a key was used is no change."""
    found: dict[str, str] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            if table in ("slider_apikey", "django_migrations"):
                continue
            cursor.execute(f"SELECT count(*), sum(('x' || md5(t::text))::bit(60)::bigint) FROM {table} t")
            found[table] = str(cursor.fetchone())
    return found


staged = stages.of_module(lambda: things(casts.company()))


@pytest.fixture
def made(db: None, staged: Callable[[], Things]) -> Things:
    return staged()


@pytest.fixture
def cast(made: Things) -> casts.Company:
    return made.cast


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.admin)


@pytest.mark.parametrize("call", [call for call in BODIES if call not in OF_FILES], ids=" ".join)
def test_no_call_takes_what_is_no_sound_body_and_none_changes_a_row(
    made: Things, admin: Caller, call: tuple[str, str]
) -> None:
    path = made.path(call[1])
    before = rows()
    wrong: list[tuple[Any, ...]] = []
    for name, (raw, status, code) in CORPUS.items():
        answer = admin(call[0], path, raw)
        told = error(answer)
        fits = answer.status_code == status and (not code or told["code"] == code) and len(told["detail"]) < 500
        if not fits:
            wrong.append((name, answer.status_code, told["code"], told["detail"][:100]))
    for kind in LIES:
        answer = Client().generic(
            call[0], f"/api/v1{path}", b"{}", kind, headers={"Authorization": f"Bearer {admin.key}"}
        )
        if (answer.status_code, error(answer)["code"]) != (415, "content_type"):
            wrong.append((kind, answer.status_code))
    assert wrong == []
    assert rows() == before


@pytest.mark.parametrize("call", TERMS, ids=" ".join)
def test_a_parameter_that_nobody_reads_is_said_and_changes_no_row(
    made: Things, admin: Caller, call: tuple[str, str]
) -> None:
    key_id = admin("GET", "/keys").json()["keys"][0]["id"]
    made.names["key_id"] = str(key_id)
    before = rows()
    answer = admin(call[0], made.path(call[1]) + "?colour=blue", BODIES.get(call))
    assert (answer.status_code, error(answer)["where"]) == (400, "colour")
    assert rows() == before
    assert admin("GET", "/me").status_code == 200


PATHS = sorted({path for _, path in TERMS})
NOT_TAKEN = [
    (method, path)
    for path in PATHS
    for method in ("POST", "PUT", "PATCH", "DELETE", "GET")
    if (method, path) not in TERMS
]


@pytest.mark.parametrize(("method", "path"), NOT_TAKEN)
def test_a_method_that_an_address_does_not_take_is_said(made: Things, admin: Caller, method: str, path: str) -> None:
    taken = {known for known, route in TERMS if route == path}
    answer = admin(method, made.path(path), {})
    assert (answer.status_code, error(answer)["code"]) == (405, "method")
    assert set(answer.headers["Allow"].split(", ")) == taken


PAGES = (
    *("/tasks", "/keys", "/invitations", "/log"),
    *("/tasks/{task}/items", "/tasks/{task}/results", "/tasks/{task}/histories", "/tasks/{task}/notices"),
)


@pytest.mark.parametrize(
    "query",
    ["limit=-1", "limit=0", "limit=501", "limit=1e2", "limit=", "limit=9" + "9" * 30, "after=", "after=x", "after=%00"],
)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_is_none_is_refused(made: Things, admin: Caller, path: str, query: str) -> None:
    answer = admin("GET", f"{made.path(path)}?{query}")
    assert (answer.status_code, error(answer)["where"]) == (400, query.partition("=")[0])


def test_a_cursor_of_another_list_is_refused_by_all(made: Things, admin: Caller) -> None:
    casts.bring_in(made.cast.task, {"m2": {"text": "a"}})
    cursors: dict[str, Any] = {
        path: admin("GET", f"{made.path(path)}?limit=1").json()["next"]
        for path in ("/tasks/{task}/items", "/tasks/{task}/results")
    }
    for path in (*PAGES, "/tasks/{task}/slider/history"):
        for of, cursor in cursors.items():
            if of != path:
                answer = admin("GET", f"{made.path(path)}?after={cursor}")
                assert (answer.status_code, error(answer)["code"]) == (400, "cursor"), (path, of)
