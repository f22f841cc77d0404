"""Practice: what people said of known answers where nothing is at stake, and who may begin with a task's live items."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.item import Item
from slider.models.states import Verdict
from slider.models.task import Task


class Let(models.TextChoices):
    """Why somebody may begin with live items of a task that asks for practice."""

    PASSED = "passed", "practised enough"
    BEFORE = "before", "reviewed here before practice was asked for"
    FEW = "few", "began while there were too few known answers to practise on"
    LEAD = "lead", "let in by a lead"


class Practice(models.Model):
    """One answer of one person to one known answer, in practice. Rows are never edited; no live look knows of them."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, models.CASCADE, related_name="practised")
    turn = models.PositiveIntegerField(help_text="1 is the first time that this person practised on this item.")
    verdict = models.CharField(max_length=6, choices=Verdict)
    answer = models.JSONField(null=True, help_text="What they would have let out; null after a rejection.")
    reason = models.CharField(max_length=40, blank=True)
    draft_right = models.BooleanField(help_text="What was known of the draft then.")
    right = models.BooleanField(help_text="Whether they called the draft right when it was, and wrong when it was.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["item", "person", "turn"], name="one_practice_a_turn"),
            models.CheckConstraint(condition=models.Q(verdict__in=Verdict.values), name="practice_verdict"),
            models.CheckConstraint(condition=models.Q(turn__gte=1), name="practice_turn"),
            models.CheckConstraint(
                condition=models.Q(right=True, draft_right=True, verdict=Verdict.ACCEPT)
                | models.Q(right=False, draft_right=False, verdict=Verdict.ACCEPT)
                | models.Q(right=False, draft_right=True) & ~models.Q(verdict=Verdict.ACCEPT)
                | models.Q(right=True, draft_right=False) & ~models.Q(verdict=Verdict.ACCEPT),
                name="practice_right",
            ),
        )
        indexes = (models.Index(fields=["task", "person", "-id"], name="practice_newest"),)

    def __str__(self) -> str:
        return f"{self.person_id} practised on #{self.item_id}"


class Admission(models.Model):
    """Somebody may begin with a task's live items from then on. One a person and task, and for good."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    why = models.CharField(max_length=6, choices=Let)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["person", "task"], name="one_admission_a_person"),
            models.CheckConstraint(
                condition=models.Q(why=Let.LEAD, by__isnull=False)
                | models.Q(why__in=[Let.PASSED, Let.BEFORE, Let.FEW], by=None),
                name="admission_why",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person_id} may review {self.task_id}"
