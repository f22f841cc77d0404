"""One pump at work on a task: who it is, its last sign of life, and how many calls it may have in the air."""

from django.db import models
from django.db.models.functions import Now

from slider.models.task import Task


class Pump(models.Model):
    """A process that joined a task. Only `slider.flow.crew` writes it; what ended is kept until the next one joins."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="pumps")
    who = models.CharField(max_length=120, help_text="Host and process.")
    seats = models.PositiveIntegerField(default=0, help_text="Calls that it may have in the air.")
    fallback_seats = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Calls that it may have in the air at the fallback's endpoint."
    )
    began_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now(), help_text="Its last sign of life.")
    ended_at = models.DateTimeField(null=True)
    rests_until = models.DateTimeField(null=True, help_text="Its limits let nothing begin: look again then.")

    class Meta:
        indexes = (models.Index(fields=["task", "id"], name="pump_by_task"),)

    def __str__(self) -> str:
        return f"{self.who} at task {self.task_id}"
