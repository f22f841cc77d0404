"""PostgreSQL away is no reason to lose an answer that was paid for: retry until it is back."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.db import DatabaseError, InterfaceError, connections
from psycopg.errors import IdleInTransactionSessionTimeout

from slider.queries import health

log = structlog.get_logger(__name__)
T = TypeVar("T")
FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 2.0
FROZEN_MOST = 3  # a transaction that idles more often is not frozen by chance: it does too much between statements


def patiently(act: Callable[[], T], *, limit_s: float) -> T:
    """Run `act`, and again with a new connection while PostgreSQL can't answer, for at most `limit_s` seconds.

    `act` must be safe to run twice: after a lost connection nobody knows whether its commit arrived.
    """
    ends_at = time.monotonic() + limit_s
    wait, idled = FIRST_WAIT_S, 0
    while True:
        try:
            return act()
        except (DatabaseError, InterfaceError) as error:
            idled += isinstance(error.__cause__, IdleInTransactionSessionTimeout)
            if not health.broke_off(error) or idled > FROZEN_MOST or time.monotonic() + wait > ends_at:
                raise
            log.warning("postgresql did not answer, trying again", error=str(error).strip()[:200], wait_s=wait)
            connections["default"].close()
            time.sleep(wait)
            wait = min(LONGEST_WAIT_S, wait * 2)
