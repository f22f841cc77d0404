"""How many items a task routed in an hour, by why and by rank: what the slider page sums, so that it scans nothing."""

from django.db import models

from slider.models.task import Task


class Tally(models.Model):
    """The database counts these itself, in the transaction that adds the decisions: no way of routing can forget it.

    Only routing makes decisions, and it holds the task's gauge meanwhile: two counts of one task never meet.
    """

    task = models.ForeignKey(Task, models.CASCADE, related_name="+")
    hour = models.DateTimeField(help_text="When the hour began.")
    why = models.CharField(max_length=20, help_text="As it stands on the decisions.")
    bin = models.SmallIntegerField(help_text="The cut of the grid that the ranks fall under; -1: not ranked.")
    items = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["task", "hour", "why", "bin"], name="one_tally_a_cell"),)

    def __str__(self) -> str:
        return f"{self.items} {self.why} in the hour from {self.hour:%Y-%m-%d %H:%M}"
