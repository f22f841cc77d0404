"""The answer to a call that named an Idempotency-Key, kept for a day: sent again, the call is not made again."""

from django.db import models
from django.db.models.functions import Now

from slider.models.project import ApiKey

KEPT_H = 24


class Answered(models.Model):
    """One call and its answer. What an answer shows only once, such as a new key, is not in it."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="+")
    name = models.CharField(max_length=255, help_text="What the caller named the call.")
    asked = models.BinaryField(max_length=32, help_text="SHA-256 of its method, address and body.")
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["key", "name"], name="one_answer_a_call"),)
        indexes = (models.Index(fields=["created_at"], name="answered_by_age"),)

    def __str__(self) -> str:
        return f"{self.status} to {self.name}"
