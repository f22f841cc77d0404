"""The shapes of histories: what their columns mean, what was found in them, what they prove."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from slider.api.shapes import Moment, Shape

SignalName = Literal["token_logodds", "weakest_token", "agreement", "stated", "familiar"]
Way = Literal["probability", "percent", "logodds", "logprob"]
_STRICT = ConfigDict(extra="forbid", strict=True)


class SignalSaid(BaseModel):
    """A column that tells how sure the worker was, and how. Without a `way`: as its numbers look."""

    model_config = _STRICT
    column: str = Field(min_length=1, max_length=500, examples=["confidence"])
    way: Way | None = None


class ColumnsSaid(BaseModel):
    """Which column is what, whole; an empty name is none. Right or wrong is in one column, or two are compared."""

    model_config = _STRICT
    correct: str = Field("", max_length=500, examples=["judged"])
    says: Literal["right", "wrong"] = Field("right", description="What a 1, yes or true means in `correct`.")
    answer: str = Field("", max_length=500, examples=[""])
    gold: str = Field("", max_length=500, description="The truth to compare `answer` with.", examples=[""])
    signals: dict[SignalName, SignalSaid] = Field(examples=[{"stated": {"column": "confidence", "way": "percent"}}])
    id: str = Field("", max_length=500, description="An id counts once.", examples=["id"])
    propensity: str = Field("", max_length=500, description="The chance of having been looked at.", examples=[""])
    time: str = Field("", max_length=500, examples=[""])
    model: str = Field("", max_length=500, examples=[""])
    task: str = Field("", max_length=500, examples=[""])
    keep: list[str] = Field([], max_length=500, description="Columns of numbers to store with the rows.")


class AnswersSaid(BaseModel):
    """The answers to all questions that are open, each by the `value` of one of its choices."""

    model_config = _STRICT
    task: str | None = Field(None, examples=[None])
    model: str | None = Field(None, examples=[None])
    reading: Literal["straight", "flipped"] | None = Field(None, examples=["straight"])


class ReadAnew(BaseModel):
    """How to read it: what its columns mean, or the answers to what was asked; one of the two."""

    model_config = _STRICT
    columns: ColumnsSaid | None = Field(None, examples=[None])
    answers: AnswersSaid | None = None


class PutInForce(BaseModel):
    """Why these rows are a fair sample. `expected` is the policy that the decision was based on."""

    model_config = _STRICT
    reason: str = Field(min_length=1, max_length=260, examples=["all of March was judged"])
    expected: int = Field(ge=1, le=2**31 - 1)


class PastColumnOut(Shape):
    """A column of the file; nothing of its cells once the history is in force."""

    name: str = Field(examples=["confidence"])
    filled: int = Field(description="Rows that have something in it.")
    numeric: bool
    least: float | None
    most: float | None
    examples: list[str] = Field(examples=[["93", "41"]])


class SignalMeantOut(Shape):
    """A column and how its numbers are meant."""

    column: str = Field(examples=["confidence"])
    way: Way


class MeaningOut(Shape):
    """Which column is what, as it is read now; empty: none. The last three are answers to questions."""

    correct: str = Field(examples=["judged"])
    says: Literal["right", "wrong"]
    answer: str
    gold: str
    signals: dict[str, SignalMeantOut] = Field(examples=[{"stated": {"column": "confidence", "way": "percent"}}])
    id: str
    propensity: str
    time: str
    model: str
    task: str
    keep: list[str]
    own_task: str
    own_model: str
    reading: str


class ChoiceOut(Shape):
    """What may be answered; `-` as a model: none of them, begin the ranking by them and prove nothing."""

    value: str = Field(examples=["straight"])
    words: str = Field(examples=["as it stands"])


class QuestionOut(Shape):
    """What only a person can say. Without choices: name the columns."""

    code: Literal["outcome", "signals", "task", "model", "reading"]
    words: str
    choices: list[ChoiceOut]


class SignalFoundOut(Shape):
    """A signal, in how many rows it is, and how well it alone ranks right above wrong."""

    name: str = Field(examples=["stated"])
    column: str = Field(examples=["confidence"])
    way: str = Field(examples=["percent"])
    present: int
    auroc: float | None = Field(description="1 is perfect, 0.5 is blind.")


class FoundOut(Shape):
    """What was found. A barrier keeps the rows from being evidence, whatever anybody answers."""

    counts: dict[str, int] = Field(
        description="read, rows (usable), right, wrong, others (of other models), elsewhere (of other tasks), "
        "unlabelled, identical, contradicting, live, used, refused.",
        examples=[{"read": 1200, "rows": 1198, "refused": 2}],
    )
    read_as: str = Field(description="How the verdicts are read, in words; empty while it is asked whose they are.")
    order: str = Field(description="Whether the file was in an order, in words.")
    signals: list[SignalFoundOut]
    questions: list[QuestionOut]
    barriers: list[str]
    warnings: list[str]


class ProofOut(Shape):
    """What the rows would allow under the limits in force. All shares are 0-1."""

    rows: int
    cap: float
    error: float | None
    upper: float | None
    more: int | None = Field(description="About so many more rows like these would open the next step.")
    error_limit: float
    delta: float
    words: str


class PastOut(Shape):
    """A history. Its file is an import, too, which has the refused rows; null: it came by a command, without one."""

    id: int
    task: str = Field(examples=["sort-messages"])
    name: str = Field(examples=["march.csv"])
    state: Literal["reading", "asking", "ready", "failed", "in_force", "dropped"]
    problem: str
    import_id: int | None = Field(description="The number of its file.")
    rows: int = Field(description="Rows that count as evidence.")
    by: str | None = Field(examples=["anna"])
    policy: int | None = Field(description="What it put into force.")
    created_at: Moment


class PastsOut(Shape):
    """A page of histories, newest first, without those that were dropped; `next` is null on the last page."""

    histories: list[PastOut]
    next: str | None


class OnePastOut(PastOut):
    """One history with all that its page shows. `expected`: what to say when it is put into force."""

    expected: int = Field(description="The policy that is in force now.")
    worker: str = Field(description="Whose outputs they are.", examples=["reader, version 1"])
    is_current: bool = Field(description="Whether that worker is the one in force.")
    columns: list[PastColumnOut]
    meaning: MeaningOut | None
    found: FoundOut | None
    proof: ProofOut | None
