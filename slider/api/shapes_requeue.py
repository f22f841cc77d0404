"""The shapes of calls that send on its way once more what got stuck, as the OpenAPI document shows them."""

from typing import Literal

from pydantic import Field

from slider.api.shapes import Because, Moment, Shape
from slider.queries import fleet_stuck

What = Literal["no_answer", "publications"]
_OUTCOMES = tuple(sorted(fleet_stuck.OUTCOME_WORDS))


class Requeue(Because):
    """Send on its way what the dry run has shown: nothing above its `upto` moves."""

    what: What
    outcome: Literal[_OUTCOMES] | None = Field(  # type: ignore[valid-type]
        None, description="Of items without an answer only those with this outcome."
    )
    upto: int = Field(ge=0, le=2**62, examples=[120])


class StuckOut(Shape):
    """One of what is stuck. `external_id` is null where the key's person may not see items, or it is news of none."""

    item: int | None
    external_id: str | None = Field(examples=["mail-1"])
    words: str
    since: Moment


class DryRequeueOut(Shape):
    """What would move: `count` up to 2,000, and the first of it. `more`: there may be others; send these first."""

    what: What
    count: int
    more: bool
    upto: int
    examples: list[StuckOut]


class RequeuedOut(Shape):
    """How many went on their way; people who have begun to look at one keep it."""

    moved: int
