"""News from PostgreSQL: who adds items says so in the same transaction, and who listens hears it in milliseconds.

Nobody depends on it. What is not heard, behind a pooler that forwards no notifications or in a moment without a
connection, is found by the next look: a pump's own five times a second, or the sweep's.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from celery.signals import worker_ready, worker_shutting_down
from django.db import connection
from psycopg import sql

from slider.flow import crew, wake

log = structlog.get_logger(__name__)
RETRY_S = 1.0
FIRST_S = 0.1  # a pump that has just joined claims first
LEADER_S = 5.0  # so often those that don't listen look whether they should
HINT_EVERY_S = 0.1  # one task
_LEADER = 7_313  # the advisory lock's own number space
_LISTEN = sql.SQL("LISTEN {}").format(sql.Identifier(crew.CHANNEL))


def parameters() -> dict[str, Any]:
    """What the driver needs for a connection of its own, as Django connects."""
    ours = connection.get_connection_params()
    return {name: value for name, value in ours.items() if name not in ("cursor_factory", "context")}


async def hear(heard: Callable[[str], None]) -> None:
    """Listen until cancelled; `heard` is called with each piece of news. Nothing but cancellation is raised."""
    await asyncio.sleep(FIRST_S)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(**parameters(), autocommit=True) as listening:
                await listening.execute(_LISTEN)
                async for news in listening.notifies():
                    heard(news.payload)
        except psycopg.Error as error:
            log.debug("no news for now", error=str(error).strip()[:200])
        await asyncio.sleep(RETRY_S)


class Bell(threading.Thread):
    """Rings for a task that has got items and has no pump: a thread of a worker's main process, one of all listens."""

    def __init__(self, params: dict[str, Any], *, ring: Callable[[int], object]) -> None:
        super().__init__(name="bell", daemon=True)
        self._params = params
        self._ring = ring
        self._stopping = threading.Event()
        self._rang: dict[int, float] = {}

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.is_set():
            wait_s = RETRY_S
            try:
                with psycopg.connect(**self._params, autocommit=True) as listening:
                    wait_s = self._listen(listening)
            except psycopg.Error as error:
                log.info("the bell hears nothing for now: the sweep finds what is new", error=str(error).strip()[:200])
            self._stopping.wait(wait_s)

    def _listen(self, listening: "psycopg.Connection[tuple[Any, ...]]") -> float:
        """Listen until the worker stops; seconds until the next try, when another worker's bell is listening."""
        row = listening.execute("SELECT pg_try_advisory_lock(%s, 0)", [_LEADER]).fetchone()
        if row is None or not row[0]:
            return LEADER_S
        listening.execute(_LISTEN)
        while not self._stopping.is_set():
            # All of it, before the connection is asked anything: it is locked until the last piece is taken.
            heard = {news.payload for news in listening.notifies(timeout=1.0, stop_after=1)}
            if fresh := self._fresh({int(said) for said in heard if said.isdecimal()}):
                for task_id in crew.without_pump(listening, fresh):
                    self._rang[task_id] = time.monotonic()
                    self._ring(task_id)
        return 0.0

    def _fresh(self, tasks: set[int]) -> list[int]:
        now = time.monotonic()
        self._rang = {task_id: at for task_id, at in self._rang.items() if now - at < HINT_EVERY_S}
        return [task_id for task_id in tasks if task_id not in self._rang]


_bells: list[Bell] = []


@worker_ready.connect
def _hang_up(sender: Any, **_: Any) -> None:
    """Every worker that pumps has a bell."""
    if "work" in sender.app.amqp.queues.consume_from:
        bell = Bell(parameters(), ring=lambda task_id: wake.hint("work", task_id))
        _bells.append(bell)
        bell.start()


@worker_shutting_down.connect
def _take_down(**_: Any) -> None:
    for bell in _bells:
        bell.stop()
