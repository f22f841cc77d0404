"""A pump's three threads, each with a connection of its own. A worker's processes keep them from shift to shift.

Connecting takes longer than claiming: an item that meets no pump would wait for it. Elsewhere, as in a test or a shell,
threads and connections end with their shift.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from celery.signals import worker_process_init
from django.db import connections

T = TypeVar("T")
NAMES = ("claim", "write", "beat")
_kept: dict[str, ThreadPoolExecutor] = {}


class Threads:
    """Run something in a thread by its name; leave at the end of a shift."""

    def __init__(self) -> None:
        self.by_name = _kept or _made()

    def do(self, name: str, act: Callable[[], T]) -> T:
        """Do it there and wait for it."""
        return self.by_name[name].submit(act).result()

    def leave(self) -> None:
        """Close what is not kept."""
        if self.by_name is _kept:
            return
        for thread in self.by_name.values():
            thread.submit(connections.close_all).result()
            thread.shutdown()


def _made() -> dict[str, ThreadPoolExecutor]:
    return {name: ThreadPoolExecutor(1, f"pump-{name}") for name in NAMES}


@worker_process_init.connect
def _keep(**_: object) -> None:
    """Threads don't survive a fork: each process makes its own, and lets them connect before the first hint comes."""
    _kept.update(_made())
    for thread in _kept.values():
        thread.submit(lambda: connections["default"].ensure_connection())  # noqa: PLW0108  # in that thread
