"""The work stage's machine: a hint starts a shift of the pump on the task whose turn it is."""

import asyncio
import gc
from typing import Any

from celery.signals import worker_process_init, worker_shutting_down
from django.db import connections

from slider.celery import app
from slider.flow import crew, wake
from slider.models import Worker
from tasks import presence, pump
from tasks.patience import patiently
from tasks.shift import Shift
from tasks.threads import Threads

JOIN_S = 10.0


@app.task(name="tasks.work.work")
def work(task_id: int) -> int:  # noqa: ARG001
    """A hint that some task may have ready items. Whose turn it is stands in the database; perhaps it is nobody's."""
    threads = Threads()
    try:
        post = threads.do("claim", lambda: patiently(_joined, limit_s=JOIN_S))
        return 0 if post is None else _shift(post, threads)
    finally:
        threads.leave()


def _joined() -> crew.Post | None:
    return crew.join(presence.myself(), host=presence.HOST)


def _shift(post: crew.Post, threads: Threads) -> int:
    shift: Shift | None = None

    def begin() -> Shift | None:
        # In one statement: a worker's version belongs to the rules that its task had when it was made.
        live = Worker.objects.select_related("task").filter(task_id=post.task_id, retired_at=None)
        worker = live.order_by("rung").first()
        if worker is None:
            return None
        shift = Shift(worker.task, worker, post=post, seats=crew.deal(post, in_flight=worker.in_flight, uses=0))
        shift.look()
        return shift

    try:
        shift = threads.do("claim", begin)
        if post.more:
            wake.hint("work", post.task_id)
        return 0 if shift is None else asyncio.run(shift.run(threads))
    finally:
        threads.do("claim", lambda: patiently(lambda: _left(post, shift), limit_s=JOIN_S))


def _left(post: crew.Post, shift: Shift | None) -> None:
    if shift is not None:
        shift.leave()
    crew.leave(post, rests=shift is not None and shift.rests)


@worker_shutting_down.connect
def _stop(**_: Any) -> None:
    pump.ask_to_stop()


@worker_process_init.connect
def _fresh_connections(**_: Any) -> None:
    """A forked child must not share its parent's connection."""
    connections.close_all()


@worker_process_init.connect
def _rare_collections(**_: Any) -> None:
    """All that is loaded by now stays: the collector need not look through it again after every few hundred answers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
