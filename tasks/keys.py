"""Which key a worker calls with, and threads that leave no connection behind."""

import os
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import connections

from slider.models import Worker, fitting

P = ParamSpec("P")
T = TypeVar("T")


def key_of(worker: Worker) -> str:
    """The key this worker calls with. The installation's own never goes to another address than the installation's."""
    if worker.key_name:
        return os.environ.get(worker.key_name, "")
    return "" if worker.base_url else str(settings.ENV.OPENAI_API_KEY)


def only_public(worker: Worker) -> bool:
    """Whether this worker's endpoint has to be on the public internet: neither the installation's nor allowed."""
    return not fitting.is_trusted(worker.base_url)


def then_close(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something in the database from a thread that is not ours, and close the connection that it opened."""
    try:
        return act(*args, **kwargs)
    finally:
        connections.close_all()
