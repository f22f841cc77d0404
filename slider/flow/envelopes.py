"""An event as it is sent: its type, its moment, and what it tells."""

from datetime import UTC, datetime
from typing import Any

from slider import strict


def sealed(kind: str, at: datetime, told: dict[str, Any]) -> bytes:
    """The bytes of an event: the same for the same event, at every try."""
    moment = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return strict.canonical({"type": str(kind), "timestamp": moment, "data": told})
