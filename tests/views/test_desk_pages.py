"""What a look shows: an audit looks like any other item, and what models and people wrote is text and nothing else."""

import json
import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from slider.models import Decision, Item, Review, ReviewState
from tests import casts, stages
from tests.casts import Company

pytestmark = pytest.mark.django_db


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def neutral(page: str, review: Review) -> str:
    """A page without what differs between any two items: numbers of rows, ids and tokens against forgery."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|name="csrf-token" content="\w+"', "", page)
    page = re.sub(r'data-lease="\d+"', "", page)
    return re.sub(rf'(/desk/|data-review="){review.pk}\b', r"\1N", page)


def test_an_audit_makes_the_same_page_as_a_gate(cast: Company) -> None:
    casts.one(cast.task, "same", subject="Same", text="Same.")
    gate = casts.take(cast.reviewer, cast.task)
    assert Decision.objects.get(pk=gate.item_id).lane == "people"
    client = signed_in(cast.reviewer)
    page = neutral(client.get(f"/desk/{gate.pk}/").content.decode(), gate)
    undoing = _undone(client, gate)
    Item.objects.filter(pk=gate.item_id).update(external_id="earlier")
    audited = casts.audited(cast.task, "same", subject="Same", text="Same.")
    audit = casts.take(cast.reviewer, cast.task)
    assert (audit.item_id, audit.kind) == (audited.pk, "audit")
    assert neutral(client.get(f"/desk/{audit.pk}/").content.decode(), audit) == page
    assert _undone(client, audit) == undoing


def _undone(client: Client, held: Review) -> str:
    """What the desk shows of a look that was decided and taken back; afterwards it is decided for good."""
    for act in ("decide", "undo"):
        held.refresh_from_db()
        client.post(f"/desk/{held.pk}/{act}", {"token": held.token, "verdict": "accept"})
    held.refresh_from_db()
    page = neutral(client.get(f"/desk/{held.pk}/").content.decode(), held)
    client.post(f"/desk/{held.pk}/decide", {"token": held.token, "verdict": "accept"})
    casts.time_passes(held.task)
    return page


def test_what_the_model_wrote_runs_in_no_page(cast: Company) -> None:
    evil = {"topic": "other", "urgent": True, "reply": "<script>alert(1)</script> ![x](http://evil.example/x.png)"}
    casts.one(cast.task, answered=casts.says(evil), subject="<img src=x onerror=alert(1)>", text='"><svg onload=1>')
    review = casts.take(cast.reviewer, cast.task)
    page = signed_in(cast.reviewer).get(f"/desk/{review.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "<svg onload" not in page
    assert "<img src=x" not in page
    assert 'href="http://evil' not in page
    assert 'src="http://evil' not in page


def test_the_script_gets_the_next_item_in_the_same_answer(cast: Company) -> None:
    casts.one(cast.task, "m1", subject="First «1»")
    casts.one(cast.task, "m2", subject="Second")
    review = casts.take(cast.reviewer, cast.task)
    response = signed_in(cast.reviewer).post(
        f"/desk/{review.pk}/decide", {"token": review.token, "verdict": "accept"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in response.content.decode()
    assert "Second" in response.content.decode()
    assert json.loads(response.headers["X-Desk-Said"]) == "Accepted: First «1»."
    following = Review.objects.get(holder=cast.reviewer, state=ReviewState.HELD)
    assert response.headers["X-Desk-Address"] == f"/desk/{following.pk}/"
