"""Like items in a list: choosing, the preview, deciding in one go, and taking it back; all without a script."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slider.models import Review, ReviewState, Task, Undone
from tests import casts, stages
from tests.casts import Company
from tests.flow.test_together import gates

pytestmark = pytest.mark.django_db


staged = stages.of_module(lambda: casts.company(undo_s=60))


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text(response: object) -> str:
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]  # a response


def test_it_is_for_people_who_review(cast: Company) -> None:
    gates(cast, 4)
    address = f"/tasks/{cast.task.pk}/together"
    for name, status in {"reviewer": 200, "admin": 200, "tuner": 403, "viewer": 403, "outsider": 404}.items():
        client = signed_in(getattr(cast, name))
        assert client.get(address).status_code == status
        assert client.post(f"{address}/decide", {"verdict": "accept", "look": 1}).status_code in {302, status}


def test_choose_preview_decide_and_take_back(cast: Company) -> None:
    ids = [look.pk for look in gates(cast, 14)]
    client, address = signed_in(cast.reviewer), f"/tasks/{cast.task.pk}/together"
    assert text(client.get(address)).count('name="look"') == len(ids)
    query: Any = {"step": "preview", "verdict": "accept", "look": ids}
    shown = text(client.get(address, query))
    assert f"Accept {len(ids)} items?" in shown
    assert not Review.objects.filter(state=ReviewState.DECIDED).exists()
    told = text(client.post(f"{address}/decide", {"verdict": "accept", "look": ids}, follow=True))
    assert f"Accepted: {len(ids)} items." in told
    assert "Decided just now" in told
    one = text(client.post(f"{address}/undo", {"look": ids[:1]}, follow=True))
    assert "Taken back: 1 item." in one
    client.post(f"{address}/undo", {"look": ids})
    assert Undone.objects.count() == len(ids)
    assert "nothing to take back" in text(client.post(f"{address}/undo", {"look": ids}, follow=True))


def test_what_was_lost_between_preview_and_decision_is_named(cast: Company) -> None:
    looks = gates(cast, 14)
    first = casts.take(cast.colleague, cast.task)
    ids = [first.pk, *[look.pk for look in looks if look.pk != first.pk]]
    client, address = signed_in(cast.reviewer), f"/tasks/{cast.task.pk}/together"
    shown = text(client.get(f"{address}?step=preview&verdict=accept&" + "&".join(f"look={pk}" for pk in ids)))
    assert "1 of those you chose can’t be decided together any more" in shown
    told = text(client.post(f"{address}/decide", {"verdict": "accept", "look": ids}, follow=True))
    assert "Not decided: an item of the list" in told


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"verdict": "accept"}, "Choose one item or more"),
        ({"look": [1]}, "accepted or rejected"),
        ({"look": [1], "verdict": "fix"}, "accepted or rejected"),
        ({"look": [1], "verdict": "reject"}, "Choose a reason"),
        ({"look": [1], "verdict": "reject", "reason": "<b>"}, "Choose a reason"),
        ({"look": list(range(1, 102)), "verdict": "accept"}, "at most 100"),
        ({"look": ["x", "-1", "9" * 30], "verdict": "accept"}, "Choose one item or more"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_decided(cast: Company, sent: Any, words: str) -> None:
    gates(cast, 4)
    client, address = signed_in(cast.reviewer), f"/tasks/{cast.task.pk}/together"
    for response in (client.post(f"{address}/decide", sent), client.get(address, {"step": "preview"} | sent)):
        assert (response.status_code, words in text(response)) == (422, True)
    assert not Review.objects.filter(state=ReviewState.DECIDED).exists()


def test_an_audit_is_never_in_the_list_and_its_item_page_looks_like_a_gate(cast: Company) -> None:
    for n in range(10):
        casts.audited(cast.task, f"a{n}", subject="Drawn one")
    told = text(signed_in(cast.reviewer).get(f"/tasks/{cast.task.pk}/together"))
    assert "Drawn one" not in told
    assert "Nothing to decide together" in told
    assert Task.objects.get(pk=cast.task.pk).reviews.count() == 10
