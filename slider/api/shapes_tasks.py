"""The shapes of tasks' settings and of workers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from slider.api.shapes import Moment, Shape
from slider.engine.sanity.names import Sentinel
from slider.models import FallbackOn

# Numbers as JSON has them: 5.0 is a whole number to nobody, and true is none.
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,49}$")]
FieldName = Annotated[str, Field(max_length=80)]
Rate = Annotated[float, Field(ge=0, le=1)]
_INPUT = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}},
    "required": ["text"],
    "additionalProperties": False,
}
_OUTPUT = {
    "type": "object",
    "properties": {"topic": {"type": "string", "enum": ["refund", "delivery", "other"]}},
    "required": ["topic"],
    "additionalProperties": False,
}
Input = Annotated[dict[str, Any], Field(description="JSON Schema of an item.", examples=[_INPUT])]
Output = Annotated[dict[str, Any], Field(description="JSON Schema of an answer.", examples=[_OUTPUT])]


class Reason(BaseModel):
    """What may be wrong with an answer: a code for receivers of results, words for people."""

    model_config = ConfigDict(extra="forbid", strict=True)
    code: str = Field(max_length=40, examples=["wrong"])
    words: str = Field(max_length=60, examples=["Wrong value"])


class Settings(BaseModel):
    """What may be changed of a task; what is left out stays as it is. Shares run from 0 to 1."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"error_limit": 0.02}]})
    name: str = Field(None, pattern=r"\S", max_length=120)  # type: ignore[assignment]  # left out is not None
    title_field: FieldName = Field("", description="The field of an item that names it.")
    error_limit: float = Field(0.03, ge=0.001, le=0.5, description="Another limit starts the evidence anew.")
    delta: float = Field(0.05, ge=0.001, le=0.5, description="How often the promise may fail.")
    audit_floor: float = Field(0.0625, ge=1 / 64, le=1)
    never_unattended: list[dict[str, Any]] = Field([], max_length=100, description="Hard rules.")
    sentinels_off: list[Literal[tuple(one.value for one in Sentinel)]] = Field([])  # type: ignore[valid-type]
    reasons: list[Reason] = Field([], min_length=1, max_length=9)
    max_tries: int = Field(5, ge=1, le=20)
    judge_within_h: int = Field(72, ge=1, le=2000)
    staffed_hours: float | None = Field(None, ge=0.1, le=10_000)
    overflow: Literal["hold", "stretch", "fewer"] = "hold"
    known_rate: float = Field(0, ge=0, le=0.5)
    second_rate: Rate = 0
    hidden_rate: float = Field(0, ge=0, le=0.5)
    practice_looks: int = Field(0, ge=0, le=100)
    practice_right: float = Field(0.8, ge=0.5, le=1)
    looks: int = Field(1, ge=1, le=5)
    skills: list[str] = Field([], max_length=20)
    skill_field: FieldName = ""
    stake_field: FieldName = ""
    answer_within_h: float | None = Field(None, ge=0.05, le=2000)
    overtaken_h: float = Field(24, ge=0, le=720)
    pictures: bool = False
    undo_s: int = Field(10, ge=0, le=3600)


class SettingsOut(Shape):
    """A task with all its settings."""

    slug: str = Field(examples=["sort-messages"])
    name: str
    title_field: str
    input_schema: Any
    output_schema: Any
    error_limit: float
    delta: float
    audit_floor: float
    never_unattended: list[Any]
    sentinels_off: list[str]
    reasons: list[Any]
    max_tries: int
    judge_within_h: int
    staffed_hours: float | None
    overflow: str
    known_rate: float
    second_rate: float
    hidden_rate: float
    practice_looks: int
    practice_right: float
    looks: int
    skills: list[str]
    skill_field: str
    stake_field: str
    answer_within_h: float | None
    overtaken_h: float
    pictures: bool
    undo_s: int
    paused: bool


class Worker(BaseModel):
    """What may be changed of a worker; what is left out stays as it is. Where it is called is for admins."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"temperature": 0.2}]})
    name: str = Field("Worker", pattern=r"\S", max_length=80)
    model: str = Field(None, min_length=1, max_length=120)  # type: ignore[assignment]  # left out is not None
    instructions: str = Field(None, pattern=r"\S", max_length=60_000)  # type: ignore[assignment]  # the same
    examples: list[dict[str, Any]] = Field([], max_length=1000, description='Each {"input": ..., "output": ...}.')
    temperature: float = Field(0, ge=0, le=2)
    samples: int = Field(1, ge=1, le=16)
    ask_confidence: bool = False
    logprobs: bool = True
    max_tokens: int = Field(1000, ge=1, le=64_000)
    timeout_s: float = Field(60, ge=1, le=600)
    in_flight: int = Field(16, ge=1, le=2000)
    requests_per_min: int | None = Field(None, ge=1, le=2_000_000_000)
    tokens_per_min: int | None = Field(None, ge=1, le=2_000_000_000)
    daily_budget: float | None = Field(None, ge=0, le=900_000)
    price_in: float | None = Field(None, ge=0, le=900_000)
    price_out: float | None = Field(None, ge=0, le=900_000)
    base_url: str = Field("", max_length=400)
    key_name: str = Field("", max_length=60)
    hedge: bool = False
    batch: bool = False
    fallback_on: list[Literal[tuple(FallbackOn.values)]] = Field([])  # type: ignore[valid-type]
    fallback_after_s: int = Field(30, ge=0, le=86_400)


class WorkerOut(Shape):
    """One version of a worker; it works while `retired_at` is null. `rung` 2 is the fallback."""

    id: int
    name: str = Field(examples=["Worker"])
    version: int
    rung: int
    retired_at: Moment | None
    created_at: Moment
    trouble: str
    model: str = Field(examples=["small-model"])
    instructions: str
    examples: list[Any]
    temperature: float
    samples: int
    ask_confidence: bool
    logprobs: bool
    max_tokens: int
    timeout_s: float
    in_flight: int
    requests_per_min: int | None
    tokens_per_min: int | None
    daily_budget: float | None
    price_in: float | None
    price_out: float | None
    base_url: str
    key_name: str
    hedge: bool
    batch: bool
    fallback_on: list[str]
    fallback_after_s: int


class WorkersOut(Shape):
    """A task's workers, newest version first, at most 50."""

    workers: list[WorkerOut]


class Start(BaseModel):
    """Where a new task's slider begins."""

    model_config = ConfigDict(extra="forbid", strict=True)
    share: float = Field(0, ge=0, le=1)
    mode: Literal["guarded", "trial"] = "guarded"


class NewTask(BaseModel):
    """A task with its first worker, and where its slider begins."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(pattern=r"\S", max_length=120, examples=["Sort messages"])
    slug: Slug | None = Field(None, description="Its short name; made of the name where it is left out.")
    input_schema: Input
    output_schema: Output
    worker: Worker = Field(
        examples=[{"name": "reader", "model": "small-model", "instructions": "Read the message and say its topic."}]
    )
    settings: Settings = Field(default_factory=Settings)
    start: Start = Field(default_factory=Start)

    @model_validator(mode="after")
    def is_whole(self) -> "NewTask":
        """A first worker has nothing to keep what is left out from."""
        lacking = {"model", "instructions"} - self.worker.model_fields_set
        if lacking:
            raise ValueError(f"the worker lacks {' and '.join(sorted(lacking))}")
        return self


class Pause(BaseModel):
    """Whether a task's workers stand still, and why."""

    model_config = ConfigDict(extra="forbid", strict=True)
    paused: bool
    reason: str = Field(min_length=1, max_length=500, examples=["the endpoint is being moved"])
