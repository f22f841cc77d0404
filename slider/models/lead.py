"""What a lead answers for: claims that ended without a verdict, and spells in which more waited than people carry."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.review import Review
from slider.models.states import Overflow
from slider.models.task import Task


class Freed(models.Model):
    """A claim that ended without a verdict: its lease ran out, or a lead released it. Rows are never edited."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="freed")
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    token = models.BigIntegerField(help_text="The claim that ended.")
    taken_at = models.DateTimeField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", help_text="Empty: its lease ran out."
    )
    words = models.CharField(max_length=250, blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            # A page that wakes takes up a claim whose lease ran out; a lead may release it then.
            models.UniqueConstraint(
                fields=["review", "token"], condition=models.Q(by=None), name="one_end_of_a_lease_a_claim"
            ),
            models.UniqueConstraint(
                fields=["review", "token"], condition=models.Q(by__isnull=False), name="one_release_a_claim"
            ),
            models.CheckConstraint(
                condition=models.Q(by=None, words="") | (models.Q(by__isnull=False) & ~models.Q(words="")),
                name="freed_by_a_lead_says_why",
            ),
        )

    def __str__(self) -> str:
        return f"claim {self.token} of {self.review_id}"


class Spell(models.Model):
    """A time in which more waited than a day's staffed hours carry, and what gave way meanwhile."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="spells")
    policy = models.CharField(max_length=7, choices=Overflow)
    waiting = models.PositiveIntegerField(help_text="Looks that were owed when it began.")
    hours = models.FloatField(help_text="What they take, when it began.")
    staffed_hours = models.FloatField()
    extra_h = models.PositiveSmallIntegerField(default=0, help_text="The most by which due times were extended.")
    began_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-began_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["task"], condition=models.Q(ended_at=None), name="one_spell_of_overflow_a_task"
            ),
            models.CheckConstraint(condition=models.Q(policy__in=Overflow.values), name="spell_policy"),
            models.CheckConstraint(
                condition=models.Q(policy=Overflow.STRETCH) | models.Q(extra_h=0), name="spell_stretches_by_policy"
            ),
        )

    def __str__(self) -> str:
        return f"{self.policy} since {self.began_at:%Y-%m-%d %H:%M}"

    @property
    def words(self) -> str:
        """What waits and what gives way, in a sentence."""
        over = (
            f"{self.waiting:,} looks waited, about {self.hours:,.1f} hours of work, "
            f"where {self.staffed_hours:g} a day are staffed"
        )
        if self.policy == Overflow.STRETCH and self.extra_h:
            return f"{over}: due times are extended by {self.extra_h} hours."
        if self.policy == Overflow.FEWER:
            return f"{over}: audits are drawn at the floor, unless the guard suspects something."
        return f"{over}: items wait, and nothing else changes."
