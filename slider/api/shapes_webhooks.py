"""The shapes of calls about webhooks, as the OpenAPI document shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api import shapes
from slider.api.shapes import Shape
from slider.flow import endpoints

Event = Literal[
    "item.finished", "item.corrected", "item.waiting", "item.withdrawn", "slider.moved", "guard.pulled_back"
]
AnyEvent = Event | Literal["webhook.test"]
State = Literal["due", "sent", "failed"]
WhichOnes = Literal["dead", "late", "missed", "sent"]
Url = Annotated[str, Field(min_length=1, max_length=500, examples=["https://hooks.example.org/slider"])]
Described = Annotated[str, Field(max_length=120, examples=["our CRM"])]
Events = Annotated[list[Event], Field(min_length=1, max_length=20, examples=[["item.finished", "item.corrected"]])]
Given = Annotated[
    str, Field(max_length=120, description="A secret of your own: `whsec_` and base64 of 24 to 64 bytes.")
]
_STRICT = ConfigDict(extra="forbid", strict=True)


class NewWebhook(BaseModel):
    """An endpoint. Without `events` it gets every result; without `secret` one is made."""

    model_config = _STRICT
    url: Url
    description: Described = ""
    events: Events = Field(default=["item.finished", "item.corrected"])
    secret: Given | None = Field(default=None, examples=[None])


class WebhookChange(BaseModel):
    """What is to be different. `on`: false stops it, true starts it afresh; `why` is told with the stop."""

    model_config = _STRICT
    url: Url | None = None
    description: Described | None = None
    events: Events | None = None
    on: bool | None = None
    why: str = Field("", max_length=150, examples=["the receiver moves"])


class NewSecret(BaseModel):
    """How long the old secret signs beside the new one, in hours; and a secret of your own, if you have one."""

    model_config = _STRICT
    overlap_h: int = Field(endpoints.USUAL_OVERLAP_H, ge=0, le=endpoints.MOST_OVERLAP_H)
    secret: Given | None = Field(default=None, examples=[None])


class WebhookReplay(shapes.Because):
    """Send again what the dry run has shown: behind its `above`, up to its `upto`, with the same filter.

    `delivery`: one alone.
    """

    which: WhichOnes = Field("dead")
    above: int = Field(0, ge=0, le=2**62)
    upto: int = Field(ge=0, le=2**62, examples=[120])
    event: Event | None = None
    since: Annotated[shapes.GivenMoment, Field(strict=False)] | None = None
    delivery: int | None = Field(None, ge=1, le=2**62)


class WebhookOut(Shape):
    """An endpoint. `off_since` null: it is on. `failing_since` null: the last try was taken."""

    id: int
    url: str = Field(examples=["https://hooks.example.org/slider"])
    description: str = Field(examples=["our CRM"])
    events: list[str] = Field(examples=[["item.finished", "item.corrected"]])
    on: bool
    off_since: shapes.Moment | None
    off_why: str = Field(examples=[""])
    failing_since: shapes.Moment | None
    old_secret_until: shapes.Moment | None = Field(description="Until then the secret before the last signs, too.")
    created_at: shapes.Moment
    due: int = Field(description="What waits to be sent, counted up to 2,000.")
    dead: int = Field(description="What was given up, counted up to 2,000.")


class WebhooksOut(Shape):
    """The endpoints of a task, the oldest first; 20 at most."""

    webhooks: list[WebhookOut]


class SavedWebhookOut(WebhookOut):
    """The endpoint and its signing secret where one was made: it is shown this once."""

    secret: str | None = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class DeliveryOut(Shape):
    """Something owed to an endpoint. `external_id` is null where the key's person may not see items."""

    id: int
    event: AnyEvent
    webhook_id: str = Field(examples=["0b9b8a52-6f3c-4f0e-9a63-3c4b1a7f2d11"])
    item: int | None
    external_id: str | None = Field(examples=["mail-1"])
    state: State
    tries: int
    created_at: shapes.Moment
    due_at: shapes.Moment
    next_try_at: shapes.Moment | None = Field(description="Null where it is not tried again by itself.")
    delivered_at: shapes.Moment | None
    problem: str = Field(examples=["the receiver did not take it: it answered 503"])


class DeliveriesOut(Shape):
    """A page of deliveries, newest first; `next` is null on the last page."""

    deliveries: list[DeliveryOut]
    next: str | None


class TryOut(Shape):
    """One try. `reason` is empty where it was delivered; `said`: what the receiver answered, redacted."""

    number: int
    at: shapes.Moment
    reason: str = Field(examples=["status"])
    status: int | None = Field(examples=[503])
    took_ms: int
    problem: str
    said: str | None = Field(description="Null where the key's person may not see items.")


class OneDeliveryOut(DeliveryOut):
    """A delivery with what it carries and each try that the log still has, the newest first."""

    body: dict[str, Any]
    log: list[TryOut]


class DryReplayOut(Shape):
    """What would be sent again: how much (2,000 at most are counted), up to which `upto`, and the first of it.

    Where there is `more`, ask again with this `upto` as `above` once this piece is sent.
    """

    which: WhichOnes
    count: int
    more: bool
    upto: int
    examples: list[DeliveryOut]


class ReplayedOut(Shape):
    """How much is sent again at once, with all its tries."""

    sent: int
