"""A key is shown once, to an admin, and a revoked one has ended."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from slider.models import ApiKey
from tests import casts, stages

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def client(cast: casts.Company) -> Client:
    client = Client()
    client.force_login(cast.admin)
    return client


def address(cast: casts.Company) -> str:
    return reverse("keys", args=[cast.project.slug])


def make(client: Client, cast: casts.Company, **changes: object) -> str:
    sent: dict[str, object] = {"name": "shop", "scopes": ["intake"], "days": "90"} | changes
    return client.post(address(cast), sent).content.decode()


def test_it_is_shown_once_and_only_its_hash_is_kept(client: Client, cast: casts.Company) -> None:
    shown = make(client, cast)
    whole = shown.partition('id="whole-key">')[2].partition("<")[0].strip()
    key = ApiKey.objects.get()
    assert whole.startswith(f"sl_{key.prefix}_")
    assert bytes(key.digest) == ApiKey.hash(whole)
    assert (key.scopes, key.created_by) == (["intake"], cast.admin)
    assert key.expires_at is not None
    later = client.get(address(cast))
    assert whole not in later.content.decode()
    assert "no-store" in later["Cache-Control"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Name the program that will use it"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"scopes": []}, "Choose at least one thing"),
        ({"scopes": ["everything"]}, "Select a valid choice"),
        ({"days": "9999"}, "Select a valid choice"),
    ],
)
def test_it_refuses_at_the_field(client: Client, cast: casts.Company, changes: dict[str, object], words: str) -> None:
    assert words in make(client, cast, **changes)
    assert not ApiKey.objects.exists()


def test_revoking_ends_it_once(client: Client, cast: casts.Company) -> None:
    make(client, cast)
    key = ApiKey.objects.get()
    client.post(reverse("key-revoke", args=[key.pk]))
    key.refresh_from_db()
    first = key.revoked_at
    assert first is not None
    client.post(reverse("key-revoke", args=[key.pk]))
    key.refresh_from_db()
    assert key.revoked_at == first


@pytest.mark.parametrize("who", ["viewer", "reviewer", "tuner"])
def test_only_an_admin_sees_them(client: Client, cast: casts.Company, who: str) -> None:
    make(client, cast)
    client.force_login(getattr(cast, who))
    assert client.get(address(cast)).status_code == 403
    assert client.post(reverse("key-revoke", args=[ApiKey.objects.get().pk])).status_code == 403


def test_another_projects_keys_do_not_exist(client: Client, cast: casts.Company) -> None:
    make(client, cast)
    client.force_login(cast.outsider)
    assert client.get(address(cast)).status_code == 404
    assert client.post(reverse("key-revoke", args=[ApiKey.objects.get().pk])).status_code == 404
    assert ApiKey.objects.get().revoked_at is None
