"""The publish stage's machine: sends what one task owes, a bounded piece at a time."""

import time

from slider.celery import app
from slider.flow import publish as stage

LONGEST_S = 20.0  # then other tasks' receivers have their turn; the sweep hints again


@app.task(name="tasks.publish.publish")
def publish(key: int) -> int:
    """Deliver what the task `key` owes now; returns how many tries were made."""
    until = time.monotonic() + LONGEST_S
    tried = 0
    while time.monotonic() < until:
        now = stage.deliver(key)
        tried += now
        if now < stage.AT_ONCE:
            break
    return tried
