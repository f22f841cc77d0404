"""The one Django app of the product."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class SliderConfig(AppConfig):
    name = "slider"
    verbose_name = "Slider"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from slider import checks  # noqa: F401  (registers the system checks)
        from slider.flow import sign_ins  # noqa: F401  (hears who signs in)

        pre_migrate.connect(_take_time, sender=self)
        post_migrate.connect(_be_quick_again, sender=self)


def _take_time(*, using: str, **_: Any) -> None:
    """What bounds a worker or a page breaks no migration off: a table takes its time, and Django idles in between."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '60s'")


def _be_quick_again(*, using: str, **_: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("RESET statement_timeout; RESET idle_in_transaction_session_timeout")
