"""Where a task's results are sent: set, changed and removed here."""

from dataclasses import dataclass

from django.db import transaction

from slider.models import Endpoint, Task
from slider.webhook import new_secret


@dataclass(frozen=True, slots=True)
class Saved:
    """The endpoint, and its signing secret where it is a new one: it is shown once."""

    endpoint: Endpoint
    new_secret: str


def save(task: Task, *, url: str) -> Saved:
    """Send the task's results to this address from now on, and try again if deliveries were stopped.

    Another address gets another secret: what was told to one receiver must not let it speak for the next.
    """
    with transaction.atomic():
        old = Endpoint.objects.select_for_update().filter(task=task).first()
        if old is not None and old.url == url:
            old.disabled_at, old.disabled_why = None, ""
            old.save(update_fields=["disabled_at", "disabled_why"])
            return Saved(old, "")
        secret = new_secret()
        endpoint, _ = Endpoint.objects.update_or_create(
            task=task, defaults={"url": url, "secret": secret, "disabled_at": None, "disabled_why": ""}
        )
        return Saved(endpoint, secret)


def renew_secret(task: Task) -> Saved | None:
    """Replace the signing secret; None where no endpoint is set."""
    with transaction.atomic():
        endpoint = Endpoint.objects.select_for_update().filter(task=task).first()
        if endpoint is None:
            return None
        endpoint.secret = new_secret()
        endpoint.save(update_fields=["secret"])
        return Saved(endpoint, endpoint.secret)


def remove(task: Task) -> None:
    """Send nothing more: results are kept and can be read by the API."""
    Endpoint.objects.filter(task=task).delete()
