"""How far the open looks of a task were gone through for a person: the next request goes on from there."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models.task import Task


class Walk(models.Model):
    """All open looks of a task up to this place were gone through for a person, who may take none of them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    task = models.ForeignKey(Task, models.CASCADE, related_name="+")
    turn = models.DateTimeField(help_text="The turn of the look that was reached.")
    look = models.BigIntegerField(help_text="Its id; it may be gone by now.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "task"], name="one_walk_a_person"),)

    def __str__(self) -> str:
        return f"{self.user_id} in {self.task_id} up to {self.look}"
