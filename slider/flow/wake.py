"""Sends a hint, by name: «there may be work in this stage». It carries a key at most, and losing it is harmless."""

import structlog
from kombu.exceptions import OperationalError

from slider.celery import app

log = structlog.get_logger(__name__)
EXPIRES_S = 5.0  # an older hint says nothing that the next sweep would not say again


def hint(stage: str, key: int) -> bool:
    """Hint that `stage` may have work under `key`. False when the broker is away, which nobody needs to mind."""
    try:
        app.send_task(f"tasks.{stage}.{stage}", args=[key], expires=EXPIRES_S, ignore_result=True)
    except (OperationalError, OSError) as error:
        log.warning("hint lost", stage=stage, key=key, error=str(error)[:200])
        return False
    return True
