"""Retention's machine: what items hold is deleted when a task's rule says so, a bounded piece at a time."""

from slider.celery import app
from slider.flow import retaining as hand

LIMIT_S = 2.0


@app.task(name="tasks.retaining.retaining")
def retaining() -> int:
    """Delete what is old enough; returns of how many items. Any number of these at once is harmless."""
    return hand.sweep(limit_s=LIMIT_S)
