"""A kind of work with one slider."""

import math
import os
from collections.abc import Mapping

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now

from slider.engine.sanity.names import Sentinel
from slider.models import hard_rules, reasons, redacting, skills
from slider.models.project import Project
from slider.models.states import Overflow


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
    overflow = models.CharField(
        max_length=7,
        choices=Overflow,
        default=Overflow.HOLD,
        db_default=Overflow.HOLD,
        help_text="What gives way when more waits than a day's reviewer hours carry. Never the share.",
    )
    stretched_h = models.PositiveSmallIntegerField(
        db_default=0, default=0, editable=False, help_text="So many hours later a look is due, by the overflow policy."
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
    hidden_rate = models.FloatField(
        default=0.0,
        db_default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(0.5)],
        help_text="The share of looks at which the person answers before they see the draft. 0: none.",
    )
    practice_looks = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        validators=[MaxValueValidator(100)],
        help_text="So many known answers are practised on before the first live item. 0: none.",
    )
    practice_right = models.FloatField(
        default=0.8,
        db_default=0.8,
        validators=[MinValueValidator(0.5), MaxValueValidator(1.0)],
        help_text="The share of the last so many that has to be right.",
    )
    looks = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
        help_text="So many people look at an item that waits for people, each without the others.",
    )
    skills = models.JSONField(
        default=list, blank=True, validators=[skills.check], help_text="What a person must know to look at its items."
    )
    skill_field = models.CharField(
        max_length=80, blank=True, help_text="A field of an item whose value names one more skill that it takes."
    )
    stake_field = models.CharField(
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text="The field of an item, a number, that says how much is at stake. Empty: all items alike.",
    )
    answer_within_h = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.05), MaxValueValidator(2000)],
        help_text="An item without a due time of its own is due so many hours after it came. Empty: not said.",
    )
    overtaken_h = models.FloatField(
        default=24.0,
        db_default=24.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(720)],
        help_text="So many hours of later looks may go before one that is worth least. 0: first come, first served.",
    )
    pictures = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether reviewers may load pictures that an item or an answer names by their address.",
    )
    undo_s = models.PositiveSmallIntegerField(default=10, validators=[MaxValueValidator(3600)])
    archive_after_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="Items leave the busy tables for the archive so many days after they ended. Empty: never.",
    )
    redaction = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        validators=[redacting.check],
        help_text="What of an item is never sent to a model, or masked: left_out, masked, detect, patterns.",
    )
    contents_days = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
        help_text="What items hold is deleted so many days after they ended; the numbers stay. Empty: never.",
    )
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
            models.CheckConstraint(
                condition=models.Q(
                    hidden_rate__gte=0,
                    hidden_rate__lte=0.5,
                    practice_looks__lte=100,
                    practice_right__gte=0.5,
                    practice_right__lte=1,
                ),
                name="task_practice_and_hidden",
            ),
            models.CheckConstraint(condition=models.Q(looks__gte=1, looks__lte=5), name="task_looks"),
            models.CheckConstraint(
                condition=models.Q(archive_after_days=None) | models.Q(archive_after_days__gte=1), name="task_archive"
            ),
            models.CheckConstraint(
                condition=models.Q(contents_days=None) | models.Q(contents_days__gte=1), name="task_contents_days"
            ),
            models.CheckConstraint(
                condition=skills.is_list("skills"), name="task_skills", violation_error_message=skills.WRONG
            ),
            models.CheckConstraint(
                condition=models.Q(overtaken_h__gte=0, overtaken_h__lte=720)
                & (models.Q(answer_within_h=None) | models.Q(answer_within_h__gt=0, answer_within_h__lte=2000)),
                name="task_order_of_looks",
            ),
            models.CheckConstraint(
                condition=models.Q(overflow=Overflow.STRETCH) | models.Q(overflow__in=Overflow.values, stretched_h=0),
                name="task_overflow",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def due_within_h(self) -> int:
        """Hours until a look is due, with those that the overflow policy adds: never more than twice the setting."""
        return self.judge_within_h + min(self.stretched_h, self.judge_within_h)

    def title(self, body: dict[str, object], fallback: str) -> str:
        """One line that names an item: its title field, else its first text."""
        named = body.get(self.title_field) if self.title_field else None
        text = named or next((value for value in body.values() if isinstance(value, str) and value.strip()), fallback)
        return " ".join(str(text).split())[:120]

    def wants(self, body: Mapping[str, object]) -> list[str] | None:
        """The skills that a look at this item takes; None where it takes none."""
        return skills.wanted(self.skills, body.get(self.skill_field) if self.skill_field else None)

    @property
    def practice_needed(self) -> int:
        """How many of the last `practice_looks` have to be right."""
        return math.ceil(self.practice_right * self.practice_looks - 1e-9)

    @property
    def reason_words(self) -> dict[str, str]:
        """The words of its reasons by their codes, in the order of their keys."""
        return reasons.words(self.reasons)

    def hard_rule(self, body: Mapping[str, object], origin: str = "") -> str:
        """The hard rule that keeps this item with people, in words, or nothing; `origin` says who pushed it."""
        return hard_rules.broken(self.never_unattended, body, origin)
