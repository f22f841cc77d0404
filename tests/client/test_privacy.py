"""The client's privacy calls: rules and their preview, what is held under an id, and an item that is erased."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser
from pytest_django.live_server_helper import LiveServer

from slider.client import Client, OwnPattern, Patience, Redaction, Refused, Unreachable
from slider.client.privacy import Privacy
from slider.models import Emptied, Entry, Item
from tests import casts

Clients = Callable[[User], Client]
BODY: dict[str, Any] = {"subject": "Refund", "text": "Write to anna@example.com about C-000123, please."}
RULES = Redaction(
    left_out=["/vip"], masked=["/subject"], detect=["email"], patterns=[OwnPattern("CUSTOMER", r"\bC-\d{6}\b")]
)


class Loses(httpx2.HTTPTransport):
    """A way to the server on which as many answers as are told get lost, after the server has done its work."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self.left = answers

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        if self.left:
            self.left -= 1
            answer.close()
            raise httpx2.ReadError("the answer was lost")
        return answer


def test_rules_are_tried_out_put_and_read_again(cast: casts.Company, client_of: Clients) -> None:
    privacy, slug = client_of(cast.admin).privacy, cast.task.slug
    item = casts.one(cast.task, "m1", **BODY)
    tried = privacy.preview(slug, RULES)
    assert tried.item == item.pk
    assert tried.sent == {"subject": "[FIELD_1]", "text": "Write to [EMAIL_1] about [CUSTOMER_1], please."}
    assert tried.masked == {"customer": 1, "email": 1, "field": 1}
    assert privacy.preview(slug, Redaction(), item=item.pk).sent == BODY
    assert privacy.rules(slug).redaction == Redaction(), "a trial saves nothing"
    put = privacy.put(slug, RULES, contents_days=30)
    assert put == privacy.rules(slug)
    assert (put.redaction, put.contents_days, put.emptied, put.kept, put.erased) == (RULES, 30, 0, 0, 0)
    assert privacy.put(slug, put.redaction, contents_days=None).contents_days is None


def test_what_is_wrong_is_refused_at_its_place(cast: casts.Company, client_of: Clients) -> None:
    privacy = client_of(cast.admin).privacy
    with pytest.raises(Refused) as caught:
        privacy.put(cast.task.slug, Redaction(patterns=[OwnPattern("A", "(?=a)")]), contents_days=30)
    assert (caught.value.status, caught.value.where) == (422, "/redaction/patterns/0/pattern")
    with pytest.raises(Refused, match="403 role"):
        client_of(cast.tuner).privacy.rules(cast.task.slug)


def test_what_is_held_is_told_and_an_erased_item_is_gone(cast: casts.Company, client_of: Clients) -> None:
    slider = client_of(cast.admin)
    item = casts.one(cast.task, "m1", **BODY)
    held = slider.privacy.held("m1")
    assert (held.external_id, held.project, held.made_at.tzinfo) == ("m1", cast.project.slug, UTC)
    assert [(one["item"], one["held"]["payload"][0]["body"]) for one in held.items] == [(item.pk, BODY)]
    assert slider.privacy.held("nobody").items == []
    erased = slider.privacy.erase(item.pk, reason="letter of 3 May")
    assert erased.item == item.pk
    assert abs(erased.erased_at - Emptied.objects.get().at) < timedelta(milliseconds=1)
    assert slider.privacy.erase(item.pk, reason="again") == erased
    assert slider.privacy.rules(cast.task.slug).erased == 1
    assert "anna" not in str(slider.privacy.held("m1"))
    with pytest.raises(Refused, match="410 erased"):
        slider.items.push(cast.task.slug, BODY, external_id="m1")
    assert Item.objects.count() == 1


def test_what_is_held_comes_also_where_the_first_answer_was_lost(
    cast: casts.Company, client_of: Clients, live_server: LiveServer
) -> None:
    casts.one(cast.task, "m1", **BODY)
    key = str(client_of(cast.admin)._http.headers["Authorization"]).removeprefix("Bearer ")
    patience = Patience(tries=2, sleep=lambda _: None)
    with Client(live_server.url, key=key, patience=patience, transport=Loses(1)) as slider:
        assert len(slider.privacy.held("m1").items) == 1
    assert Entry.objects.filter(kind="export").count() == 2, "each time that it was told"
    with (
        Client(live_server.url, key=key, patience=patience, transport=Loses(2)) as slider,
        pytest.raises(Unreachable),
    ):
        slider.privacy.held("m1")


def test_every_privacy_call_of_the_api_has_a_method(cast: casts.Company, client_of: Clients) -> None:
    asked: set[tuple[str, str]] = set()
    slider, (item,) = client_of(cast.admin), casts.bring_in(cast.task, {"m1": BODY})
    names = {cast.task.slug: "{task}", str(item.pk): "{item_id}"}

    def note(request: httpx2.Request) -> None:
        steps = request.url.path.split("/")
        asked.add((request.method.lower(), "/".join(names.get(step, step) for step in steps)))

    slider._http.event_hooks = {"request": [note]}
    slider.privacy.put(cast.task.slug, slider.privacy.rules(cast.task.slug).redaction, contents_days=9)
    slider.privacy.preview(cast.task.slug, Redaction())
    slider.privacy.held("m1")
    slider.privacy.erase(item.pk, reason="letter")
    paths = Browser().get("/api/v1/openapi.json").json()["paths"]
    listed = {
        (verb, path)
        for path, verbs in paths.items()
        for verb, told in verbs.items()
        if isinstance(told, dict) and "Privacy" in told.get("tags", [])
    }
    assert len(listed) == 5
    assert asked == listed
    assert isinstance(slider.privacy, Privacy)
