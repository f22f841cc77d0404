"""The one Django app of the product."""

from django.apps import AppConfig


class SliderConfig(AppConfig):
    name = "slider"
    verbose_name = "Slider"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from slider import checks  # noqa: F401  (registers the system checks)
        from slider.flow import sign_ins  # noqa: F401  (hears who signs in)
