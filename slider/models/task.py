"""A kind of work with one slider."""

import os
from collections.abc import Mapping

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from slider.engine.sanity.names import Sentinel
from slider.models import hard_rules, reasons
from slider.models.project import Project


def _coin_secret() -> bytes:
    return os.urandom(32)


class Task(models.Model):
    """What comes in, what goes out, what is promised about it. The slider itself stands in Policy and Gauge."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="tasks")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    input_schema = models.JSONField(help_text="JSON Schema of an item.")
    output_schema = models.JSONField(help_text="JSON Schema of an answer.")
    title_field = models.CharField(max_length=80, blank=True, help_text="The field of an item shown as its title.")

    error_limit = models.FloatField(
        default=0.03,
        validators=[MinValueValidator(0.001), MaxValueValidator(0.5)],
        help_text="The highest share of wrong answers that may leave unattended.",
    )
    delta = models.FloatField(
        default=0.05,
        validators=[MinValueValidator(0.001), MaxValueValidator(0.5)],
        help_text="How often the promise may fail, over the life of its evidence.",
    )
    audit_floor = models.FloatField(
        default=1 / 16,
        validators=[MinValueValidator(1 / 64), MaxValueValidator(1.0)],
        help_text="The smallest share of the unattended lane that people look at, drawn by chance.",
    )
    never_unattended = models.JSONField(
        default=list,
        blank=True,
        help_text='Hard rules: [{"field": "channel", "equals": "legal"}, {"field": "amount", "at_least": 1000}, …].',
    )
    sentinels_off = models.JSONField(
        default=list, blank=True, help_text="Names of the sentinels that are switched off for this task."
    )
    reasons = models.JSONField(
        default=reasons.default,
        validators=[reasons.check],
        help_text="What may be wrong with an answer: codes with their words, at most nine.",
    )
    coin_secret = models.BinaryField(default=_coin_secret, editable=False)

    max_tries = models.PositiveSmallIntegerField(default=5, validators=[MinValueValidator(1), MaxValueValidator(20)])
    judge_within_h = models.PositiveSmallIntegerField(
        default=72,
        validators=[MinValueValidator(1), MaxValueValidator(2000)],
        help_text="A look that is owed for longer counts as a wrong answer in the evidence, for good.",
    )
    staffed_hours = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.1), MaxValueValidator(10_000)],
        help_text="Hours a day for which reviewers are there for this task. Empty: not said, so nothing warns.",
    )
    known_rate = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="So many known answers are mixed in, for each look that is owed. 0: none.",
    )
    second_rate = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="The share of decided looks that somebody else looks at once more. 0: none.",
    )
    pictures = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether reviewers may load pictures that an item or an answer names by their address.",
    )
    undo_s = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(3600)])
    paused = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["project", "slug"], name="one_task_a_slug"),
            models.CheckConstraint(
                condition=models.Q(error_limit__gt=0, error_limit__lt=1, delta__gt=0, delta__lt=1),
                name="task_limits",
            ),
            models.CheckConstraint(
                condition=models.Q(audit_floor__gte=1 / 64, audit_floor__lte=1), name="task_audit_floor"
            ),
            models.CheckConstraint(
                condition=models.Q(sentinels_off__contained_by=[one.value for one in Sentinel]),
                name="task_sentinels_off",
            ),
            models.CheckConstraint(
                condition=models.Q(staffed_hours=None) | models.Q(staffed_hours__gt=0, staffed_hours__lte=10_000),
                name="task_staffed_hours",
            ),
            models.CheckConstraint(
                condition=models.Q(known_rate__gte=0, known_rate__lte=0.5, second_rate__gte=0, second_rate__lte=1),
                name="task_looks_at_reviewers",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def title(self, body: dict[str, object], fallback: str) -> str:
        """One line that names an item: its title field, else its first text."""
        named = body.get(self.title_field) if self.title_field else None
        text = named or next((value for value in body.values() if isinstance(value, str) and value.strip()), fallback)
        return " ".join(str(text).split())[:120]

    @property
    def reason_words(self) -> dict[str, str]:
        """The words of its reasons by their codes, in the order of their keys."""
        return reasons.words(self.reasons)

    def hard_rule(self, body: Mapping[str, object], origin: str = "") -> str:
        """The hard rule that keeps this item with people, in words, or nothing; `origin` says who pushed it."""
        return hard_rules.broken(self.never_unattended, body, origin)
