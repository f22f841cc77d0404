"""The shapes of calls about the fleet, as the OpenAPI document shows them."""

from typing import Any, Literal

from pydantic import Field

from slider.api.shapes import Because, Moment, Shape

Stands = Literal["go", "paused", "draining"]


class Stand(Because):
    """How something is to stand: paused begins nothing new, draining finishes what it holds, go goes on."""

    stance: Stands = Field(examples=["draining"])


class StandTask(Stand):
    """The same of a task's workers, or of the one of this name."""

    worker: str = Field("", max_length=80, pattern=r"^[^\x00]*$", examples=["Worker"])


class HaltOut(Shape):
    """What stands still by somebody's word."""

    stance: Literal["paused", "draining"]
    reason: str = Field(examples=["the endpoint is being moved"])
    by: str = Field(examples=["anna"])
    since: Moment


class StoodOut(Shape):
    """How it stands now. `changed` false: it stood so already."""

    changed: bool
    stance: Stands
    halt: HaltOut | None


class StageOut(Shape):
    """A stage over all tasks. `more`: counting stopped, so there are at least so many. `rate`: what a minute counts."""

    name: str = Field(examples=["Waiting"])
    count: int
    more: bool
    oldest: Moment | None
    per_minute: float
    rate: str = Field(examples=["taken a minute"])
    errors: int
    error: str = Field(examples=["came back to be tried again"])


class TaskRowOut(Shape):
    """A task's backlog, its pace and how it stands. Counts stop at the board's `counted_to`."""

    task: str = Field(examples=["sort-messages"])
    stance: Stands
    halt: HaltOut | None = Field(description="Null where nobody said it, or the task was marked by hand.")
    waiting: int
    waiting_since: Moment | None
    working: int
    working_since: Moment | None
    looks: int
    looks_since: Moment | None
    no_answer: int = Field(description="With people, without a usable answer of a worker.")
    due: int
    due_since: Moment | None
    retrying: int
    given_up: int
    done_today: int
    answered_per_minute: float
    delivered_per_minute: float
    effective: float | None
    held: bool
    guard_silent: bool
    receiver_off: str


class WorkerRowOut(Shape):
    """A worker's newest version: its calls of the last minutes, and its money of today, all versions together.

    `spent` null: no price is known.
    """

    task: str = Field(examples=["sort-messages"])
    worker: str = Field(examples=["Worker"])
    model: str = Field(examples=["small-model"])
    halt: HaltOut | None
    flying: int
    in_flight: int
    calls_per_minute: float
    tokens_per_minute: float
    p50_ms: float | None
    p95_ms: float | None
    failed_share: float = Field(ge=0, le=1)
    failures: str = Field(description="What went wrong most often.")
    spent: float | None
    daily_budget: float | None
    trouble: str = Field(description="What keeps it from working.")


class ProcessOut(Shape):
    """A process. `task` and `worker`: what it pumps, where that is of this project."""

    pid: int
    node: str
    queues: list[str]
    task: str | None
    worker: str
    held: int
    flying: int
    state: Literal["lost", "paused", "draining", "drained", "working", "idle"]
    seen_at: Moment


class HostOut(Shape):
    """A machine of the fleet."""

    name: str = Field(examples=["alpha"])
    halt: HaltOut | None
    alive: int
    lost: int
    pumps: int
    held: int
    processes: list[ProcessOut]


class OperationOut(Shape):
    """What an operator did, and why."""

    id: int
    kind: Literal["pause", "drain", "resume", "requeue"]
    task: str | None
    worker: str
    host: str
    reason: str
    facts: dict[str, Any]
    by: str = Field(examples=["anna"])
    at: Moment


class OneHostOut(HostOut):
    """A machine with what was done to it, newest first."""

    operations: list[OperationOut]


class TableOut(Shape):
    """One of the largest tables; rows are PostgreSQL's own estimate."""

    name: str
    rows: int
    dead: int
    bytes: int
    vacuumed_at: Moment | None


class MachinesOut(Shape):
    """What belongs to the whole installation. `hints` wait in Redis, by queue; they are empty while it is away."""

    hosts: list[HostOut]
    connections: int
    most_connections: int
    longest_transaction_s: float
    database_bytes: int
    tables: list[TableOut]
    redis_up: bool
    redis_bytes: int
    hints: dict[str, int]


class WantOut(Shape):
    """What wants somebody. `grave`: something stands still or is lost."""

    words: str
    task: str | None
    grave: bool


class ActOut(Shape):
    """What the guard did by itself."""

    task: str
    kind: str
    words: str
    at: Moment


class BoardOut(Shape):
    """Everything of the project that runs. `machines` is null unless the key's person runs the installation.

    `sweep_s` and `guard_s`: seconds since either gave a sign of life; null: never.
    """

    as_of: Moment
    counted_to: int
    stages: list[StageOut]
    tasks: list[TaskRowOut]
    workers: list[WorkerRowOut]
    sweep_s: float | None
    guard_s: float | None
    guard_oldest_s: float | None
    wants: list[WantOut]
    acts: list[ActOut]
    operations: list[OperationOut]
    machines: MachinesOut | None


class OutcomeOut(Shape):
    """Items without a usable answer, by their outcome."""

    outcome: str = Field(examples=["refused"])
    words: str
    count: int


class TaskBoardOut(TaskRowOut):
    """How a task stands, what of it is stuck by outcome, and what was done to it, newest first."""

    workers: list[WorkerRowOut]
    outcomes: list[OutcomeOut]
    operations: list[OperationOut]
