"""Where a task's results and news are sent: receivers with their secrets, what is owed to each, and every try."""

import base64
import os
from datetime import UTC, datetime

from django.db import models
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, Now

from slider.models import sealing
from slider.models.publication import Publication
from slider.models.states import Delivery
from slider.models.task import Task

PLAIN = "whsec_"  # how a secret begins that is not sealed
BY_HAND = "turned off by "  # how the reason begins where a person did it, and nothing is wrong


class EventType(models.TextChoices):
    """What an endpoint can ask for. The first two are results, the rest is news."""

    FINISHED = "item.finished", "an item has its result"
    CORRECTED = "item.corrected", "a result was corrected"
    WAITING = "item.waiting", "an item went to people"
    WITHDRAWN = "item.withdrawn", "an item was withdrawn"
    MOVED = "slider.moved", "the slider moved"
    PULLED_BACK = "guard.pulled_back", "the guard pulled the slider back"
    TEST = "webhook.test", "somebody pressed the test button"


RESULTS = (EventType.FINISHED, EventType.CORRECTED)
WANTABLE = tuple(one for one in EventType if one != EventType.TEST)


def usual() -> list[str]:
    """What an endpoint gets unless it asks for something else: every result."""
    return [str(one) for one in RESULTS]


def new_secret() -> str:
    """A fresh signing secret, sealed."""
    return sealing.seal(PLAIN + base64.b64encode(os.urandom(32)).decode())


class Endpoint(models.Model):
    """A receiver of a task's results and news, signed by the Standard Webhooks scheme."""

    task = models.ForeignKey(Task, models.CASCADE, related_name="endpoints")
    url = models.CharField(max_length=500)
    description = models.CharField(max_length=120, blank=True, db_default="")
    events = models.JSONField(default=usual, db_default=models.Value(usual(), models.JSONField()))
    secret = models.CharField(max_length=250, default=new_secret, editable=False)
    old_secret = models.CharField(max_length=250, blank=True, db_default="", editable=False)
    old_until = models.DateTimeField(null=True, help_text="Until then the old secret signs beside the new one.")
    created_at = models.DateTimeField(db_default=Now())
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_why = models.CharField(max_length=200, blank=True)
    removed_at = models.DateTimeField(null=True, help_text="It is gone for everybody; the sweep clears it away.")
    failing_since = models.DateTimeField(null=True, help_text="The first failed try since it took something.")
    failures = models.PositiveIntegerField(db_default=0, help_text="Rounds in a row in which it took nothing.")
    rest_until = models.DateTimeField(null=True, help_text="Until then it is left alone.")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(events__contained_by=[str(one) for one in WANTABLE]) & ~models.Q(events=[]),
                name="endpoint_events",
            ),
            models.CheckConstraint(
                condition=models.Q(old_until__isnull=False) | models.Q(old_secret=""), name="endpoint_old_secret"
            ),
        )

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def is_on(self) -> bool:
        return self.disabled_at is None and self.removed_at is None


def signing_secrets(endpoint: Endpoint, *, now: datetime) -> list[str]:
    """The secrets that sign what leaves for it at this moment, the newest first. Nobody else reads them."""
    sealed = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_until is not None and endpoint.old_until > now:
        sealed.append(endpoint.old_secret)
    # Older code wrote them as they are: until `upgrade after` there may be some.
    return [one if one.startswith(PLAIN) else sealing.unseal(one) for one in sealed]


def told_at(moment: datetime) -> str:
    """A moment as events tell it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Parcel(models.Model):
    """Something owed to one endpoint: a result, or news whose bytes it holds itself."""

    endpoint = models.ForeignKey(Endpoint, models.CASCADE, db_index=False, related_name="parcels")
    # A trigger takes the parcels of a result that is taken back.
    publication = models.ForeignKey(
        Publication, models.DO_NOTHING, null=True, db_index=False, related_name="parcels", help_text="The result."
    )
    event = models.CharField(max_length=20, choices=EventType)
    webhook_id = models.UUIDField(help_text="The same for all endpoints, and at each try.")
    body = models.TextField(null=True, help_text="The bytes of news. Those of a result are made from its row.")
    state = models.CharField(max_length=6, choices=Delivery, db_default=Delivery.DUE)
    tries = models.PositiveSmallIntegerField(db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now(), help_text="When it may leave: a result's undo window has passed.")
    next_try_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)
    last_problem = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["publication", "endpoint"], name="one_parcel_a_result"),
            models.UniqueConstraint(
                fields=["endpoint", "webhook_id"], condition=models.Q(publication=None), name="one_parcel_a_word"
            ),
            models.CheckConstraint(condition=models.Q(event__in=EventType.values), name="parcel_event"),
            models.CheckConstraint(condition=models.Q(state__in=Delivery.values), name="parcel_state"),
            models.CheckConstraint(
                condition=models.Q(publication=None, body__isnull=False)
                | models.Q(publication__isnull=False, body=None),
                name="parcel_holds_one_thing",
            ),
        )
        indexes = (
            models.Index(fields=["endpoint", "next_try_at"], condition=models.Q(state=Delivery.DUE), name="parcel_due"),
            models.Index(fields=["endpoint", "id"], name="parcel_newest"),
            # Few: what was given up, and tests that nobody has sent yet.
            models.Index(fields=["endpoint", "id"], condition=models.Q(state=Delivery.FAILED), name="parcel_dead"),
            models.Index(
                fields=["endpoint"],
                condition=models.Q(state=Delivery.DUE, event=EventType.TEST),
                name="parcel_test",
            ),
            models.Index(fields=["endpoint", "event", "id"], name="parcel_by_event"),
            models.Index(fields=["endpoint", "due_at"], condition=models.Q(state=Delivery.SENT), name="parcel_sent"),
            models.Index(
                fields=["endpoint", "created_at"], condition=models.Q(event=EventType.TEST), name="parcel_tests"
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(publication=None, state__in=[Delivery.SENT, Delivery.FAILED]),
                name="parcel_old_news",
            ),
            # The item that news is about, which stands in its bytes alone.
            models.Index(
                Cast(
                    KeyTextTransform("item", KeyTransform("data", Cast("body", models.JSONField()))),
                    models.BigIntegerField(),
                ),
                condition=models.Q(publication=None, event__in=[EventType.WAITING, EventType.WITHDRAWN]),
                name="parcel_of_item",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.webhook_id} for endpoint {self.endpoint_id}: {self.state}"


class Try(models.Model):
    """One try at a parcel, and what the receiver said, without what it may have repeated of the item."""

    parcel = models.ForeignKey(Parcel, models.CASCADE, related_name="log")
    endpoint = models.ForeignKey(Endpoint, models.CASCADE, db_index=False, related_name="+")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(db_default=Now())
    reason = models.CharField(max_length=16, blank=True, help_text="Why it failed, as a word. Empty: delivered.")
    status = models.PositiveSmallIntegerField(null=True)
    took_ms = models.PositiveIntegerField()
    problem = models.CharField(max_length=200, blank=True)
    said = models.TextField(blank=True, help_text="The beginning of the answer: 1 KiB at most.")

    class Meta:
        indexes = (
            models.Index(fields=["endpoint", "-id"], name="try_newest"),
            models.Index(fields=["at"], name="try_by_age"),
        )

    def __str__(self) -> str:
        return f"try {self.number} at parcel {self.parcel_id}: {self.status or self.reason}"
