"""What a person answered before they saw the draft."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.review import Review


class OwnAnswer(models.Model):
    """One a look and person, and for good: what they say once they see the draft stands in the look."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="own_answers")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token = models.BigIntegerField(help_text="The claim that it was said under.")
    answer = models.JSONField(null=True, help_text="Null: that no answer can be given.")
    same = models.BooleanField(help_text="Whether it is the draft, field by field.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["review", "by"], name="one_own_answer_a_person"),)

    def __str__(self) -> str:
        return f"{self.by_id} of {self.review_id}, before the draft"
