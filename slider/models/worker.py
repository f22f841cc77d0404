"""A profile of a model, a prompt and parameters; its content is frozen, an edit adds a version."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Now

from slider.models.states import FallbackOn
from slider.models.task import Task


class Worker(models.Model):
    task = models.ForeignKey(Task, models.PROTECT, related_name="workers")
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    rung = models.PositiveSmallIntegerField(default=1, help_text="Its place on the task's ladder.")
    retired_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    trouble = models.CharField(max_length=300, blank=True, help_text="What keeps it from working now.")

    base_url = models.CharField(max_length=400, blank=True, help_text="Empty: the installation's endpoint.")
    key_name = models.CharField(
        max_length=60,
        blank=True,
        validators=[RegexValidator(r"^SLIDER_KEY_[A-Z0-9_]+$", "Name a variable that starts with SLIDER_KEY_.")],
        help_text="The environment variable that holds the key. Empty: the installation's key.",
    )
    model = models.CharField(max_length=120, validators=[RegexValidator(r"^[\w./:@+-]+$", "That is no model name.")])
    instructions = models.TextField(max_length=60_000)
    examples = models.JSONField(default=list, blank=True, help_text='[{"input": …, "output": …}, …]')
    temperature = models.FloatField(default=0.0, validators=[MinValueValidator(0), MaxValueValidator(2)])
    samples = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1), MaxValueValidator(16)])
    ask_confidence = models.BooleanField(default=False)
    logprobs = models.BooleanField(default=True)
    max_tokens = models.PositiveIntegerField(default=1000, validators=[MinValueValidator(1), MaxValueValidator(64_000)])
    timeout_s = models.FloatField(default=60, validators=[MinValueValidator(1), MaxValueValidator(600)])

    in_flight = models.PositiveSmallIntegerField(default=16, validators=[MinValueValidator(1), MaxValueValidator(2000)])
    requests_per_min = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    tokens_per_min = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    daily_budget = models.DecimalField(
        max_digits=10, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    price_in = models.DecimalField(
        max_digits=10,
        decimal_places=4,
        null=True,
        blank=True,
        help_text="Money a million tokens. Empty: looked up.",
        validators=[MinValueValidator(0)],
    )
    price_out = models.DecimalField(
        max_digits=10, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )

    hedge = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether a call that takes unusually long is sent a second time: at most one in twenty.",
    )
    batch = models.BooleanField(
        default=False, db_default=False, help_text="Whether items are sent as batches, for half the price within a day."
    )
    fallback_on = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="When the worker of the next rung is asked in its place: names of FallbackOn.",
    )
    fallback_after_s = models.PositiveIntegerField(
        default=30,
        db_default=30,
        validators=[MaxValueValidator(86_400)],
        help_text="So long an endpoint has not answered before the fallback is asked.",
    )

    class Meta:
        ordering = ("rung", "-version")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(fallback_on__contained_by=FallbackOn.values), name="worker_fallback_on"
            ),
            models.UniqueConstraint(fields=["task", "name", "version"], name="one_worker_a_version"),
            models.UniqueConstraint(
                fields=["task", "rung"], condition=models.Q(retired_at=None), name="one_worker_a_rung"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Spend(models.Model):
    """What a worker's calls of one day have cost, over all its versions' attempts."""

    worker = models.ForeignKey(Worker, models.CASCADE, related_name="spends")
    day = models.DateField()
    calls = models.PositiveIntegerField(default=0)
    tokens_in = models.BigIntegerField(default=0)
    tokens_out = models.BigIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0))

    class Meta:
        constraints = (models.UniqueConstraint(fields=["worker", "day"], name="one_spend_a_day"),)

    def __str__(self) -> str:
        return f"{self.cost} on {self.day}"
