"""The rows of the synthetic table: a stream, the people who judge it, and what is asked of it."""

from dataclasses import dataclass, field

from bench.streams import CHANGE, ITEMS, Kind, Made, truth
from slider.engine.backtest import baselines, measures, planted
from slider.engine.backtest.people import People
from slider.engine.backtest.replay import replay

LIMIT, DELTA = 0.03, 0.05


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        kind, people: what comes, and who judges it.
        known_answers: the miss rate is bounded by known wrong answers; else reviewers are held to catch every error.
        change: the item at which the stream changes; None where it does not.
        promised: whether the promise speaks of this row: not while a decay creeps in.
    """

    kind: Kind
    people: People = field(default_factory=People)
    known_answers: bool = False
    change: int | None = None
    promised: bool = True


_LATE = People(delay_wrong=900.0, longest=3000.0)
_NULL = Kind(flat=0.0302)

ROWS: dict[str, Row] = {
    "still": Row(Kind()),
    "null: every cut just above the limit": Row(_NULL),
    "late: errors judged after 900 items": Row(Kind(), people=_LATE),
    "null, late": Row(_NULL, people=_LATE),
    "reviewers miss 10 %, known answers": Row(Kind(), people=People(miss=0.1, false_alarm=0.0001), known_answers=True),
    "null, reviewers miss 10 %, known answers": Row(_NULL, people=People(miss=0.1), known_answers=True),
    "drift of scores, harder items": Row(Kind(drift=True)),
    "slow decay": Row(Kind(multiple=4.0, slowly=True), promised=False),
    "cluster from the start": Row(Kind(cluster=0.04)),
    "cluster appears": Row(Kind(cluster=0.04, cluster_from=CHANGE), change=CHANGE),
    "silent, error x4": Row(Kind(multiple=4.0), change=CHANGE),
    "silent, error x10": Row(Kind(multiple=10.0), change=CHANGE),
    "visible, error x4": Row(Kind(multiple=4.0, visible=True), change=CHANGE),
}


_COMPARED = ("still", "null: every cut just above the limit", "late: errors judged after 900 items", "drift of scores")
_AFTER_A_CHANGE = ("guarded", "fixed", "selective", "hoeffding", "clopper-pearson")


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule on one row."""

    row: str
    rule: str
    replays: int
    seed: int
    items: int = ITEMS


def rules(row: str) -> tuple[str, ...]:
    """Return the rules that a row is run with: all where it says most about them."""
    if ROWS[row].change is not None:
        return _AFTER_A_CHANGE
    everything = row.startswith(_COMPARED) or row == "cluster from the start"
    return tuple(baselines.RULES) if everything else (baselines.GUARDED,)


def run(asked: Asked) -> measures.Measures:
    """Replay one row under one rule."""
    row = ROWS[asked.row]
    truth(row.kind)  # measured once a process, and not on this replay's clock
    given = baselines.Setting(replays=asked.replays, items=asked.items, limit=LIMIT, delta=DELTA, people=row.people)
    if row.known_answers:
        given = planted.with_known_answers(given, seed=asked.seed)
    record = replay(
        Made(row.kind, replays=asked.replays, seed=asked.seed),
        baselines.RULES[asked.rule](given),
        items=asked.items,
        people=row.people,
        limit=LIMIT,
        seed=asked.seed,
    )
    return measures.measure(record, limit=LIMIT, change=row.change)
