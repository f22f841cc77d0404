"""Items whose contents were deleted, by a rule or because somebody asked for it; and the key of ids that are gone."""

import hashlib
import hmac

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from slider.models import sealing
from slider.models.item import Item
from slider.models.sealing import Spot
from slider.models.task import Task

GONE = "(deleted)"  # what stands where words have to stand
ERASED = "erased:"  # how the id of an erased item begins; a digest under the task's key follows


ROUND_S = 3_600.0  # a walk over all items of a task, and then a rest


class Cause(models.TextChoices):
    RULE = "rule", "by the task's rule"
    REQUEST = "request", "on request"


class Emptied(models.Model):
    """An item of which nothing is left but numbers. While it is not `told`, the database lets its contents go.

    The log tells of all that it changed in the moment in which it becomes `told`: see migration 0038.
    """

    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="emptied")
    cause = models.CharField(max_length=7, choices=Cause)
    days = models.PositiveSmallIntegerField(null=True, help_text="What the rule said then.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    words = models.CharField(max_length=250, blank=True, help_text="Why somebody asked for it.")
    told = models.BooleanField(default=False)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(cause=Cause.RULE, days__isnull=False, words="")
                | models.Q(cause=Cause.REQUEST) & ~models.Q(words=""),
                name="emptied_by_rule_or_request",
            ),
        )
        # Few: those of transactions that are under way.
        indexes = (models.Index(fields=["item"], condition=models.Q(told=False), name="emptied_untold"),)

    def __str__(self) -> str:
        return f"contents of #{self.item_id} deleted {self.get_cause_display()}"


class EmptyWalk(models.Model):
    """How far the search for a task's items with contents to delete has come."""

    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="+")
    upto = models.BigIntegerField(default=0, help_text="Items up to this id were looked at on this walk.")
    rests_until = models.DateTimeField(db_default=Now(), help_text="When the next walk begins, or this goes on.")
    gone = models.BigIntegerField(db_default=0, default=0, help_text="Items whose contents the rule has deleted.")
    kept = models.PositiveIntegerField(
        db_default=0, default=0, help_text="On this walk: past their day, and something is still owed for them."
    )
    kept_last = models.PositiveIntegerField(db_default=0, default=0, help_text="The same, on the last whole walk.")

    def __str__(self) -> str:
        return f"up to #{self.upto} of {self.task_id}"


class IdKey(models.Model):
    """The key under which ids and digests of deleted contents are known again. It never changes, only its seal."""

    task = models.OneToOneField(Task, models.CASCADE, primary_key=True, related_name="+")
    sealed = models.CharField(max_length=250)

    def __str__(self) -> str:
        return f"key of ids of {self.task_id}"

    @staticmethod
    def spot(task_id: int) -> Spot:
        return Spot("slider_idkey", "sealed", str(task_id))

    @property
    def secret(self) -> bytes:
        """Raises sealing.Unopened where the key that sealed it is not there any more."""
        return bytes.fromhex(sealing.unseal(self.sealed, self.spot(self.task_id)))


def erased_id(secret: bytes, external_id: str) -> str:
    """What an erased item is called instead of its id: the same for the same id, and nobody can tell which."""
    return ERASED + hmac.digest(secret, b"id\n" + external_id.encode(), hashlib.sha256).hex()


def asked_digest(secret: bytes, external_id: str) -> str:
    """By which who has the id and the key finds in the log that it was asked for."""
    return hmac.digest(secret, b"asked\n" + external_id.encode(), hashlib.sha256).hex()[:16]


def spelt(external_id: str) -> str:
    """An id as a refusal quotes it: the beginning of a long one."""
    return repr(external_id[:80])


def known_digest(secret: bytes, digest: bytes) -> bytes:
    """What is kept of the digest of a payload that was deleted."""
    return hmac.digest(secret, b"payload\n" + digest, hashlib.sha256)
