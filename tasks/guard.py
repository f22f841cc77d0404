"""The guard's machine: look at every task, often; its silence sends everything to people."""

import structlog
from django.db import DatabaseError

from slider.celery import app
from slider.flow import guard as hand
from slider.flow import overflow, presence
from slider.models import Gauge
from slider.queries import load

log = structlog.get_logger(__name__)


@app.task(name="tasks.guard.guard")
def guard() -> int:
    """Tend every task. One that can't be evaluated keeps its old sign of life, so its items go to people in time."""
    tended = 0
    for task_id in Gauge.objects.order_by("pk").values_list("pk", flat=True):
        try:
            waits = load.of(task_id)
            overflow.tend(task_id, waiting=waits.waiting, hours=waits.hours, oldest_h=waits.oldest_h)
            hand.tend(task_id)
        except (DatabaseError, ArithmeticError, ValueError, LookupError) as error:
            log.error(
                "the guard could not evaluate a task",
                task=task_id,
                error=f"{type(error).__name__}: {error}"[:500],
            )
        else:
            tended += 1
    presence.sign("guard")
    return tended
