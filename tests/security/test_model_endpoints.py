"""An admin of one project can't have the fleet call machines of its own network, whatever the address looks like."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from slider.flow import keys as own_keys
from slider.llm import batches, probe, reach
from slider.llm.client import Client
from slider.llm.records import Ask, Message, Outcome
from slider.models import Scope, Worker, fitting
from slider.schema import Schema
from slider.webhook import target
from tasks import keys
from tests import casts
from tests.api.conftest import Caller
from tests.standin import Model
from tests.views import addresses

INSIDE = (
    "http://127.0.0.1:6379/v1",
    "http://localhost:5432/v1",
    "http://LOCALHOST./v1",
    "http://db.internal/v1",
    "http://printer.local/v1",
    "http://169.254.169.254/latest/meta-data/v1",
    "http://metadata.google.internal/v1",
    "http://168.63.129.16/v1",
    "http://10.0.0.1/v1",
    "http://172.16.0.1/v1",
    "http://192.168.1.1/v1",
    "http://100.64.0.1/v1",
    "http://0.0.0.0/v1",
    "http://0/v1",
    "http://127.1/v1",
    "http://2130706433/v1",
    "http://0x7f000001/v1",
    "http://0x7f.1/v1",
    "http://[::1]/v1",
    "http://[::ffff:169.254.169.254]/v1",
    "http://[::ffff:7f00:1]/v1",
    "http://[fe80::1]/v1",
    "http://[fd00:ec2::254]/v1",
    "http://[64:ff9b::7f00:1]/v1",
    "http://[2002:7f00:1::]/v1",
)
OTHERWISE_WRONG = (
    "file:///etc/passwd",
    "gopher://x/",
    "ftp://x/v1",
    "https://user:secret@models.example.org/v1",
    "https://models.example.org@127.0.0.1/v1",
    "models.example.org/v1",
    "https://",
    "https://models.example.org:port/v1",
    "javascript:alert(1)",
)
ASK = Ask(model="m", messages=(Message("user", "x"),), schema=Schema.compile({"type": "object"}))


@pytest.fixture(autouse=True)
def nobody_allowed(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_MODEL_HOSTS": []})


@pytest.mark.parametrize("url", INSIDE + OTHERWISE_WRONG)
def test_no_such_endpoint_is_taken(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        fitting.address(url)
    assert "SLIDER_MODEL_HOSTS" in refused.value.messages[0] or url in OTHERWISE_WRONG


@pytest.mark.parametrize(
    "url", ["", "https://api.openai.com/v1", "https://8.8.8.8/v1", "http://models.example.org:8000/v1"]
)
def test_public_endpoints_and_the_installations_own_are_taken(url: str, settings: Settings) -> None:
    assert fitting.address(url) == url
    own = "http://127.0.0.1:8001/v1"
    settings.ENV = settings.ENV.model_copy(update={"OPENAI_BASE_URL": own})
    assert fitting.address(own) == own
    with pytest.raises(ValidationError):
        fitting.address("http://127.0.0.1:5432/v1")  # the same machine, but another server


def test_an_operator_allows_a_host_by_name(settings: Settings) -> None:
    settings.ENV = settings.ENV.model_copy(update={"SLIDER_MODEL_HOSTS": ["gpu.internal", "10.0.0.7", "[::1]"]})
    for url in ("http://gpu.internal:8000/v1", "http://GPU.internal/v1", "http://10.0.0.7/v1", "http://[::1]:1/v1"):
        assert fitting.address(url) == url
        assert not keys.only_public(Worker(base_url=url))
    assert keys.only_public(Worker(base_url="http://10.0.0.8/v1"))
    assert not keys.only_public(Worker())


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, model: Model) -> Iterator[str]:
    """A name that is looked up as this machine, where a server that must not be asked listens."""
    from socket import getaddrinfo as usual

    def looked_up(host: Any, *given: Any, **more: Any) -> Any:
        return usual("127.0.0.1" if host == "rebound.example.org" else host, *given, **more)

    monkeypatch.setattr("socket.getaddrinfo", looked_up)
    port = model.base_url.split(":")[2].split("/")[0]
    yield f"http://rebound.example.org:{port}/v1"
    assert model.counts()["calls"] == 0


def asked(url: str, *, only_public: bool) -> Any:
    async def ask() -> Any:
        client = Client(url, api_key="", timeout_s=5, only_public=only_public)
        try:
            return await client.ask(ASK)
        finally:
            await client.aclose()

    return asyncio.run(ask())


@pytest.mark.django_db
def test_a_name_that_turns_private_is_not_called(inside: str) -> None:
    """DNS rebinding: what was entered was public, what is called is not."""
    answered = asked(inside, only_public=True)
    assert answered.outcome is Outcome.CONNECTION_LOST
    assert "SLIDER_MODEL_HOSTS" in answered.detail
    found = probe.probe(inside, api_key="", timeout_s=5, only_public=True)
    assert not found.ok
    with batches.Batches(inside, api_key="", timeout_s=5, only_public=True) as endpoint, pytest.raises(batches.Away):
        endpoint.look("b-1")


@pytest.mark.django_db
def test_an_address_that_is_private_is_not_called_either(model: Model) -> None:
    answered = asked(model.base_url, only_public=True)
    assert (answered.outcome, model.counts()["calls"]) == (Outcome.CONNECTION_LOST, 0)
    assert not probe.probe(model.base_url, api_key="", timeout_s=5, only_public=True).ok
    with pytest.raises(batches.Refused, match="SLIDER_MODEL_HOSTS"):
        batches.Batches(model.base_url, api_key="", only_public=True)
    # The control: the very same server answers where an operator said so.
    asked(model.base_url, only_public=False)
    assert model.counts()["calls"] == 1
    assert probe.probe(model.base_url, api_key="", timeout_s=5, only_public=False).ok


def test_the_door_asks_nobody_by_its_name_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The address that was looked at is the one connected to: a second answer would come too late."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    monkeypatch.setattr(target, "resolve", lambda *_: next(answers))
    seen: list[str] = []
    monkeypatch.setattr("httpcore2.SyncBackend.connect_tcp", lambda *given: seen.append(given[1]))
    reach._Backend().connect_tcp("models.example.org", 443)
    assert seen == ["93.184.215.14"]


@pytest.mark.parametrize("door", ["page", "api"])
def test_every_door_refuses_it_in_words_and_changes_no_worker(stage: casts.Company, door: str) -> None:
    before = Worker.objects.count()
    url = "http://169.254.169.254/v1"
    if door == "page":
        answer = addresses.visitor("admin", stage).post(
            f"/tasks/{stage.task.pk}/worker", {"name": "reader", "base_url": url, "model": "m", "instructions": "x"}
        )
    else:
        scopes = list(Scope)
        who = stage.admin.pk
        key = own_keys.make(stage.project, name="x", scopes=scopes, expires_at=None, by=who, person=who).whole
        answer = Caller(key)("PATCH", f"/tasks/{stage.task.slug}/worker", {"base_url": url})
    assert answer.status_code == 422
    assert "SLIDER_MODEL_HOSTS" in answer.content.decode()
    assert Worker.objects.count() == before
