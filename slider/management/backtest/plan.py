"""What a backtest is asked for, and the one replay that a process works at."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from slider.engine.arrays import Bools, Ints
from slider.engine.backtest import baselines, measures, planted, pool_stream
from slider.engine.backtest.measures import Measures
from slider.engine.backtest.people import People
from slider.engine.backtest.pool import Pool
from slider.engine.backtest.pool_stream import Change, PoolStream
from slider.engine.backtest.replay import BLOCK, Record, replay
from slider.engine.orders import Tuning

ORDERS = ("bootstrap", "file", "phases")
ITEMS = 20_000
REACHED = 500
"""Items at the end of a phase over which the share that was reached is taken."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything but the answers.

    Attributes:
        limits: the errors that are tolerated, each its own replay.
        delta: the chance with which the promise may fail.
        slider: the largest share that the product's rule may open.
        tuning: of the product's rule.
        people: who judges.
        known_answers: wrong answers that reviewers judge first where they miss some; 0: nobody corrects for misses.
        votes: a person drawn from each row's votes judges it.
        order: one of `ORDERS`.
        regression: right answers that turn wrong from an item on, silently; 0: nothing changes.
        regression_at: that item; 0: the middle of each replay.
        replays, items, seed: how many, how long; items 0: 20,000, or all rows where the order is the file's.
        rules: names from `baselines.RULES`.
    """

    limits: tuple[float, ...] = (0.05, 0.02, 0.01)
    delta: float = 0.05
    slider: float = 1.0
    tuning: Tuning = field(default_factory=Tuning)
    people: People = field(default_factory=People)
    known_answers: int = planted.PLANTED
    votes: bool = False
    order: str = "bootstrap"
    regression: float = 0.0
    regression_at: int = 0
    replays: int = 200
    items: int = 0
    seed: int = 5
    rules: tuple[str, ...] = tuple(baselines.RULES)

    def length(self, pool: Pool) -> int:
        """Return the items of a replay of a pool, in whole blocks."""
        items = self.items or (pool.rows if self.order == "file" else ITEMS)
        return (min(items, pool.rows) if self.order == "file" else items) // BLOCK * BLOCK

    def change(self, pool: Pool) -> Change | None:
        """Return the regression in a replay of a pool, at the beginning of a block."""
        at = self.regression_at or self.length(pool) // 2
        return Change(at=at // BLOCK * BLOCK, rate=self.regression) if self.regression else None


@dataclass(frozen=True, slots=True)
class Job:
    """One rule on one pool at one limit."""

    pool: Pool
    limit: float
    rule: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Phase:
    """What ran in one phase of the stream; shares are of its items.

    Attributes:
        items: of a replay.
        share: unattended.
        reached: unattended among its last 500 items, or all where it has fewer: where the rule had come to.
        oracle: the largest cut that keeps the limit in this phase, with the ranking of its end.
        error: wrong among what ran unattended; None where nothing did.
    """

    name: str
    items: int
    share: float
    reached: float
    oracle: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job found. `promises`: whether the rule claims that the limit holds."""

    pool: str
    rows: int
    limit: float
    rule: str
    promises: bool
    measures: Measures
    phases: tuple[Phase, ...]


def jobs(pools: Sequence[Pool], asked: Plan) -> list[Job]:
    """Lay out all replays, in the order of the table."""
    return [Job(pool, limit, rule, asked) for pool in pools for limit in asked.limits for rule in asked.rules]


def run(job: Job) -> Outcome:
    """Replay one job."""
    plan, items, change = job.plan, job.plan.length(job.pool), job.plan.change(job.pool)
    given = baselines.Setting(
        replays=plan.replays,
        items=items,
        limit=job.limit,
        delta=plan.delta,
        people=plan.people,
        tuning=plan.tuning,
        slider=plan.slider,
    )
    if plan.people.miss > 0.0 and plan.known_answers:
        given = planted.with_known_answers(given, planted=plan.known_answers, seed=plan.seed)
    stream = PoolStream(
        job.pool,
        replays=plan.replays,
        items=items,
        order=plan.order,
        seed=plan.seed,
        learn_until=None if job.rule == baselines.GUARDED else baselines.LEARNS_UNTIL,
        change=change,
        votes=plan.votes,
    )
    rule = baselines.RULES[job.rule](given)
    record = replay(stream, rule, items=items, people=plan.people, limit=job.limit, seed=plan.seed)
    phases = pool_stream.phases_of(job.pool, items=items, order=plan.order)
    return Outcome(
        pool=job.pool.name,
        rows=job.pool.rows,
        limit=job.limit,
        rule=job.rule,
        promises=rule.promises,
        measures=measures.measure(record, limit=job.limit, change=change.at if change else None),
        phases=_by_phase(record, phases[::BLOCK], job.pool.phase_names),
    )


def _by_phase(record: Record, phases: Ints, names: tuple[str, ...]) -> tuple[Phase, ...]:
    """Sum up each phase, in the order in which they come; a block belongs to the phase of its first item."""
    numbers, firsts = np.unique(phases, return_index=True)
    if len(numbers) < 2:
        return ()
    return tuple(_phase(record, phases == phase, names[phase]) for phase in numbers[np.argsort(firsts)].tolist())


def _phase(record: Record, here: Bools, name: str) -> Phase:
    lane, ran = record.lane[here], int(record.lane[here].sum())
    end = int(np.flatnonzero(here)[-1]) + 1
    return Phase(
        name=name or "-",
        items=len(lane) * record.block,
        share=float(lane.mean()) / record.block,
        reached=float(lane[-max(1, REACHED // record.block) :].mean()) / record.block,
        oracle=float(record.oracles[end].mean()),
        error=int(record.wrong[here].sum()) / ran if ran else None,
    )
