"""A person's own API keys: made by them alone, shown once, always ending, and revoked by them or an admin."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from slider.flow import keys
from slider.models import ApiKey, Scope
from tests import casts, stages

pytestmark = pytest.mark.django_db
PAGE = "/my-api-keys"


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def browser(cast: casts.Company) -> Client:
    made = Client()
    made.force_login(cast.reviewer)
    return made


def said(cast: casts.Company, **more: object) -> dict[str, object]:
    return {"project": cast.project.slug, "name": "a script", "scopes": ["review"], "days": "90"} | more


def test_a_key_acts_for_whoever_makes_it_and_ends(cast: casts.Company, browser: Client) -> None:
    answer = browser.post(PAGE, said(cast))
    whole = answer.context["made"].whole
    assert whole in answer.content.decode()
    key = ApiKey.objects.get()
    assert (key.person, key.created_by, key.project, key.scopes) == (
        cast.reviewer, cast.reviewer, cast.project, ["review"]
    )  # fmt: skip
    assert key.expires_at is not None
    assert timedelta(days=89) < key.expires_at - timezone.now() <= timedelta(days=90)
    again = browser.get(PAGE).content.decode()
    assert whole not in again
    assert f"sl_{key.prefix}_" in again
    told = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {whole}"}).json()
    assert (told["person"], told["role"], told["may"]) == ("reviewer", "reviewer", ["review"])


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"project": "elsewhere"}, "Choose one of your projects."),
        ({"project": ""}, "Choose one of your projects."),
        ({"name": " "}, "Name what will use it"),
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["everything"]}, "everything"),
        ({"days": ""}, "required"),
        ({"days": "99999"}, "99999"),
    ],
)
def test_a_key_that_can_not_be_is_not_made(
    cast: casts.Company, browser: Client, more: dict[str, object], words: str
) -> None:
    answer = browser.post(PAGE, said(cast, **more))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_nobody_makes_a_key_for_somebody_else(cast: casts.Company) -> None:
    admin = Client()
    admin.force_login(cast.admin)
    admin.post(PAGE, said(cast, person=str(cast.reviewer.pk)))
    assert ApiKey.objects.get().person == cast.admin
    answer = admin.post(f"/projects/{cast.project.slug}/keys", {"name": "x", "scopes": ["review"], "days": ""})
    assert answer.status_code == 422
    assert ApiKey.objects.count() == 1


def test_ones_own_key_is_revoked_and_no_others(cast: casts.Company, browser: Client) -> None:
    made = [
        keys.make(cast.project, name="x", scopes=[Scope.READ], expires_at=None, by=person.pk, person=person.pk).key
        for person in (cast.reviewer, cast.colleague)
    ]
    assert browser.post(f"{PAGE}/{made[0].pk}/revoke").status_code == 302
    assert browser.post(f"{PAGE}/{made[1].pk}/revoke").status_code == 404
    assert browser.post(f"{PAGE}/9999999999999999999999/revoke").status_code == 404
    assert [key.revoked_at is not None for key in ApiKey.objects.order_by("pk")] == [True, False]
    admin = Client()
    admin.force_login(cast.admin)
    assert "acts for colleague" in " ".join(admin.get(f"/projects/{cast.project.slug}/keys").content.decode().split())
    admin.post(f"/keys/{made[1].pk}/revoke")
    assert not ApiKey.objects.filter(revoked_at=None).exists()
