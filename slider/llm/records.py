"""What goes to a model and what comes back: the records that cross from this floor to the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from slider.schema import Schema
from slider.strict import JSON, canonical


class Outcome(StrEnum):
    """How a call to a model ended. Every way has a name, so that nothing ends as a guess."""

    ANSWERED = "answered"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    FILTERED = "filtered"
    EMPTY = "empty"
    MALFORMED = "malformed"
    SCHEMA_BROKEN = "schema_broken"
    TOO_LONG = "too_long"
    BAD_RESPONSE = "bad_response"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CONNECTION_LOST = "connection_lost"
    BAD_REQUEST = "bad_request"
    UNAUTHORISED = "unauthorised"
    UNKNOWN_MODEL = "unknown_model"

    @property
    def retryable(self) -> bool:
        """The same call may well succeed later: the endpoint or the line failed, not the question."""
        return self in _RETRYABLE

    @property
    def needs_a_person(self) -> bool:
        """The settings are wrong and every further item would fail alike: stop and tell somebody."""
        return self in _SETTINGS_WRONG


_RETRYABLE = frozenset(
    {
        Outcome.BAD_RESPONSE,
        Outcome.TIMEOUT,
        Outcome.RATE_LIMITED,
        Outcome.SERVER_ERROR,
        Outcome.CONNECTION_LOST,
    }
)
_SETTINGS_WRONG = frozenset({Outcome.UNAUTHORISED, Outcome.UNKNOWN_MODEL})


class Flag(StrEnum):
    """What was odd about a call that nevertheless gave something to work with."""

    FENCED = "fenced"  # the answer stood in a Markdown fence
    SAMPLES_SHORT = "samples_short"  # the endpoint gave fewer samples than were asked for
    LOGPROBS_UNUSABLE = "logprobs_unusable"  # asked for, but missing, shorter than the text, positive or not numbers
    CONFIDENCE_UNUSABLE = "confidence_unusable"  # asked for, but missing or not a number from 0 to 1
    USAGE_MISSING = "usage_missing"  # the endpoint did not count tokens, so the cost is not known


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message; `role` is system, user or assistant."""

    role: str
    content: str


class Restore(Protocol):
    """Puts back into an answer what was masked in the question."""

    def __call__(self, value: JSON, *, most: int | None = None) -> JSON:
        """The answer with what was masked; ValueError where more than `most` characters would be put into it."""

    def text(self, text: str) -> str:
        """A text with what was masked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question to a model; None leaves a parameter to the endpoint.

    `messages`, `response_format` and `wrapped` come from `prompt`; `schema` is the compiled output schema,
    `wrapped` says that the answer comes as {"answer": ...}.
    """

    model: str
    messages: Sequence[Message]
    schema: Schema
    response_format: dict[str, JSON] | None = None
    wrapped: bool = False
    ask_confidence: bool = False
    temperature: float | None = None
    n: int = 1
    max_tokens: int | None = None
    logprobs: bool = False
    top_logprobs: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the n answers of a call. `text` is the canonical answer, None unless `outcome` is answered."""

    outcome: Outcome
    text: str | None = None
    answer: JSON = None
    confidence: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value a field might have had: `logprob` at its least likely token, `share` (0-1) of samples."""

    text: str
    logprob: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """How sure the model was of one top-level field ("" when the answer is no object).

    `logprob` is the sum over the tokens of the field's value; None when there is none to trust.
    `alternatives` stand strongest first.
    """

    name: str
    logprob: float | None = None
    alternatives: tuple[Alternative, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a call gave, whatever happened. `answer` is meaningful only when `outcome` is answered.

    With several samples the answer is the most frequent one, the earliest among equals; `confidence`,
    `value_logprobs` and the logprobs in `fields` belong to the first sample that gave it. `value_logprobs`
    are of tokens that carry values, without punctuation and keys; empty when there are none to trust.
    """

    outcome: Outcome
    detail: str
    answer: JSON = None
    confidence: float | None = None
    samples: tuple[Sample, ...] = ()
    value_logprobs: tuple[float, ...] = ()
    fields: tuple[FieldEvidence, ...] = ()
    flags: frozenset[Flag] = frozenset()
    raw: str = ""
    tokens_in: int | None = None
    tokens_out: int | None = None
    latency_ms: float = 0.0
    finish_reason: str = ""
    retry_after_s: float | None = None
    masked: Mapping[str, int] = field(default_factory=dict)
    """How much of the item was masked or left out in what was sent, by kind; never what."""
    status: int = 0
    """The HTTP status of an answer that was none; 0 where it is not known or 200."""

    @property
    def overloaded(self) -> bool:
        """Whether the endpoint could not keep up: fewer calls at once may help it."""
        return self.outcome in (Outcome.RATE_LIMITED, Outcome.TIMEOUT) or self.status in (503, 529)

    @property
    def chosen_first(self) -> tuple[Sample, ...]:
        """The samples, one that gave the chosen answer in front, the others in the order they came."""
        if len(self.samples) < 2:
            return self.samples
        chosen = canonical(self.answer).decode() if self.outcome is Outcome.ANSWERED else None
        first = next((place for place, sample in enumerate(self.samples) if sample.text == chosen), 0)
        return (*self.samples[first : first + 1], *self.samples[:first], *self.samples[first + 1 :])
