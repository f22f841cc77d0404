"""The keys that a person has given to what the desk does."""

from django.conf import settings
from django.db import models

from slider.models import hotkeys


class OwnKeys(models.Model):
    """Only what differs from the table is kept: whoever changed one key gets new ones as everybody does."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="own_keys")
    keys = models.JSONField(default=dict, blank=True, help_text='{"a": "q", "d": ""}: a letter, or empty for none.')
    off = models.BooleanField(default=False, help_text="No single key does anything; buttons and Ctrl+Enter do.")

    class Meta:
        verbose_name_plural = "own keys"

    def __str__(self) -> str:
        return f"keys of {self.user_id}"

    @property
    def by_deed(self) -> dict[str, str]:
        """The key of each deed, empty where it has none."""
        return {name: hotkeys.OFF if self.off else key for name, key in hotkeys.of(self.keys).items()}
