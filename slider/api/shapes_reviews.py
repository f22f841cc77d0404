"""The shapes of looks and of what a person says of them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api.shapes import Moment, Shape

Token = Field(ge=0, le=2_000_000_000, description="The claim's number, as the look was given with it.", examples=[1])


class Ask(BaseModel):
    """Which look: of one task, or of all."""

    model_config = ConfigDict(extra="forbid", strict=True)
    task: str | None = Field(None, max_length=60, description="The task's short name.", examples=["sort-messages"])


class Claim(BaseModel):
    """The claim under which something is said of a look."""

    model_config = ConfigDict(extra="forbid", strict=True)
    token: int = Token


class Own(Claim):
    """What a person answers before they see the draft; null: that no answer can be given."""

    answer: Any = Field(examples=[{"topic": "refund", "urgent": False}])


class Mark(BaseModel):
    """A field that is right or wrong, or a passage with its reason. `path` is a JSON pointer."""

    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["right", "wrong", "span"]
    path: str = Field("", max_length=500, examples=["/topic"])
    side: Literal["source", "answer"] = "answer"
    start: int | None = Field(None, ge=0, le=2_000_000_000)
    end: int | None = Field(None, ge=0, le=2_000_000_000)
    reason: str = Field("", max_length=40)


class Said(Claim):
    """A verdict. A fix takes an answer, a rejection one of the task's reasons. `lucky`: right for a wrong reason."""

    verdict: Literal["accept", "fix", "reject"]
    answer: Any = None
    reason: str = Field("", max_length=40)
    note: str = Field("", max_length=5000)
    lucky: bool = False
    marks: list[Mark] = Field([], max_length=100)


class Give(Claim):
    """To whom a look goes on, by their name; null: to anybody else. `to_lead`: it is a question for a lead."""

    note: str = Field(min_length=1, max_length=2000, examples=["You know this customer."])
    to: str | None = Field(None, max_length=150, examples=["anna"])
    to_lead: bool = False


class AlternativeOut(Shape):
    """Another value for a field; `answer` is the whole answer that it makes."""

    label: str
    value: Any
    answer: Any
    support: str


class FieldOut(Shape):
    """A field of the proposal; `doubt` says what speaks against it."""

    path: str = Field(examples=["/topic"])
    label: str = Field(examples=["Topic"])
    value: Any
    doubt: str
    alternatives: list[AlternativeOut]


class ReasonOut(Shape):
    """A reason that a rejection may have."""

    code: str = Field(examples=["wrong"])
    words: str = Field(examples=["Wrong value"])


class WordsOut(Shape):
    """Words that came with a look."""

    said: str
    note: str


class LookOut(Shape):
    """A look that its person holds. Nothing in it tells why the item was drawn for people's eyes.

    `hidden`: the draft is shown after the person has given their own answer (`own`).
    """

    id: int
    token: int
    lease_until: Moment | None
    task: str = Field(examples=["sort-messages"])
    item: int
    external_id: str = Field(examples=["mail-1"])
    title: str
    input: Any
    hidden: bool
    proposal: Any
    fields: list[FieldOut]
    raw: str
    doubt: str = Field(description="Why a person should look, in words.")
    p_correct: float | None
    distrusted: bool
    own: Any = Field(description="What the person had answered before they saw the draft.")
    words: list[WordsOut]
    reasons: list[ReasonOut]
    output_schema: Any


class DecidedOut(Shape):
    """A verdict as it stands. It can be taken back until `undo_until`, by `undo` with the same token."""

    id: int
    item: int
    token: int
    verdict: Literal["accept", "fix", "reject"]
    answer: Any
    reason: str
    decided_at: Moment
    undo_until: Moment | None


class StayOut(Shape):
    """For how long the look is this person's."""

    lease_s: float = Field(ge=0)
