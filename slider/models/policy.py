"""A frozen slider setting with its calibration, and the one live row that routing locks."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.task import Task
from slider.models.worker import Worker

_CLOCK_SLACK = timedelta(seconds=5)  # between two machines that answer one another's statements


class Mode(models.TextChoices):
    GUARDED = "guarded", "held by evidence"
    TRIAL = "trial", "on a person's word"


class Maker(models.TextChoices):
    PERSON = "person", "a person"
    GUARD = "guard", "the guard"


class Policy(models.Model):
    """Where the slider stood and why, with all that routing used. Rows are added, never edited."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField()
    requested = models.FloatField(help_text="The share a person asked for, 0-1.")
    allowed = models.FloatField(null=True, help_text="The share that evidence allows, 0-1. Empty: not known yet.")
    effective = models.FloatField(help_text="The share that routing follows, 0-1.")
    mode = models.CharField(max_length=8, choices=Mode)
    held = models.BooleanField(default=False, help_text="Pulled back: everything goes to people.")
    error_limit = models.FloatField()
    delta = models.FloatField()
    audit_chance = models.FloatField(help_text="The chance that an unattended item is audited, 0-1.")
    epoch = models.PositiveIntegerField(default=1, help_text="The evidence's life; a new worker version ends it.")
    worker = models.ForeignKey(Worker, models.PROTECT, null=True, related_name="+")
    calibration = models.JSONField()
    certificate = models.JSONField(default=dict, help_text="Cuts, bounds and counts behind `allowed`.")
    labels = models.PositiveIntegerField(default=0, help_text="Verdicts used.")
    maker = models.CharField(max_length=8, choices=Maker)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=500)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=["task", "number"], name="one_policy_a_number"),
            models.CheckConstraint(
                condition=models.Q(requested__gte=0, requested__lte=1, effective__gte=0, effective__lte=1)
                & (models.Q(allowed=None) | models.Q(allowed__gte=0, allowed__lte=1)),
                name="policy_shares",
            ),
            models.CheckConstraint(
                condition=models.Q(effective__lte=models.F("requested")), name="policy_never_over_the_request"
            ),
            models.CheckConstraint(condition=~models.Q(held=True, effective__gt=0), name="policy_held_is_zero"),
            models.CheckConstraint(
                condition=models.Q(mode=Mode.TRIAL)
                | models.Q(effective=0)
                | models.Q(allowed__isnull=False, effective__lte=models.F("allowed")),
                name="policy_guarded_by_evidence",
            ),
        )

    def __str__(self) -> str:
        return f"policy {self.number}"


class Gauge(models.Model):
    """A task's live routing state: the one row that routing locks, so that a pull-back has no race to lose."""

    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="gauge")
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+")
    track = models.JSONField(default=dict, help_text="Recent ranking scores and the share debt.")
    worths = models.JSONField(
        default=list,
        help_text="Recent looks before results leave: [worth, pressing, seconds to its due time]; null: unknown.",
    )
    routed = models.BigIntegerField(default=0, help_text="Items routed so far: the next one's place in the order.")
    unattended = models.BigIntegerField(default=0, help_text="Items that ran unattended in this epoch.")
    checked_at = models.DateTimeField(db_default=Now(), help_text="The guard's last sign of life.")

    def __str__(self) -> str:
        return f"gauge of {self.task_id}"

    def is_silent(self, now: datetime) -> bool:
        """Whether the guard gave no sign of life in time; `now` is the database's.

        One that lies ahead of the clock is none: a clock that was set back would keep a dead guard alive.
        """
        age = now - self.checked_at
        return not -_CLOCK_SLACK <= age <= timedelta(seconds=settings.ENV.SLIDER_GUARD_TTL_S)

    @classmethod
    def locked(cls, task_id: int) -> "Gauge":
        """The task's gauge, locked until the transaction ends, with the policy and the task as they stand now.

        Read after the lock, not with it: a statement that waited for the lock still joins what stood before.
        """
        cls.objects.select_for_update().values_list("pk").get(pk=task_id)
        return cls.objects.select_related("policy", "task").get(pk=task_id)
