"""The shapes of calls about the people who review: known answers, what they say of people, and disagreements."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api.shapes import Moment, Shape
from slider.flow.known import WORDS_MOST

_STRICT = ConfigDict(extra="forbid", strict=True)


class MarkKnown(BaseModel):
    """Whether the worker's draft was right, and why: whoever judges it wrong will read the words."""

    model_config = _STRICT
    draft_right: bool
    words: str = Field(min_length=1, max_length=WORDS_MOST, examples=["The order number is another one."])


class Settle(BaseModel):
    """Which of two looks stands, and why: whoever was wrong will read the words."""

    model_config = _STRICT
    stands: Literal["first", "second"]
    words: str = Field(min_length=1, max_length=WORDS_MOST, examples=["She wants her money back, and says so."])


class KnownOut(Shape):
    """A known answer. `answer` is what is right; null where the draft was wrong and nothing better is known."""

    item: int
    draft_right: bool
    answer: Any = Field(examples=[{"topic": "refund", "urgent": False}])
    source: str = Field(examples=["marked"])
    words: str
    by: str | None = Field(examples=["anna"])


class ShareOut(Shape):
    """A share of so many, with an exact interval that holds in 95 of 100 cases."""

    hits: int
    of: int
    value: float | None
    lower: float
    upper: float


class PersonOut(Shape):
    """One person on a task. Shares are null of fewer than five known answers.

    `accuracy`: judged right; `missed`: wrong drafts that passed; `alarms`: right ones that did not.
    """

    id: int = Field(description="0: all together.")
    name: str = Field(examples=["anna"])
    looks: int
    seconds: float | None = Field(description="The median time of a look.")
    known: int = Field(description="Known answers that were judged.")
    accuracy: ShareOut | None
    missed: ShareOut | None
    alarms: ShareOut | None


class AgreementOut(Shape):
    """1: they always say the same; 0: no more often than chance; null: not known."""

    items: int
    value: float | None
    lower: float | None
    upper: float | None


class PairOut(Shape):
    """Two people who looked at the same items, each without the other: Cohen's kappa."""

    first: str = Field(examples=["anna"])
    second: str = Field(examples=["ben"])
    kappa: AgreementOut


class DifferenceOut(Shape):
    """A difference of two shares with its interval."""

    value: float | None
    lower: float
    upper: float


class SwayOut(Shape):
    """How far the draft sways people, in one group of looks: accepted where it is shown, said alike where hidden.

    `switched`: who had answered otherwise and then took the draft.
    """

    words: str
    shown: ShareOut | None
    hidden: ShareOut | None
    swayed: DifferenceOut | None
    switched: ShareOut | None


class TraineeOut(Shape):
    """Who reviews, and how they stand with practice. `let_in`: why they may begin; empty: not yet."""

    id: int
    name: str = Field(examples=["anna"])
    practised: int
    right: ShareOut | None
    let_in: str
    must: bool = Field(description="Whether they have to practise before the first live item.")


class SideOut(Shape):
    """What one of two people said."""

    who: str = Field(examples=["anna"])
    verdict: Literal["accept", "fix", "reject"]
    answer: Any
    reason: str
    note: str


class SplitOut(Shape):
    """An item on which two people disagree. `id` is the second look's: settle it by that."""

    id: int
    item: int
    title: str = Field(examples=["Broken lamp"])
    first: SideOut
    second: SideOut


class TeamOut(Shape):
    """The people of a task. `taken`: what it means for the promise; `to_measure`: so many more are to be judged.

    `alpha`: Krippendorff's, of all; `known_right`, `known_wrong`: known answers there are; `waiting`: in the queue.
    """

    people: list[PersonOut]
    whole: PersonOut
    alpha: AgreementOut
    pairs: list[PairOut]
    known_right: int
    known_wrong: int
    waiting: int
    taken: str
    to_measure: int
    hidden_chance: float
    sway: list[SwayOut]
    trainees: list[TraineeOut]
    splits: list[SplitOut]


class OwnWorkOut(Shape):
    """A person's own work on a task. Known answers count from the day after."""

    task: str = Field(examples=["sort-messages"])
    looks: int
    seconds: float | None
    known: int
    accuracy: ShareOut | None
    missed: ShareOut | None
    alarms: ShareOut | None


class LessonOut(Shape):
    """A known answer that the person got wrong: what they said, what is right, and why."""

    task: str = Field(examples=["sort-messages"])
    item: int
    title: str = Field(examples=["Broken lamp"])
    said: str
    right: str
    answer: Any
    words: str
    at: Moment


class MyWorkOut(Shape):
    """The key's person's own work in its project, and what was otherwise than they said."""

    tasks: list[OwnWorkOut]
    lessons: list[LessonOut]
