"""Real pumps on one task, several at once, until every item has ended: what an endpoint's whims are tried on."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connections
from pytest_django.fixtures import Settings

from slider.flow import claims
from slider.flow import work as stage
from slider.models import Item, Mode, State, Worker
from tasks.sweep import hand_over
from tasks.work import Shift
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
    """Seconds instead of minutes: short shifts, and short waits before an item is tried again."""
    given = {"SLIDER_SHIFT_S": 1.5, "SLIDER_LINGER_S": 0.3, "SLIDER_LEASE_S": 10}
    settings.ENV = settings.ENV.model_copy(update=given | env)
    monkeypatch.setattr(stage, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(stage, "LONGEST_WAIT_S", 1.0)


def run(
    cast: casts.Company, *, pumps: int = 2, limit_s: float = 60.0, watch: Callable[[], None] = lambda: None
) -> None:
    """Pump until nothing is ready or with a worker any more; `watch` is called between two looks at it."""

    def look() -> None:
        claims.run_out()
        hand_over(cast.task)
        watch()

    async def pump(ends_at: float) -> None:
        while time.monotonic() < ends_at and await asyncio.to_thread(_left, cast):
            worker = await asyncio.to_thread(_worker, cast)
            shift = await asyncio.to_thread(_closing, partial(Shift, cast.task, worker))
            await shift.run()

    async def sweep(ends_at: float) -> None:
        while await asyncio.to_thread(_left, cast):
            assert time.monotonic() < ends_at, f"after {limit_s} s items are still open"
            await asyncio.to_thread(_closing, look)
            await asyncio.sleep(0.1)

    async def all_of_it() -> None:
        ends_at = time.monotonic() + limit_s
        await asyncio.gather(sweep(ends_at), *(pump(ends_at) for _ in range(pumps)))

    asyncio.run(all_of_it())


def _closing(act: Callable[[], Any]) -> Any:
    try:
        return act()
    finally:
        connections.close_all()


def _left(cast: casts.Company) -> bool:
    return bool(_closing(lambda: Item.objects.filter(task=cast.task, state__in=OPEN).exists()))


def _worker(cast: casts.Company) -> Worker:
    found = _closing(lambda: Worker.objects.filter(task=cast.task, retired_at=None).order_by("rung").first())
    assert isinstance(found, Worker)
    return found
