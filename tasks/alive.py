"""A worker's sign of life for whoever watches processes: a file that its main loop touches, and nothing else does."""

from pathlib import Path
from typing import Any

from celery import bootsteps
from django.conf import settings

from slider.celery import app

EVERY_S = 5.0


class Alive(bootsteps.StartStopStep):
    """Touches SLIDER_ALIVE_FILE while the main loop turns. A loop that hangs, or that never began, leaves it old."""

    requires = ("celery.worker.components:Timer",)

    def __init__(self, _worker: Any, **_: Any) -> None:
        self._file = Path(settings.ENV.SLIDER_ALIVE_FILE) if settings.ENV.SLIDER_ALIVE_FILE else None

    def start(self, worker: Any) -> None:
        if self._file is None:
            return
        self._file.unlink(missing_ok=True)  # that of a process before says nothing of this one
        worker.timer.call_after(0.1, self._file.touch)
        worker.timer.call_repeatedly(EVERY_S, self._file.touch)

    def stop(self, _worker: Any) -> None:
        if self._file is not None:
            self._file.unlink(missing_ok=True)


app.steps["worker"].add(Alive)
