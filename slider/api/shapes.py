"""The shapes that the API takes and gives, as its OpenAPI document shows them."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, RootModel


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it lies before or after all years that are known") from None


Moment = datetime
GivenMoment = Annotated[AwareDatetime, AfterValidator(_in_utc)]  # PostgreSQL knows no zone 16 hours off or more
RoleName = Literal["viewer", "reviewer", "lead", "tuner", "operator", "admin", "auditor"]


class Shape(Schema):
    """What the API gives."""


class NewItem(Schema):
    """One item. Sent again under the same `external_id` it is the same item, for ever."""

    model_config = ConfigDict(extra="forbid")
    external_id: str | None = Field(
        None, min_length=1, max_length=255, description="The id in your system.", examples=["mail-1"]
    )
    priority: int = Field(0, ge=-100, le=100, description="Lower goes first.")
    due_at: datetime | None = Field(None, description="When its result is wanted, with the time zone.")
    input: dict[str, Any] = Field(
        description="What the task's input schema describes.",
        examples=[{"subject": "Broken lamp", "text": "I want my money back."}],
    )


class NewItems(Schema):
    """A batch of items."""

    model_config = ConfigDict(extra="forbid")
    items: list[NewItem] = Field(min_length=1, max_length=1000)


class Pushed(RootModel[NewItem | NewItems]):
    """One item, or a batch of them."""


class Taken(Schema):
    """What became of an item that was sent."""

    status: Literal["added", "known"]
    id: int
    external_id: str


class TakenRow(Schema):
    """What became of one row of a batch; `where` is a JSON pointer into the batch."""

    status: Literal["added", "known", "refused", "conflict"]
    id: int | None
    external_id: str
    where: str = ""
    message: str = ""


class TakenRows(Schema):
    """What became of a batch, row by row in its order."""

    added: int
    known: int
    refused: int
    conflict: int
    rows: list[TakenRow]


class ResultOut(Schema):
    """A result. `number` 1 is the first; later numbers are corrections of it."""

    item: int
    external_id: str
    number: int
    corrects: int | None = Field(description="The number that this one replaces.")
    ending: Literal["unattended", "accepted", "fixed", "rejected"]
    answer: Any = Field(examples=[{"topic": "refund", "urgent": False}])
    reason: str | None = Field(description="Why a person rejected it.", examples=["policy"])
    lane: str | None = Field(description="unattended or people", examples=["people"])
    due_at: datetime


class ResultsOut(Schema):
    """A page of results, oldest first. Keep `next` and ask again with it: nothing is left out or given twice."""

    results: list[ResultOut]
    next: str
    more: bool


class ItemOut(Schema):
    """An item and its state."""

    id: int = Field(examples=[1])
    external_id: str = Field(examples=["mail-1"])
    state: Literal["ready", "working", "review", "done", "withdrawn"]
    priority: int
    due_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


class ItemsOut(Schema):
    """A page of items, newest first; `next` is null on the last page."""

    items: list[ItemOut]
    next: str | None


class AttemptOut(Schema):
    """One answer of a worker, without its content."""

    worker: str
    outcome: str
    latency_ms: int
    created_at: datetime


class OneItemOut(ItemOut):
    """One item with all that is known of it; `result` is null until it is due."""

    task: str
    lane: str | None
    attempts: list[AttemptOut]
    result: ResultOut | None
    corrections: list[ResultOut]


class TaskOut(Schema):
    """A task and where its slider stands. Shares run from 0 to 1."""

    slug: str = Field(examples=["sort-messages"])
    name: str = Field(examples=["Sort messages"])
    paused: bool
    mode: Literal["guarded", "trial"]
    requested: float
    allowed: float | None
    effective: float
    held: bool
    policy: int


class Wrong(Schema):
    """One of several things that are wrong."""

    model_config = ConfigDict(extra="allow")
    where: str = Field(description="A JSON pointer into the body.")


class Problem(Schema):
    """Every refusal has this shape (RFC 9457). `code` is for programs, `detail` and `hint` for people."""

    type: str = Field(examples=["urn:slider:problem:type"])
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    code: str
    where: str = Field(description="A JSON pointer into the body, or the name of a parameter or header.")
    hint: str
    request_id: str
    errors: list[Wrong] = Field(default=[], description="All that is wrong, where it is more than one thing.")


class TasksOut(Schema):
    """A page of tasks, by their short names; `next` is null on the last page."""

    tasks: list[TaskOut]
    next: str | None


class Because(BaseModel):
    """Why something is done: whoever reads the history later needs it."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reason: str = Field(min_length=1, max_length=500, examples=["the new prompt is being tried"])
