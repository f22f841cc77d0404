"""The Celery application: messages are hints, carry nothing that matters, and may be lost."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu import Queue

from slider import hints

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slider.settings")

QUEUES = {
    "work": "Pumps, which hold a process for a whole shift, so that nothing else waits behind a model.",
    "sweep": "The search for work that a lost hint left behind: short, every second, never queued behind the rest.",
    "intake": "Files in and out, which take minutes and may wait for each other; and the archive, which waits too.",
    "publish": "Webhooks, which wait for other people's servers.",
    "guard": "The guard of the sliders, whose silence sends everything to people.",
}
SWEEP_EVERY_S = 1.0
GUARD_EVERY_S = 10.0
LETTERS_EVERY_S = 5.0
ARCHIVE_EVERY_S = 10.0
RETAINING_EVERY_S = 10.0
BATCHES_EVERY_S = 10.0


def broker(redis_url: str) -> str:
    """The broker's address as kombu writes it: a socket's scheme is `redis+socket`, its database `virtual_host`."""
    if redis_url.startswith("unix://"):
        return "redis+socket://" + redis_url.removeprefix("unix://").replace("?db=", "?virtual_host=")
    return redis_url


os.environ.setdefault("CELERY_SKIP_CHECKS", "1")  # the fleet asks its own, which leave out the pages (`tasks`)
hints.install()
app = Celery("slider")


@setup_logging.connect
def _keep_our_logs(**_: Any) -> None:
    """Celery would replace the product's own log settings."""


@app.add_defaults
def _configuration() -> dict[str, Any]:
    """Read when it is first asked for: a process whose first act is a hint has no Django settings before."""
    from django.conf import settings

    return {
        "broker_url": broker(settings.REDIS_URL),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # With the broker away a hint is dropped within milliseconds; the next sweep sends it again.
        "broker_transport_options": {
            "max_retries": 0,
            "socket_timeout": 5,
            "socket_connect_timeout": 1,
            # What is handled is known to the worker alone. Kept in Redis, too, it could not be taken off the list while
            # Redis is away, and a worker that may hold one hint would for ever wait to be rid of it before the next.
            "ack_emulation": False,
        },
        "task_acks_late": True,
        "task_reject_on_worker_lost": False,
        "worker_prefetch_multiplier": 1,
        "worker_soft_shutdown_timeout": 20.0,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_max_memory_per_child": 400_000,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_queues": [Queue(name) for name in QUEUES],
        "task_default_queue": "sweep",
        "task_create_missing_queues": False,
        # Whoever can write to Redis could stop every worker by it; the fleet page asks PostgreSQL who is there.
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "imports": [
            f"tasks.{name}"
            for name in (
                "work",
                "news",
                "sweep",
                "intake",
                "export",
                "publish",
                "guard",
                "letters",
                "batches",
                "archive",
                "retaining",
            )
        ],
        "task_routes": {
            "tasks.work.*": "work",
            "tasks.sweep.*": "sweep",
            "tasks.intake.*": "intake",
            "tasks.export.*": "intake",
            "tasks.publish.*": "publish",
            "tasks.guard.*": "guard",
            "tasks.letters.*": "publish",
            "tasks.archive.*": "intake",
            "tasks.retaining.*": "intake",
            "tasks.batches.*": "intake",
        },
        "beat_schedule": {
            "sweep": {
                "task": "tasks.sweep.sweep",
                "schedule": SWEEP_EVERY_S,
                "options": {"expires": 5 * SWEEP_EVERY_S},
            },
            "guard": {
                "task": "tasks.guard.guard",
                "schedule": GUARD_EVERY_S,
                "options": {"expires": 2 * GUARD_EVERY_S},
            },
            "letters": {
                "task": "tasks.letters.letters",
                "schedule": LETTERS_EVERY_S,
                "options": {"expires": LETTERS_EVERY_S},
            },
            "archive": {
                "task": "tasks.archive.archive",
                "schedule": ARCHIVE_EVERY_S,
                "options": {"expires": ARCHIVE_EVERY_S},
            },
            "retaining": {
                "task": "tasks.retaining.retaining",
                "schedule": RETAINING_EVERY_S,
                "options": {"expires": RETAINING_EVERY_S},
            },
            "batches": {
                "task": "tasks.batches.batches",
                "schedule": BATCHES_EVERY_S,
                "options": {"expires": BATCHES_EVERY_S},
            },
        },
    }
