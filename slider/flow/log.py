"""What is done by nobody's row is written into the log here; and a session says whom it acts for."""

import json
from collections.abc import Mapping
from typing import Any

import structlog
from django.db import Error, connection

from slider.models import Kind

log = structlog.get_logger(__name__)

WEB = "web"
PROGRAM = "program"
"""What a session of Slider's own says of itself until it acts for somebody; see `settings.py`."""


def write(
    kind: Kind, *, by: int | None, facts: Mapping[str, Any], project_id: int | None = None, task_id: int | None = None
) -> None:
    """Add an entry in the transaction that runs, for what changes no row that the log tells of by itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT slider_log_write(%s, %s, %s, %s, %s::jsonb, NULL)",
            [str(kind), project_id, task_id, by, json.dumps(facts)],
        )


def act(*, by: int | None, via: str) -> None:
    """From now on this session acts for a person or a key, and the log says so, until `rest`."""
    _say("" if by is None else str(by), via)


def rest() -> None:
    """This session acts for nobody any more."""
    if connection.connection is not None and not connection.connection.closed:
        _say("", PROGRAM)


def _say(by: str, via: str) -> None:
    """Tell the session. A connection that can't be told is closed: it must not act for somebody else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('slider.by', %s, false), set_config('slider.via', %s, false)", [by, via])
    except Error as error:
        log.warning("a session could not be told whom it acts for: closed", error=str(error).strip()[:200])
        connection.close()
