"""What a person said of a field or of a stretch of text, beside their verdict on the whole."""

from typing import Any

from django.db import models

from slider import strict
from slider.models.review import Review

MOST = 1000  # of one review; the number of a mark is held below it by the database
LONGEST_PATH = 500


class MarkKind(models.TextChoices):
    RIGHT = "right", "right"
    WRONG = "wrong", "wrong"
    FIXED = "fixed", "fixed"
    SPAN = "span", "passage"


class MarkSide(models.TextChoices):
    SOURCE = "source", "what came in"
    ANSWER = "answer", "the worker's answer"


class Mark(models.Model):
    """A field that is right, wrong or fixed, or a passage: characters `start` up to, not including, `end`.

    `path` is a JSON pointer into the item as it came in, or into the worker's answer; both are written once, so a
    passage means for ever what it meant. Characters are Unicode code points of the stored text.
    """

    review = models.ForeignKey(Review, models.CASCADE, related_name="marks")
    number = models.PositiveSmallIntegerField(help_text="Its place among the marks of its review, from 1.")
    side = models.CharField(max_length=6, choices=MarkSide)
    path = models.CharField(max_length=LONGEST_PATH, blank=True, help_text="JSON pointer; empty: the whole.")
    kind = models.CharField(max_length=5, choices=MarkKind)
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    reason = models.CharField(max_length=40, blank=True, help_text="The code of one of the task's reasons.")

    class Meta:
        ordering = ("review", "number")
        constraints = (
            models.UniqueConstraint(fields=["review", "number"], name="one_mark_a_number"),
            models.UniqueConstraint(
                fields=["review", "path"], condition=~models.Q(kind=MarkKind.SPAN), name="one_mark_a_field"
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1, number__lte=MOST), name="mark_number"),
            models.CheckConstraint(condition=models.Q(side__in=MarkSide.values), name="mark_side"),
            models.CheckConstraint(condition=models.Q(kind__in=MarkKind.values), name="mark_kind"),
            models.CheckConstraint(
                condition=models.Q(kind=MarkKind.SPAN, start__isnull=False, end__isnull=False)
                & models.Q(start__gte=0, end__gt=models.F("start"))
                & ~models.Q(reason="")
                | ~models.Q(kind=MarkKind.SPAN) & models.Q(side=MarkSide.ANSWER, start=None, end=None),
                name="mark_span_or_field",
            ),
            models.CheckConstraint(condition=~models.Q(kind=MarkKind.RIGHT) | models.Q(reason=""), name="mark_right"),
        )

    def quote(self, whole: Any) -> str:
        """The passage, out of the item or the answer that it points into; empty for a field."""
        if self.kind != MarkKind.SPAN:
            return ""
        text = strict.follow(whole, self.path)
        return text[self.start : self.end] if isinstance(text, str) else ""

    def __str__(self) -> str:
        return f"{self.kind} at {self.path or 'the whole'} of {self.review_id}"
