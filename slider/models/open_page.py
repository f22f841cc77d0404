"""The last word of an open desk: what such a page asked for before it closed comes too late."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class LastWord(models.Model):
    """A page of the desk that has closed, and how often it had asked by then. Kept for an hour."""

    page = models.CharField(max_length=36)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    asked = models.BigIntegerField(help_text="Requests up to this number of the page give it nothing any more.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "page"], name="one_last_word_a_page"),
            models.CheckConstraint(condition=models.Q(asked__gt=0), name="last_word_of_a_page_that_asked"),
        )

    def __str__(self) -> str:
        return f"{self.page} after {self.asked}"
