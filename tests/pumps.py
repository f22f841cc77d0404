"""Real pumps on one task, several at once, until every item has ended: what an endpoint's whims are tried on."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from slider.flow import circuits, claims
from slider.flow import work as stage
from slider.models import Decision, Item, Lane, Mode, Outcome, Publication, State, Worker
from tasks import pump
from tasks.sweep import hand_over
from tasks.work import work
from tests import casts

OPEN = (State.READY, State.WORKING)


def company(count: int, *, share: float = 1.0, worker: dict[str, Any] | None = None, **task: Any) -> casts.Company:
    """A task on trial whose worker asks the stand-in one sample an item, with `count` items that wait."""
    cast = casts.company(share=share, mode=Mode.TRIAL, **task)
    given: dict[str, Any] = {"model": "standin-1", "in_flight": 8, "samples": 1, "timeout_s": 5.0}
    Worker.objects.filter(pk=cast.worker.pk).update(**(given | (worker or {})))
    cast.worker.refresh_from_db()
    casts.bring_in(cast.task, {f"m{n}": {"text": f"where is my parcel number {n}"} for n in range(count)})
    return cast


def quick(settings: Settings, monkeypatch: pytest.MonkeyPatch, **env: Any) -> None:
    """A fifth of all waits: shifts, signs of life, probes, and until an item is tried again."""
    given = {"SLIDER_SHIFT_S": 1, "SLIDER_LINGER_S": 0.1, "SLIDER_LEASE_S": 10}
    settings.ENV = settings.ENV.model_copy(update=given | env)
    monkeypatch.setattr(stage, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(stage, "LONGEST_WAIT_S", 0.3)
    monkeypatch.setattr(pump, "TICK_S", 0.1)
    monkeypatch.setattr(circuits, "FIRST_PROBE_S", 0.1)
    monkeypatch.setattr(circuits, "LONGEST_PROBE_WAIT_S", 0.8)
    monkeypatch.setattr(circuits, "PROBE_S", 0.8)


def run(
    cast: casts.Company, *, pumps: int = 2, limit_s: float = 60.0, watch: Callable[[], None] = lambda: None
) -> None:
    """Pump until nothing is ready or with a worker any more; `watch` is called after each look, and at the end."""
    over = threading.Event()
    ends_at = time.monotonic() + limit_s

    def shifts() -> None:
        while not over.is_set():
            work(cast.task.pk)
            over.wait(0.02)
        connections.close_all()

    with ThreadPoolExecutor(pumps) as threads:
        running = [threads.submit(shifts) for _ in range(pumps)]
        try:
            while Item.objects.filter(task=cast.task, state__in=OPEN).exists():
                assert time.monotonic() < ends_at, f"after {limit_s} s items are still open"
                assert not any(one.done() for one in running), "a pump broke"
                claims.run_out()
                hand_over(cast.task)
                watch()
                over.wait(0.05)
            watch()
        finally:
            over.set()
            for one in running:
                one.result()


def ended(cast: casts.Company, count: int) -> None:
    """Every item has exactly one decision, and what ran unattended was published once."""
    assert Item.objects.filter(task=cast.task, state__in=(State.DONE, State.REVIEW)).count() == count
    assert Decision.objects.count() == count
    unattended = set(Decision.objects.filter(lane=Lane.UNATTENDED).values_list("item_id", flat=True))
    assert sorted(Publication.objects.values_list("item_id", flat=True)) == sorted(unattended)
    assert set(Decision.objects.filter(lane=Lane.UNATTENDED).values_list("attempt__outcome", flat=True)) <= {
        Outcome.ANSWERED
    }
