"""The client's page: every example on it runs, in its order, against a real server."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

import slider.client
from slider.client import Client
from slider.models import Item, Policy, Review, ReviewState
from tests import casts

PAGE = Path(__file__).resolve().parents[2] / "docs" / "client.md"
EXAMPLE = re.compile(r"```python\n(.*?)```", re.S)


def test_every_example_runs(
    cast: casts.Company,
    client_of: Callable[[User], Client],
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    casts.one(cast.task, "to review")
    type(cast.task).objects.filter(pk=cast.task.pk).update(undo_s=60)
    ours = client_of(cast.admin)
    key = str(ours._http.headers["Authorization"]).removeprefix("Bearer ")
    made: list[Client] = []

    def here(address: str, *, key: str, **more: Any) -> Client:
        assert (address, key) == ("https://slider.example.org", "sl_...")
        made.append(Client(live_server.url, key=whole, **more))
        return made[-1]

    whole = key
    monkeypatch.setattr(slider.client, "Client", here)
    examples = EXAMPLE.findall(PAGE.read_text())
    assert len(examples) == 11
    scope: dict[str, Any] = {}
    for number, text in enumerate(examples, start=1):
        exec(compile(text, f"{PAGE.name}, example {number}", "exec"), scope)
    for one in made:
        one.close()
    said = capsys.readouterr().out
    assert "support-desk" in said
    assert "refused /input/text" in said
    assert Item.objects.count() == 40
    assert (scope["again"].token, Review.objects.get().state) == (2, ReviewState.HELD)
    assert Policy.objects.count() == 5
