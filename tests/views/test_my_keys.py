"""A person's keys: changed, refused, printed on the desk, given back."""

import json
import re
from collections.abc import Callable

import pytest
from django.test import Client

from slider.models import OwnKeys, hotkeys
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db
USUAL = {f"key.{name}": name for name in hotkeys.NAMES}


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def client(cast: Company) -> Client:
    made = Client()
    made.force_login(cast.reviewer)
    return made


def test_only_what_differs_is_kept_and_only_for_its_person(client: Client, cast: Company) -> None:
    answer = client.post("/my-keys", USUAL | {"key.a": "Q", "key.d": ""})
    assert answer.status_code == 302
    own = OwnKeys.objects.get()
    assert (own.user_id, own.keys, own.off) == (cast.reviewer.pk, {"a": "q", "d": ""}, False)


def test_a_clash_is_said_at_its_field_and_nothing_is_kept(client: Client) -> None:
    answer = client.post("/my-keys", USUAL | {"key.h": "a"})
    assert answer.status_code == 422
    assert 'aria-describedby="key-h-error"' in answer.content.decode()
    assert not OwnKeys.objects.exists()


def test_a_look_at_the_page_writes_nothing_and_reset_forgets(client: Client, cast: Company) -> None:
    client.get("/my-keys")
    assert not OwnKeys.objects.exists()
    client.post("/my-keys", USUAL | {"off": "on"})
    assert OwnKeys.objects.get().off
    client.post("/my-keys/reset")
    assert not OwnKeys.objects.exists()


def at_desk(client: Client, cast: Company) -> str:
    casts.one(cast.task, "m1")
    review = casts.take(cast.reviewer, cast.task)
    return client.get(f"/desk/{review.pk}/").content.decode()


def deeds(page: str) -> dict[str, str]:
    found = re.search(r'data-keys="([^"]*)"', page)
    assert found is not None
    return json.loads(found.group(1).replace("&quot;", '"'))["deeds"]  # type: ignore[no-any-return]


def test_the_desk_prints_and_hears_a_persons_own_keys(client: Client, cast: Company) -> None:
    client.post("/my-keys", USUAL | {"key.a": "q", "key.s": ""})
    page = at_desk(client, cast)
    assert re.search(r"<kbd>Q</kbd>\s*Accept", page)
    assert not re.search(r"<kbd>S</kbd>", page)
    assert deeds(page)["q"] == "a"
    assert "s" not in deeds(page).values()


def test_with_all_keys_off_none_is_printed_on_a_button(client: Client, cast: Company) -> None:
    client.post("/my-keys", USUAL | {"off": "on"})
    page = at_desk(client, cast)
    assert deeds(page) == {}
    assert not re.search(r"<kbd>[A-Z0-9?]</kbd>", page)
