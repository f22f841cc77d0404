"""What people say of an item beside its looks, counted by nothing: taken back, too late, or after it has left."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.review import Review
from slider.models.states import Verdict

UNDO_DEEP = 10  # so many of their own decisions a person can take back one after the other


class Undone(models.Model):
    """A verdict that its own reviewer took back before it had any effect, as it was said. Rows are never edited."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="undone")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token = models.BigIntegerField(help_text="The claim that it was said under.")
    verdict = models.CharField(max_length=6, choices=Verdict)
    answer = models.JSONField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    note = models.TextField(max_length=5000, blank=True)
    decided_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["review", "token"], name="one_undo_a_claim"),
            models.CheckConstraint(condition=models.Q(verdict__in=Verdict.values), name="undone_verdict"),
        )
        indexes = (models.Index(fields=["by", "-created_at"], name="undone_by_person"),)

    def __str__(self) -> str:
        return f"{self.verdict} of {self.review_id}, taken back"


class SecondOpinion(models.Model):
    """A verdict that came when somebody else had the look or had decided it. Kept, told, and never counted or sent."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="opinions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token = models.BigIntegerField(help_text="The claim that it was said under, which had run out.")
    verdict = models.CharField(max_length=6, choices=Verdict)
    answer = models.JSONField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    note = models.TextField(max_length=5000, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["review", "by", "token"], name="one_opinion_a_claim"),
            models.CheckConstraint(condition=models.Q(verdict__in=Verdict.values), name="opinion_verdict"),
        )

    def __str__(self) -> str:
        return f"{self.verdict} of {self.review_id}, late"


class Correction(models.Model):
    """What a person made of a result that had left already. Each is a row of its own; only taking it back is added."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="corrections")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(help_text="The publication that told it.")
    verdict = models.CharField(max_length=6, choices=Verdict)
    answer = models.JSONField(null=True, help_text="The answer that holds after it; null after a rejection.")
    reason = models.CharField(max_length=40)
    note = models.TextField(max_length=5000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    undo_until = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["item", "number"], condition=models.Q(undone_at=None), name="one_correction_a_number"
            ),
            models.CheckConstraint(
                condition=models.Q(verdict__in=[Verdict.FIX, Verdict.REJECT], number__gte=2), name="correction_verdict"
            ),
        )

    def __str__(self) -> str:
        return f"correction {self.number - 1} of #{self.item_id}"
