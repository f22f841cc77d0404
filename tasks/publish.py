"""The publish stage's machine: sends what is due to one endpoint, a bounded piece at a time."""

import time

from slider.celery import app
from slider.flow import publish as stage

LONGEST_S = 20.0  # then other receivers have their turn; a round that has begun ends. The sweep hints again


@app.task(name="tasks.publish.publish")
def publish(key: int) -> int:
    """Deliver what is due to the endpoint `key` now; returns how many tries were made. One process an endpoint."""
    until = time.monotonic() + LONGEST_S
    tried = 0
    with stage.alone(key) as mine:
        while mine and time.monotonic() < until:
            now = stage.deliver(key)
            tried += now
            if not now:
                break
    return tried
