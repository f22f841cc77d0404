"""The shapes of the lead's calls: who works on what, what waits, flags, and looks that are given to people."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api.shapes import Moment, Shape
from slider.flow.handing import NOTE_MOST
from slider.flow.release import WORDS_MOST

_STRICT = ConfigDict(extra="forbid", strict=True)


class ReleaseLook(BaseModel):
    """The claim that is to end, as the lead's figures show it, and why."""

    model_config = _STRICT
    token: int = Field(ge=0, le=2_000_000_000, examples=[1])
    reason: str = Field(min_length=1, max_length=WORDS_MOST, examples=["she is away today"])


class Assign(BaseModel):
    """Whose look it is to be, by their name; null: everybody's."""

    model_config = _STRICT
    to: str | None = Field(max_length=150, examples=["anna"])
    note: str = Field("", max_length=NOTE_MOST, examples=["You know this customer."])


class TakeOff(BaseModel):
    """What to do: whoever takes the look next reads it."""

    model_config = _STRICT
    note: str = Field(min_length=1, max_length=NOTE_MOST, examples=["Refund it."])


class HeldOut(Shape):
    """A look in somebody's hands. Of which kind it is stands nowhere."""

    id: int
    token: int
    item: int
    title: str = Field(examples=["Broken lamp"])
    who: str = Field(examples=["anna"])
    since: Moment | None
    until: Moment | None


class PaceOut(Shape):
    """What a person decided; `seconds`: the median of today's looks, null where none was timed."""

    who: str = Field(examples=["anna"])
    last_hour: int
    today: int
    seconds: float | None
    newest: Moment


class WaitsOut(Shape):
    """Looks that are owed, by who may take them. `behind`: items that wait for several looks first.

    `to_settle`: how many of those will take a lead's look, as far as is known. `hours`: what all of it takes.
    """

    waiting: int
    anybody: int
    assigned: int
    for_lead: int
    held: int
    behind: int
    to_settle: int
    oldest: Moment | None
    hours: float | None


class RangeOut(Shape):
    """A figure within its interval, which holds it in `level` of cases; null: not within two months."""

    low: float | None
    middle: float | None
    high: float | None


class ForecastOut(Shape):
    """In how many hours nothing waits any more, the work in what waits, and the work that each day brings."""

    level: float
    empty_h: RangeOut
    work_h: RangeOut
    daily_h: RangeOut
    chance_never: float = Field(ge=0, le=1)


class SpellOut(Shape):
    """A time in which more waited than people carry. `ended_at` null: it lasts."""

    gives_way: str = Field(description="The task's rule for it.", examples=["queue"])
    words: str
    began_at: Moment
    ended_at: Moment | None


class LeadOut(Shape):
    """A task's people and its backlog. `forecast` is null while too little was measured, and `missing` says what.

    `held`: 200 at most, the first taken at the top. `staffed_a_day`: hours of work, as set or measured.
    """

    held: list[HeldOut]
    paces: list[PaceOut]
    waits: WaitsOut
    forecast: ForecastOut | None
    missing: str
    staffed_a_day: float
    staffed_by: Literal["settings", "measured"]
    spells: list[SpellOut]


class FlagOut(Shape):
    """A look that somebody put before a lead, and why; `holder` has it in hands by now."""

    id: int
    item: int
    title: str = Field(examples=["Broken lamp"])
    who: str = Field(examples=["anna"])
    at: Moment
    note: str = Field(examples=["Is this ours?"])
    holder: str | None


class FlagsOut(Shape):
    """The flags that stand, the oldest first; 100 at most."""

    flags: list[FlagOut]


class OwedLookOut(Shape):
    """A look at an item that can be given to somebody. `skills`: what it takes."""

    id: int
    holder: str | None = Field(examples=["anna"])
    assignee: str | None
    for_lead: bool
    skills: list[str]


class OwedLooksOut(Shape):
    """The looks at an item that are still to come."""

    looks: list[OwedLookOut]
