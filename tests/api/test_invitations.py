"""Invitations by the API: the link is shown once, to whoever may invite, and never in a list."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from slider.flow import invitations
from slider.models import Answered, Invitation, Membership, Role, Scope
from tests import casts
from tests.api.conftest import Caller, error


@pytest.fixture
def admin(cast: casts.Company, acts_for: Callable[..., Caller]) -> Caller:
    return acts_for(cast.admin, Scope.ADMINISTER)


def test_a_link_is_shown_once_and_lets_one_person_in(cast: casts.Company, admin: Caller) -> None:
    made = admin("POST", "/invitations", {"role": "tuner", "days": 1}, Idempotency_Key="once")
    assert made.status_code == 201, made.content
    told = made.json()
    assert (told["role"], told["email"], told["made_by"], told["mailed"]) == ("tuner", "", "admin", False)
    again = admin("POST", "/invitations", {"role": "tuner", "days": 1}, Idempotency_Key="once").json()
    assert again == told | {"link": None}
    assert Invitation.objects.get().token not in Answered.objects.get().body
    client = Client()
    client.force_login(cast.outsider)
    assert told["link"].startswith("http://testserver/invitations/")
    assert client.post(told["link"].removeprefix("http://testserver")).status_code == 302
    assert Membership.objects.get(user=cast.outsider, project=cast.project).role == Role.TUNER


def test_what_is_open_is_listed_without_links_page_by_page(cast: casts.Company, admin: Caller) -> None:
    made = [admin("POST", "/invitations", {"role": "viewer"}).json() for _ in range(3)]
    first = admin("GET", "/invitations?limit=2")
    rest = admin("GET", f"/invitations?limit=2&after={first.json()['next']}")
    listed = [*first.json()["invitations"], *rest.json()["invitations"]]
    assert [one["id"] for one in listed] == [one["id"] for one in reversed(made)]
    assert rest.json()["next"] is None
    whole = (first.content + rest.content).decode()
    assert "link" not in listed[0]
    assert not [one for one in Invitation.objects.all() if one.token in whole or one.nonce in whole]


def test_with_an_address_it_goes_there_by_mail_where_mail_is_on(
    cast: casts.Company, admin: Caller, settings: Settings
) -> None:
    on = {"SLIDER_MAIL_HOST": "localhost", "SLIDER_MAIL_FROM": "s@example.org", "SLIDER_ADDRESS": "https://s.example"}
    settings.ENV = settings.ENV.model_copy(update=on)
    told = admin("POST", "/invitations", {"role": "viewer", "email": " n@example.org "}).json()
    assert (told["email"], told["mailed"]) == ("n@example.org", True)
    assert told["link"].startswith("https://s.example/invitations/")


@pytest.mark.parametrize(
    ("sent", "status", "where"),
    [
        ({"role": "owner"}, 400, "/role"),
        ({}, 400, "/role"),
        ({"role": "viewer", "days": 0}, 400, "/days"),
        ({"role": "viewer", "days": 31}, 400, "/days"),
        ({"role": "viewer", "email": "nobody"}, 422, "/email"),
        ({"role": "viewer", "email": "a@b\nBcc: c@example.org"}, 422, "/email"),
        ({"role": "viewer", "email": "x" * 250 + "@a.org"}, 400, "/email"),
        ({"role": "viewer", "token": "1"}, 400, "/token"),
    ],
)
def test_what_can_not_be_is_said_at_its_field(
    cast: casts.Company, admin: Caller, sent: dict[str, object], status: int, where: str
) -> None:
    answer = admin("POST", "/invitations", sent)
    assert (answer.status_code, error(answer)["where"]) == (status, where)
    assert not Invitation.objects.exists()


def test_a_withdrawn_one_lets_nobody_in_and_an_accepted_one_can_not_be(cast: casts.Company, admin: Caller) -> None:
    link = admin("POST", "/invitations", {"role": "viewer"}).json()["link"].removeprefix("http://testserver")
    made = Invitation.objects.get()
    assert [admin("DELETE", f"/invitations/{made.pk}").status_code for _ in range(2)] == [204, 204]
    client = Client()
    client.force_login(cast.outsider)
    assert client.post(link).status_code == 409
    assert admin("GET", "/invitations").json()["invitations"] == []
    taken = invitations.make(cast.project, role=Role.VIEWER, email="", days=1, by=cast.admin.pk)
    invitations.accept(taken, who=cast.outsider)
    over = admin("DELETE", f"/invitations/{taken.pk}")
    assert (over.status_code, error(over)["code"]) == (409, "over")
