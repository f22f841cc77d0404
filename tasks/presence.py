"""Each process of the fleet says every two seconds that it lives and what it holds, from a thread of its own."""

import os
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

import structlog
from billiard.process import current_process
from celery.signals import celeryd_after_setup, worker_process_init, worker_process_shutdown
from django.db import DatabaseError, InterfaceError, connections

from slider.flow import presence

log = structlog.get_logger(__name__)
HOST = socket.gethostname()
EVERY_S = 2.0


def myself() -> str:
    """Host and process."""
    return f"{HOST}:{os.getpid()}"


@dataclass(slots=True)
class _Mine:
    """What this process says of itself. The pump writes it and the thread reads it, without a lock: one field."""

    node: str = ""
    queues: str = ""
    carried: tuple[int | None, str, int, int] = (None, "", 0, 0)
    leaving: threading.Event = field(default_factory=threading.Event)


_mine = _Mine()


def carry(*, task_id: int | None = None, profile: str = "", held: int = 0, flying: int = 0) -> None:
    """What this process holds from now on; nothing at all without arguments."""
    _mine.carried = (task_id, profile, held, flying)


def life() -> presence.Life:
    """What this process says of itself right now."""
    task_id, profile, held, flying = _mine.carried
    return presence.Life(HOST, os.getpid(), _mine.node, _mine.queues, task_id, profile, held, flying)


def _show_until_it_ends() -> None:
    """Show life until this process ends. PostgreSQL away is no reason to stop: the next sign tells of it."""
    while True:
        try:
            presence.show(life())
        except (DatabaseError, InterfaceError) as error:
            log.warning("no sign of life was written", error=str(error).strip()[:200])
            connections.close_all()
        if _mine.leaving.wait(EVERY_S):
            connections.close_all()
            return


@celeryd_after_setup.connect
def _name_node(sender: str = "", instance: Any = None, **_: Any) -> None:
    """Before the children are forked: they inherit which worker they belong to and what it listens to."""
    _mine.node = sender
    if instance is not None:
        _mine.queues = ",".join(sorted(instance.app.amqp.queues.consume_from))


@worker_process_init.connect
def _begin(**_: Any) -> None:
    _mine.leaving = threading.Event()
    threading.Thread(target=_show_until_it_ends, name="presence", daemon=True).start()


@worker_process_shutdown.connect
def _end(**_: Any) -> None:
    """A process that ends in order is not missed."""
    _mine.leaving.set()
    try:
        presence.leave(HOST, os.getpid())
    except (DatabaseError, InterfaceError) as error:
        log.warning("a process could not say that it ends", process=current_process().name, error=str(error)[:200])
    connections.close_all()
