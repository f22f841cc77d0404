"""How many statements PostgreSQL is asked: it writes a share of them, drawn by chance, to its own log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

SHARE = 0.05
_SAID = (b" ms  statement: ", b" ms  execute ")  # parsing and binding have lines of their own


@contextmanager
def sampled(log: Path) -> Iterator[Callable[[], int]]:
    """What is given says how many statements all sessions have asked since. The role must be a superuser's."""
    began = log.stat().st_size
    _set("log_min_duration_sample = 0", f"log_statement_sample_rate = {SHARE}")

    def count() -> int:
        with log.open("rb") as lines:
            lines.seek(began)
            return round(sum(any(said in line for said in _SAID) for line in lines) / SHARE)

    try:
        yield count
    finally:
        _set("log_min_duration_sample = -1")


def _set(*settings: str) -> None:
    with connection.cursor() as cursor:
        for setting in settings:
            cursor.execute(f"ALTER SYSTEM SET {setting}")
        cursor.execute("SELECT pg_reload_conf()")
