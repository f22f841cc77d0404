"""A program with a key, calling the API through the whole stack."""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve
from limits import RateLimitItemPerMinute

from slider.api import keys as api_keys
from slider.flow import keys
from slider.models import Project, Scope
from tests import casts, stages

BOTH = [Scope.INTAKE, Scope.READ]


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody's program: any call, with a key."""

    key: str

    def __call__(self, method: str, path: str, content: Any = None, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        raw = content if isinstance(content, bytes) else b"" if content is None else json.dumps(content).encode()
        kind = "application/json"
        # Django's client leaves the content type of an empty body away; other clients don't.
        return Client().generic(method, f"/api/v1{path}", raw, kind, headers=sent, CONTENT_TYPE=kind)


@dataclass(frozen=True, slots=True)
class Program:
    """What a source system would run: plain HTTP with a key."""

    key: str
    slug: str

    def get(self, path: str, **query: Any) -> Any:
        return Client().get(f"/api/v1{path}", query, headers={"Authorization": f"Bearer {self.key}"})

    def post(self, content: Any, *, query: str = "", task: str = "", **headers: str) -> Any:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        sent = {"Authorization": f"Bearer {self.key}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        path = f"/api/v1/tasks/{task or self.slug}/items{query}"
        kind = sent.pop("Content-Type", "application/json")
        # Django's client leaves the content type of an empty body away; other clients don't.
        return Client().post(path, raw, content_type=kind, headers=sent, CONTENT_TYPE=kind)


@pytest.fixture(scope="session", autouse=True)
def addresses() -> None:
    """All modules are read before a test begins a transaction: none may idle for two seconds."""
    resolve("/api/v1/me")


staged = stages.of_module(casts.company)


@pytest.fixture
def cast(db: None, staged: Callable[[], casts.Company]) -> casts.Company:
    return staged()


@pytest.fixture
def make_key(cast: casts.Company) -> Callable[..., str]:
    def made(*scopes: Scope, **more: Any) -> str:
        wanted = list(scopes) or BOTH
        return keys.make(
            cast.project, name="crm", scopes=wanted, expires_at=more.get("expires_at"), by=cast.admin.pk
        ).whole

    return made


@pytest.fixture
def acts_for(cast: casts.Company) -> Callable[..., Caller]:
    """A key that acts for a person, with every scope or those that are named."""

    def made(person: User, *scopes: Scope, of: Project | None = None) -> Caller:
        wanted = list(scopes) or list(Scope)
        project = of or cast.project
        return Caller(
            keys.make(project, name="mine", scopes=wanted, expires_at=None, by=person.pk, person=person.pk).whole
        )

    return made


@pytest.fixture
def program(cast: casts.Company, make_key: Callable[..., str]) -> Program:
    return Program(make_key(), cast.task.slug)


@pytest.fixture(autouse=True)
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts in Redis outlive a test, and other test processes have theirs there: each starts with one of its own."""
    monkeypatch.setattr(api_keys, "RATE", RateLimitItemPerMinute(1200, namespace=f"api-{uuid.uuid4()}"))
    monkeypatch.setattr(api_keys, "_blind_until", 0.0)


def error(response: Any) -> dict[str, Any]:
    """The refusal in an answer, which must be a whole problem."""
    found: dict[str, Any] = json.loads(response.content)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "where", "hint", "request_id"} <= found.keys()
    assert found["detail"]
    assert found["status"] == response.status_code
    assert found["type"] == f"urn:slider:problem:{found['code']}"
    assert response.headers["X-Request-ID"] == found["request_id"]
    return found | {"message": found["detail"]}
