"""The client against a real server, which is the product."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from slider.api import keys as api_keys
from slider.client import Client, Patience
from slider.flow import keys
from slider.models import Scope
from tests import casts


@pytest.fixture
def cast(transactional_db: None) -> casts.Company:
    return casts.company(undo_s=0)


@pytest.fixture
def waits() -> list[float]:
    """How long the client has waited between its tries."""
    return []


@pytest.fixture
def client_of(cast: casts.Company, live_server: LiveServer, waits: list[float]) -> Iterator[Callable[[User], Client]]:
    """A client with a key that acts for somebody; it waits for no time."""
    made: list[Client] = []

    def client(person: User) -> Client:
        whole = keys.make(
            cast.project, name="client", scopes=list(Scope), expires_at=None, by=person.pk, person=person.pk
        ).whole
        patience = Patience(tries=4, sleep=waits.append, chance=lambda: 1.0)
        made.append(Client(live_server.url, key=whole, patience=patience))
        return made[-1]

    api_keys._limiter(settings.REDIS_URL).storage.reset()
    yield client
    for one in made:
        one.close()
