"""The evidence for an attempt."""

from django.db import models
from django.db.models.functions import Now

from slider.models.attempt import Attempt


class Score(models.Model):
    attempt = models.OneToOneField(Attempt, models.CASCADE, primary_key=True, related_name="score")
    signals = models.JSONField(default=dict, help_text="Signal by name; what the worker did not give is absent.")
    difficulty = models.FloatField(help_text="Ranking score, larger is harder; no answer is hardest.")
    p_correct = models.FloatField(help_text="Calibrated chance that a careful person calls the answer right, 0-1.")
    calibration = models.CharField(max_length=40, help_text="Key of the calibration that made it.")
    sentinels = models.JSONField(
        default=list, help_text="What sentinels found, each with its measure, value and threshold: a veto."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(p_correct__gte=0, p_correct__lte=1), name="score_p_correct"),
        )

    def __str__(self) -> str:
        return f"p_correct {self.p_correct:.3f}"
