"""The shapes of calls that decide like items in one go."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api.shapes import Shape
from slider.flow.together import MOST

_STRICT = ConfigDict(extra="forbid", strict=True)
Looks = Annotated[
    list[Annotated[int, Field(ge=1, le=2**63 - 1)]],
    Field(min_length=1, max_length=MOST, examples=[[17, 18, 21]]),
]


class Together(BaseModel):
    """One verdict for each of these looks. A rejection takes one of the task's reasons."""

    model_config = _STRICT
    looks: Looks
    verdict: Literal["accept", "reject"]
    reason: str = Field("", max_length=40)


class TogetherBack(BaseModel):
    """What is to be taken back, of what was decided in one go."""

    model_config = _STRICT
    looks: Looks


class LikeOut(Shape):
    """A look that can be decided with others. `distrusted`: a sentinel distrusts its answer; look at it by itself."""

    id: int
    item: int
    title: str = Field(examples=["Broken lamp"])
    answer: str = Field(description="The proposal in one line.", examples=["Topic: refund, urgent: no"])
    why: str = Field(description="Why it is with people, in words.")
    distrusted: bool


class ChoiceOut(Shape):
    """A value to narrow the list by, and how many looks have it."""

    value: str = Field(examples=['topic="refund"'])
    label: str = Field(examples=["Topic: refund"])
    count: int


class SaidOut(Shape):
    """What the person decided in one go and can still take back, for so many seconds."""

    id: int
    item: int
    title: str = Field(examples=["Broken lamp"])
    verdict: str = Field(examples=["accepted"])
    left_s: int


class LikesOut(Shape):
    """The looks that are alike, the oldest first, 100 at most; `more`: there are others.

    `answers` and `whys` are the groups: give a value as `answer` or `why`. `said`: what can still be taken back.
    """

    looks: list[LikeOut]
    more: bool
    answers: list[ChoiceOut]
    whys: list[ChoiceOut]
    said: list[SaidOut]


class LeftOut(Shape):
    """A look that stayed as it was, and why."""

    id: int
    words: str


class TogetherOut(Shape):
    """Which looks it was done to, and which it was not. One's failure is none of another's."""

    done: list[int]
    left: list[LeftOut]
