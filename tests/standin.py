"""Fixtures: the stand-in model as a real process on loopback, and the settings that point at it."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from pytest_django.fixtures import Settings


@dataclass(frozen=True, slots=True)
class Model:
    """Where the model answers; its faults can be switched while it runs."""

    base_url: str

    def faults(self, **faults: Any) -> None:
        """From now on these faults hold and no others."""
        request = urllib.request.Request(
            self.base_url.removesuffix("/v1") + "/faults",
            data=json.dumps(faults).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def counts(self) -> dict[str, int]:
        """How many calls came since the faults were last set, and how many were there at once."""
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + "/counts", timeout=10) as answer:
            found: dict[str, int] = json.load(answer)
            return found


@contextmanager
def model_of(*, seed: int) -> Iterator[Model]:
    """A stand-in of one's own."""
    with subprocess.Popen(
        [sys.executable, "-m", "slider.llm.standin", "--port", "0", "--seed", str(seed)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://\S+/v1", process.stdout.readline())
        assert address is not None
        yield Model(address[0])
        process.terminate()


@pytest.fixture(scope="session")
def _process() -> Iterator[Model]:
    with model_of(seed=1) as found:
        yield found


@pytest.fixture
def model(_process: Model, settings: Settings) -> Model:
    """The stand-in without faults; the product's settings name it as the endpoint, and nothing lingers."""
    _process.faults()
    settings.ENV = settings.ENV.model_copy(
        update={"OPENAI_BASE_URL": _process.base_url, "OPENAI_API_KEY": "any", "SLIDER_LINGER_S": 0.0}
    )
    return _process
