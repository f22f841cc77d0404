"""The archive's machine: old items leave the busy tables, a bounded piece at a time."""

from slider.celery import app
from slider.flow import archive as hand

LIMIT_S = 2.0


@app.task(name="tasks.archive.archive")
def archive() -> int:
    """Archive what is old enough; returns how many items. Any number of these at once is harmless."""
    return hand.sweep(limit_s=LIMIT_S)
