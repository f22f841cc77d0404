"""What the API gives, typed. Fields that a later server adds are passed over."""

import types
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Kind = TypeVar("Kind")


@dataclass(frozen=True, slots=True)
class NewItem:
    """One item to push. Under the same `external_id` it is the same item, for ever. `priority`: lower goes first."""

    input: Mapping[str, Any]
    external_id: str | None = None
    priority: int = 0
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an item: `added`, or `known` where it was here already."""

    status: str
    id: int
    external_id: str


@dataclass(frozen=True, slots=True)
class TakenRow:
    """What became of one row of a batch; `where` is a JSON pointer into the batch."""

    status: str
    id: int | None
    external_id: str
    where: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Import:
    """A file on its way in. `state`: arriving, examining, asking, trying, waiting, running, done, failed, dropped.

    `tried` is what the last dry run counted; `columns` what stands in the file, once it is examined.
    """

    id: int
    task: str
    name: str
    purpose: str
    state: str
    problem: str
    note: str
    rows: int | None
    seen: int
    added: int
    known: int
    refused: int
    columns: list[dict[str, Any]]
    mapping: dict[str, Any] | None
    tried: dict[str, Any] | None
    history: int | None
    drops_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of a file that did not come in, or would not."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """A result. `number` 1 is the first; later ones correct it."""

    item: int
    external_id: str
    number: int
    corrects: int | None
    ending: str
    answer: Any
    reason: str | None
    lane: str | None
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Results:
    """A page of results. Keep `next`, also of an empty page, and ask again with it."""

    results: list[Result]
    next: str
    more: bool


@dataclass(frozen=True, slots=True)
class Item:
    """An item and its state."""

    id: int
    external_id: str
    state: str
    priority: int
    due_at: datetime | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer of a worker, without its content."""

    worker: str
    outcome: str
    latency_ms: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OneItem:
    """One item with all that is known of it; `result` is None until it is due."""

    id: int
    external_id: str
    state: str
    priority: int
    due_at: datetime | None
    created_at: datetime
    finished_at: datetime | None
    task: str
    lane: str | None
    attempts: list[Attempt]
    result: Result | None
    corrections: list[Result]


@dataclass(frozen=True, slots=True)
class Task:
    """A task and where its slider stands. Shares run from 0 to 1; `allowed` None: not known yet."""

    slug: str
    name: str
    paused: bool
    mode: str
    requested: float
    allowed: float | None
    effective: float
    held: bool
    policy: int


@dataclass(frozen=True, slots=True)
class Me:
    """The key that asks: what it is called, whom it acts for, and what it may."""

    key: str
    project: dict[str, str]
    scopes: list[str]
    person: str | None
    role: str | None
    may: list[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """A look that its person holds under `token`. `hidden`: the draft comes after their own answer."""

    id: int
    token: int
    lease_until: datetime | None
    task: str
    item: int
    external_id: str
    title: str
    input: Any
    hidden: bool
    proposal: Any
    fields: list[dict[str, Any]]
    doubt: str
    p_correct: float | None
    distrusted: bool
    own: Any
    words: list[dict[str, Any]]
    reasons: list[dict[str, str]]
    output_schema: Any


@dataclass(frozen=True, slots=True)
class Decided:
    """A verdict as it stands; it can be taken back until `undo_until`."""

    id: int
    item: int
    token: int
    verdict: str
    answer: Any
    reason: str
    decided_at: datetime
    undo_until: datetime | None


@dataclass(frozen=True, slots=True)
class Slider:
    """Where a slider stands, and in words why it is not more."""

    requested: float
    allowed: float | None
    effective: float
    mode: str
    held: bool
    state: str
    words: str
    why: str
    more: str
    promised: bool
    policy: int
    error_limit: float
    sure: float


@dataclass(frozen=True, slots=True)
class Preview:
    """What a share would come to; `then` and `now` are days, `window` the two walls."""

    share: float
    mode: str
    effective: float
    words: str
    then: dict[str, Any]
    now: dict[str, Any]
    window: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    person: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Export:
    """A file of items; `rows`, `bytes` and `sha256` are of the whole once its `state` is done."""

    id: int
    task: str
    state: str
    problem: str
    format: str
    items: dict[str, str]
    parts: list[str]
    as_of: datetime | None
    total: int | None
    looked: int
    rows: int
    bytes: int
    sha256: str | None
    name: str
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A new key: `key` is shown this once."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    expires_at: datetime | None
    key: str | None


def record(kind: type[Kind], told: Mapping[str, Any]) -> Kind:
    """What the server told, as one of these."""
    hints = get_type_hints(kind)
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]  # each kind here is a dataclass
    return kind(**{name: _value(hints[name], told[name]) for name in names if name in told})


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if get_origin(hint) is types.UnionType:
        return _value(next(one for one in get_args(hint) if one is not type(None)), value)
    if get_origin(hint) is list and isinstance(value, list):
        return [_value(get_args(hint)[0], one) for one in value]
    if hint is datetime and isinstance(value, str):
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__") and isinstance(value, dict):
        return record(hint, value)
    return value
