"""Every field that any page reads, with what strangers put there: no page breaks, nothing comes back as markup."""

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import DataError, transaction
from django.http import HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from slider.models import Membership, Role
from slider.views.unreadable import UnreadableMiddleware
from tests import casts
from tests.security import odd
from tests.views import addresses

SKIPPED = ("admin/", "api/", "account/", "static/")


def ask(client: Client, verb: str, address: str, told: dict[str, str]) -> HttpResponseBase:
    """One request by itself; what it changes is taken back."""
    alone = Client(raise_request_exception=False)
    alone.cookies.update(client.cookies)
    with transaction.atomic():
        answer = alone.get(address, told) if verb == "GET" else alone.post(address, told)
        if answer.streaming:
            b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # reading it is part of the request
        transaction.set_rollback(True)
    return answer


def places(stage: casts.Company, client: Client, verb: str) -> dict[str, list[str]]:
    """Every address with the fields that it reads."""
    found: dict[str, list[str]] = {}
    there = addresses.existing(stage)
    for _, route in addresses.routes():
        if route.startswith(SKIPPED) or "?P<" in route:
            continue
        address = addresses.filled(route, there)
        with odd.read_names() as names:
            ask(client, verb, address, {})
        if names - {"csrfmiddlewaretoken"}:
            found[address] = sorted(names - {"csrfmiddlewaretoken"})
    return found


def broken(answer: HttpResponseBase) -> bool:
    """Whether a page broke, gave markup back as it came, or let a header be written."""
    shown = b"" if answer.streaming else answer.content  # type: ignore[attr-defined]  # the others have it
    return answer.status_code >= 500 or b"<script>alert(1)" in shown or "evil" in answer.cookies


@pytest.mark.timeout(300)
@pytest.mark.parametrize("verb", ["GET", "POST"])
def test_no_field_of_any_page_can_break_it(stage: casts.Company, verb: str) -> None:
    client = addresses.visitor("superuser", stage)
    Membership.objects.create(project=stage.project, user=User.objects.get(username="superuser"), role=Role.ADMIN)
    asked = places(stage, client, verb)
    wrong = []
    for address, names in asked.items():
        # One field after the other on a page; all of a form at once, since each is judged by itself.
        for told in [(name,) for name in names] if verb == "GET" else [names]:
            for kind, value in odd.VALUES.items():
                answer = ask(client, verb, address, dict.fromkeys(told, value))
                if broken(answer):
                    wrong.append((verb, address, told, kind, answer.status_code))
    assert wrong == []
    assert sum(map(len, asked.values())) > 30


def test_a_project_with_a_nul_in_its_name_is_none(stage: casts.Company) -> None:
    client = addresses.visitor("admin", stage)
    assert client.get("/notices/news", {"project": "support\x00desk"}).status_code == 404
    assert client.get("/notices/news", {"project": stage.project.slug}).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), 400),
        (UnreadablePostError("the caller sends too slowly"), 408),
        (DataError("bigint out of range"), None),
        (ValueError("NUL"), None),
    ],
)
def test_what_a_page_overlooks_is_no_fault_of_ours(error: Exception, status: int | None, rf: RequestFactory) -> None:
    request = rf.get("/anything")
    request.user = AnonymousUser()
    answer = UnreadableMiddleware(lambda _: HttpResponse()).process_exception(request, error)
    assert (None if answer is None else answer.status_code) == status
