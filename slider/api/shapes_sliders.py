"""The shapes of the slider: what is asked of it, and what it says."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api.shapes import Because, Moment, Shape

Number = Field(ge=1, le=2**31 - 1, examples=[1])


class Apply(BaseModel):
    """Another share, 0 to 1. `expected` is the policy that the decision was based on."""

    model_config = ConfigDict(extra="forbid", strict=True)
    share: float = Field(ge=0, le=1, examples=[0.4])
    mode: Literal["guarded", "trial"] | None = Field(None, description="Left out: as it is held now.")
    reason: str = Field(min_length=1, max_length=500, examples=["two quiet weeks"])
    expected: int | None = Field(None, ge=1, le=2**31 - 1)


class PutBack(Because):
    """What policy `number` asked, again."""

    number: int = Number
    expected: int = Number


class SliderOut(Shape):
    """Where a slider stands. Shares run from 0 to 1; `allowed` is null while nothing is known."""

    requested: float = Field(ge=0, le=1)
    allowed: float | None
    effective: float = Field(ge=0, le=1)
    mode: Literal["guarded", "trial"]
    held: bool
    state: Literal["held", "stale", "trial", "waiting", "braked", "guarded"]
    words: str
    why: str
    more: str
    promised: bool = Field(description="Whether the error limit is held by evidence.")
    policy: int
    error_limit: float
    sure: float = Field(examples=[0.95])


class DayOut(Shape):
    """A day at one share; null is «not known yet»."""

    share: float
    unattended: float | None
    looks: float | None
    hours: float | None
    wrong: float | None
    wrong_least: float | None
    wrong_most: float | None
    cost: float | None


class WindowOut(Shape):
    """The two walls: below one people's hours are too few, above the other evidence ends."""

    state: str
    least: float | None
    most: float | None
    words: str


class PreviewOut(Shape):
    """What a share would come to, beside what is in force now."""

    share: float
    mode: Literal["guarded", "trial"]
    effective: float
    words: str
    then: DayOut
    now: DayOut
    window: WindowOut


class EntryOut(Shape):
    """One policy and what it changed."""

    policy: int
    at: Moment
    by: str = Field(examples=["anna"])
    by_guard: bool
    reason: str
    changes: list[str]
    requested: float
    allowed: float | None
    effective: float
    mode: Literal["guarded", "trial"]
    held: bool


class HistoryOut(Shape):
    """A page of a slider's history, newest first; `next` is null on the last page."""

    entries: list[EntryOut]
    next: str | None
