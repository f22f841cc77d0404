"""What the guard remembers of a task between two looks, the verdicts it has not heard yet, and what it did."""

from django.db import models
from django.db.models.functions import Now

from slider.models.policy import Policy
from slider.models.review import Review
from slider.models.task import Task


class Watch(models.Model):
    """A task's evidence as counters, with the places up to which everything was read. Only the guard writes it.

    Places are those of the routing order (`Decision.seq`): everything before them has been taken in, once.
    """

    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="watch")
    epoch = models.PositiveIntegerField(default=1)
    round = models.BigIntegerField(default=0, help_text="Fences: one more with each look that took something in.")
    state = models.JSONField(default=dict, help_text="The epoch's evidence, as the engine keeps it. Empty: none yet.")
    routed_to = models.BigIntegerField(default=0, help_text="Routed items before this place were taken note of.")
    counted_to = models.BigIntegerField(default=0, help_text="The oldest look that is owed: verdicts before it count.")
    closed_to = models.BigIntegerField(default=0, help_text="The oldest look owed of what closed regions sent away.")
    settled_to = models.BigIntegerField(default=0, help_text="The oldest audit that is owed: the ledger ends here.")
    ledger = models.JSONField(default=dict, help_text="Over all epochs: unattended items, and errors found by rung.")
    ledger_since = models.DateTimeField(db_default=Now())
    fitted_at = models.PositiveIntegerField(default=0, help_text="Verdicts of this epoch at the last fit; 0: none.")
    judged = models.PositiveIntegerField(default=0, help_text="Verdicts that count in this epoch.")
    detectors = models.JSONField(default=list, help_text="The state of each detector, in words.")
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"watch over {self.task_id}, epoch {self.epoch}"


class Unheard(models.Model):
    """A verdict that the guard has not heard yet, in the order of arrival; gone once it has.

    A row of its own for each: a verdict that is committed late is found all the same, and none is heard twice.
    """

    review = models.OneToOneField(Review, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        indexes = (models.Index(fields=["task", "id"], name="unheard_by_task"),)

    def __str__(self) -> str:
        return f"review {self.review_id}, unheard"


class ActKind(models.TextChoices):
    """What the guard did by itself."""

    OPENED = "opened", "opened by evidence"
    PULLED_BACK = "pulled_back", "pulled back"
    ANEW = "anew", "evidence starts anew"
    SUSPICION = "suspicion", "more audits, and a look back"
    LOOK_BACK = "look_back", "a look back"
    QUARANTINE = "quarantine", "put in quarantine"
    CLEARED = "cleared", "cleared"


class Act(models.Model):
    """Something that the guard did by itself, with its numbers. Rows are added, never edited."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="acts")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="acts", help_text="In force after the act.")
    epoch = models.PositiveIntegerField(help_text="The epoch whose evidence spoke.")
    kind = models.CharField(max_length=12, choices=ActKind)
    words = models.CharField(max_length=500)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["task", "-id"], name="act_newest"),)
        constraints = (models.CheckConstraint(condition=models.Q(kind__in=ActKind.values), name="act_kind"),)

    def __str__(self) -> str:
        return f"{self.kind}: {self.words}"
