"""The lane of an item, the audit draw and the known chances: all that led to it, for ever."""

from django.db import models
from django.db.models.functions import Now

from slider.models.attempt import Attempt
from slider.models.item import Item
from slider.models.policy import Policy
from slider.models.states import Lane


class Why(models.TextChoices):
    """Why an item is in its lane."""

    EASY = "easy", "among the easier ones: inside the share in force"
    HARD = "hard", "among the harder ones: outside the share in force"
    RULE = "rule", "a hard rule keeps it with people"
    NO_ANSWER = "no_answer", "the worker gave no usable answer"
    SENTINEL = "sentinel", "a sentinel distrusts the answer"
    STALE = "stale", "the guard was silent: nothing runs unattended then"
    HELD = "held", "the slider is pulled back"
    FALLBACK = "fallback", "a fallback answered, of whom nothing is known yet"
    QUARANTINE = "quarantine", "a stretch of confident answers was found wrong"


class Decision(models.Model):
    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="decision")
    task = models.ForeignKey("slider.Task", models.PROTECT, related_name="+")
    attempt = models.ForeignKey(Attempt, models.PROTECT, null=True, related_name="+")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="decisions")
    seq = models.BigIntegerField(help_text="Its place in the task's routing order.")
    epoch = models.PositiveIntegerField()
    lane = models.CharField(max_length=10, choices=Lane)
    why = models.CharField(max_length=10, choices=Why)
    detail = models.CharField(max_length=300, blank=True)
    p_correct = models.FloatField()
    rank = models.FloatField(null=True, help_text="Share of recent items that were easier, 0-1. Empty: not ranked.")
    bin = models.PositiveSmallIntegerField(null=True, help_text="The cut of the grid that its rank falls under.")
    share = models.FloatField(help_text="The share in force.")
    audit = models.BooleanField(default=False)
    audit_chance = models.FloatField(help_text="Chance of a look, fixed before anything was seen; 1 in people's lane.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=["task", "lane", "-item"], name="decision_by_lane"),
            # The audits in routing order, with all that their weight is made of: the quality page reads no more.
            models.Index(
                fields=["task", "seq"],
                include=["item", "epoch", "audit_chance", "created_at"],
                condition=models.Q(audit=True),
                name="decision_audits",
            ),
            # What a model could not answer: few, and what an operator may send back to it.
            models.Index(fields=["task", "-item"], condition=models.Q(why=Why.NO_ANSWER), name="decision_no_answer"),
        )
        constraints = (
            models.UniqueConstraint(fields=["task", "seq"], name="one_decision_a_place"),
            models.CheckConstraint(condition=models.Q(lane__in=Lane.values), name="decision_lane"),
            models.CheckConstraint(condition=models.Q(why__in=Why.values), name="decision_why"),
            models.CheckConstraint(
                condition=models.Q(audit_chance__gt=0, audit_chance__lte=1), name="decision_audit_chance"
            ),
            models.CheckConstraint(
                condition=models.Q(lane=Lane.PEOPLE) | models.Q(why=Why.EASY),
                name="decision_only_easy_unattended",
            ),
            models.CheckConstraint(
                condition=models.Q(lane=Lane.UNATTENDED) | models.Q(audit=False),
                name="decision_audits_unattended",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lane}: {self.why}"
