"""The fleet's side of every task: one file a machine stage, plus the sweep. No logic of their own."""

from typing import Any

from celery.signals import worker_init

from slider import checks
from tasks import alive  # noqa: F401  (a step of every worker)


@worker_init.connect
def _refuse_unsafe_start(**_: Any) -> None:
    checks.refuse_unsafe_start(pages=False)
