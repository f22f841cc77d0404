"""An event as it is sent: its type, its moment, and what it tells."""

from datetime import datetime
from typing import Any

from slider import strict
from slider.models.endpoint import told_at


def sealed(kind: str, at: datetime, told: dict[str, Any]) -> bytes:
    """The bytes of an event: the same for the same event, at every try."""
    return strict.canonical({"type": str(kind), "timestamp": told_at(at), "data": told})
