"""Generated histories for tests: past outputs with log-odds that tell right from wrong, as files."""

import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from slider.flow import histories
from slider.models import Past
from tests import casts


def rows(count: int, *, seed: int = 1, wrong: float = 0.05, blind: bool = False) -> list[dict[str, Any]]:
    """Past outputs, about `wrong` of them wrong; `blind`: the signals know nothing of it."""
    rng = np.random.default_rng(seed)
    made = []
    for n in range(count):
        z = float(rng.normal())
        chance = wrong if blind else 1 / (1 + np.exp(2.5 * z - np.log(wrong / (1 - wrong)) + 1.5))
        signals = {"token_logodds": round(2 + 2 * z, 4), "weakest_token": round(3 + 2 * z, 4)}
        made.append({"id": f"h{n}", "signals": signals, "correct": int(rng.random() >= chance)})
    return made


def jsonl(made: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in made)


def bring(cast: casts.Company, content: bytes, name: str = "past.jsonl") -> Past:
    """Upload a history and have the fleet read it; as it stands afterwards."""
    past = histories.receive(cast.task, name=name, stream=io.BytesIO(content), by=cast.tuner.pk)
    return read(past)


def read(past: Past) -> Past:
    assert past.file_id is not None
    assert histories.run(past.file_id)
    return Past.objects.select_related("task", "worker", "file").get(pk=past.pk)


def confirm(past: Past, cast: casts.Company, reason: str = "a fair sample of March") -> Past:
    """Put a history into force; as it stands afterwards."""
    now = cast.task.policies.first()
    assert now is not None
    histories.confirm(past.pk, reason=reason, by=cast.tuner.pk, expected=now.number)
    past.refresh_from_db()
    return past
