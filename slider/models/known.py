"""Known answers: past items whose draft is known to be right or wrong; and a lead's word where two people disagree."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.review import Review
from slider.models.task import Task


class KnownFrom(models.TextChoices):
    AGREED = "agreed", "people agreed, each without the others"
    MARKED = "marked", "a lead marked it"


class Stands(models.TextChoices):
    FIRST = "first", "the first look stands"
    SECOND = "second", "the second look stands"


class Known(models.Model):
    """An item of the past that is put among people's work again to see how well they look."""

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="known")
    task = models.ForeignKey(Task, models.PROTECT, related_name="+")
    draft_right = models.BooleanField(help_text="Whether the worker's draft was right.")
    answer = models.JSONField(null=True, help_text="The right answer; null where the draft was only rejected.")
    source = models.CharField(max_length=6, choices=KnownFrom)
    explanation = models.TextField(max_length=2000, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True, help_text="From then on it counts for nobody, the past included.")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(source=KnownFrom.AGREED, by=None)
                | (models.Q(source=KnownFrom.MARKED, by__isnull=False) & ~models.Q(explanation="")),
                name="known_is_marked_with_a_reason",
            ),
        )
        indexes = (models.Index(fields=["task", "-item"], condition=models.Q(retired_at=None), name="known_in_use"),)

    def __str__(self) -> str:
        return f"known answer of #{self.item_id}"


class Adjudication(models.Model):
    """A lead's word on a second look that disagreed with the first. One a look, and for good."""

    look = models.OneToOneField(Review, models.CASCADE, primary_key=True, related_name="adjudication")
    stands = models.CharField(max_length=6, choices=Stands)
    words = models.TextField(max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(stands__in=Stands.values), name="adjudication_stands"),
            models.CheckConstraint(condition=~models.Q(words=""), name="adjudication_has_a_reason"),
        )

    def __str__(self) -> str:
        return f"word on review {self.look_id}"
