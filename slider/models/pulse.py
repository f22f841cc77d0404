"""What the sentinels remember of a task: one row of bounded size, written with every batch."""

from django.db import models
from django.db.models.functions import Now

from slider.models.task import Task


class Pulse(models.Model):
    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="pulse")
    state = models.JSONField(default=dict, help_text="Profile, habits and meters, as the engine keeps them.")
    canaries = models.JSONField(default=dict, help_text="The last run of planted canaries; empty: none yet.")
    canaries_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"pulse of {self.task_id}"

    @classmethod
    def locked(cls, task_id: int) -> "Pulse":
        """The task's pulse, locked until the transaction ends, with the task as it stands now.

        Made where there is none. Taken after the items' rows and before the gauge, so that nobody who routes waits
        for what is counted here.
        """
        if not cls.objects.select_for_update().filter(pk=task_id).values_list("pk"):
            Pulse.objects.bulk_create([Pulse(task_id=task_id)], ignore_conflicts=True)
            cls.objects.select_for_update().values_list("pk").get(pk=task_id)
        return cls.objects.select_related("task").get(pk=task_id)
