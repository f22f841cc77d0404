"""Every address, as every role, by every verb, against a table: an address without a row fails."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client

from tests import casts, stages
from tests.views import addresses, matrix

pytestmark = pytest.mark.django_db
# Whole trees with a rule of their own, held by the tests below.
TREES = ("admin/", "api/")


staged = stages.of_module(addresses.stage)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def ask(client: Client, verb: str, address: str) -> HttpResponseBase:
    """One request by itself: what it changes is taken back, also who is signed in."""
    alone = Client()
    alone.cookies.update(client.cookies)
    with transaction.atomic():
        answer = alone.generic(verb, address)
        if answer.streaming:
            b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # reading it is part of the request
        transaction.set_rollback(True)
    return answer


def letter(answer: HttpResponseBase) -> str:
    """What the table calls such an answer."""
    status = answer.status_code
    if status == 302 and answer["Location"].startswith("/login?next="):
        return "L"
    refused = {404: "N", 403: "F", 401: "U", 405: "-"}
    return refused.get(status, "!" if status >= 500 else "O")


def test_each_address_has_a_row_and_each_row_an_address() -> None:
    known = {name for name, route in addresses.routes() if not route.startswith(TREES)}
    assert known == set(matrix.read())


@pytest.mark.timeout(600)  # some eight hundred requests
@pytest.mark.parametrize("role", matrix.ROLES)
def test_each_address_answers_as_the_table_says(cast: casts.Company, role: str) -> None:
    client, there, rows, wrong = addresses.visitor(role, cast), addresses.existing(cast), matrix.read(), []
    for name, route in addresses.routes():
        if route.startswith(TREES):
            continue
        row = rows[name]
        for verb in matrix.VERBS:
            if verb == "HEAD" and verb in row.verbs and role not in ("nobody", "admin"):
                continue  # the page of GET without its body: asking once more as everybody costs a minute
            got = letter(ask(client, verb, addresses.filled(route, there)))
            # A verb that an address does not know it refuses to everybody who is past the door.
            meant = row.cells[role] if verb in row.verbs or row.cells[role] == "L" else "-"
            if got != meant:
                wrong.append(f"{verb} /{route} ({name}): {got} instead of {meant}")
    assert wrong == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("role", ["nobody", "reviewer", "admin"])
def test_djangos_admin_is_for_who_runs_the_installation(cast: casts.Company, role: str) -> None:
    client, there = addresses.visitor(role, cast), addresses.existing(cast)
    for _, route in addresses.routes():
        if route.startswith("admin/") and "logout" not in route:
            for verb in ("GET", "POST"):
                answer = ask(client, verb, addresses.filled(route, there))
                got = letter(answer)
                to_the_door = answer.status_code == 302 and "/login" in answer["Location"]
                assert got in "LFN-" or to_the_door or "jsi18n" in route, f"{verb} /{route}: {answer.status_code}"


# Those with the most rights, one with few and one with none: the others have some of the first ones' rights.
@pytest.mark.parametrize("role", ["nobody", "reviewer", "admin", "superuser"])
def test_a_session_opens_nothing_of_the_api(cast: casts.Company, role: str) -> None:
    """Programs have keys; a page of somebody's browser must not be able to use their session there."""
    client, there = addresses.visitor(role, cast), addresses.existing(cast)
    public = {"openapi-json", "openapi-view", "docs"}
    seen = 0
    for name, route in addresses.routes():
        if not route.startswith("api/") or name in public:
            continue
        for verb in matrix.VERBS:
            got = letter(ask(client, verb, addresses.filled(route, there)))
            assert got in "UN-", f"{verb} /{route} ({name}) answers {got} to the session of {role}"
            seen += 1
    assert seen > 20


def test_the_control_finds_an_address_that_lets_too_many_in(cast: casts.Company) -> None:
    """A table that says less than is true is noticed: the test above can fail."""
    answer = ask(addresses.visitor("reviewer", cast), "GET", f"/tasks/{cast.task.pk}/settings")
    assert letter(answer) == "F"
    assert letter(ask(addresses.visitor("tuner", cast), "GET", f"/tasks/{cast.task.pk}/settings")) == "O"
    assert letter(ask(addresses.visitor("nobody", cast), "GET", f"/tasks/{cast.task.pk}/settings")) == "L"
    assert settings.LOGIN_URL == "login"
