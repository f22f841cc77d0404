"""What the columns of a history mean, and a row read by it: signals as log-odds, and right or wrong."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from slider import strict
from slider.engine import evidence
from slider.rows import Bad, Values

Cell: TypeAlias = str | float | bool
WAYS = {
    "probability": "a chance, 0 to 1",
    "percent": "per cent, 0 to 100",
    "logodds": "log-odds, as it stands",
    "logprob": "a log-probability, at most 0",
}
ID_MOST = 255
_RIGHT = frozenset(
    ["1", "true", "t", "yes", "y", "right", "correct", "ok", "okay", "accept", "accepted", "pass", "passed", "good"]
)
_WRONG = frozenset(
    [
        "0",
        "false",
        "f",
        "no",
        "n",
        "wrong",
        "incorrect",
        "error",
        "reject",
        "rejected",
        "fix",
        "fixed",
        "fail",
        "failed",
        "bad",
    ]
)
_LEAST_P = 1e-9
_MOST_LOGODDS = 1e3


class Unreadable(ValueError):
    """A cell that can't be what its column is said to be."""

    def __init__(self, reason: str, column: str) -> None:
        super().__init__(reason)
        self.column = column


@dataclass(frozen=True, slots=True)
class Signal:
    """A column that is one of the product's signals; `way` is one of WAYS."""

    column: str
    way: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """Which column is what; an empty name is none. `says` is what a 1 means in the column `correct`."""

    id: str = ""
    correct: str = ""
    says: str = "right"
    answer: str = ""
    gold: str = ""
    signals: Mapping[str, Signal] = field(default_factory=dict)
    keep: tuple[str, ...] = ()
    time: str = ""
    propensity: str = ""
    model: str = ""
    own_model: str = ""
    task: str = ""
    own_task: str = ""
    reading: str = ""  # straight or flipped, once somebody was asked

    @property
    def is_flipped(self) -> bool:
        """Whether the outcome is read the other way round from what the file says."""
        return (self.says == "wrong") != (self.reading == "flipped")

    def to_json(self) -> dict[str, Any]:
        """A value for a JSON column."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Meaning":
        """Read back what `to_json` wrote."""
        signals = {name: Signal(**signal) for name, signal in stored.get("signals", {}).items()}
        return cls(**(dict(stored) | {"signals": signals, "keep": tuple(stored.get("keep", ()))}))


@dataclass(frozen=True, slots=True)
class Row:
    """One past output. `correct` is None where nobody judged it; absent signals were not given."""

    line: int
    id: str
    correct: bool | None
    signals: Mapping[str, float]
    further: Mapping[str, float]
    propensity: float
    time: Cell | None
    model: str
    task: str


def verdict_of(cell: Cell, /) -> bool | None:
    """Right or wrong in the many ways in which people write it; None for anything else."""
    if isinstance(cell, bool):
        return cell
    word = str(cell).strip().lower()
    if word.endswith(".0"):
        word = word.removesuffix(".0")
    return True if word in _RIGHT else False if word in _WRONG else None


def read(values: Values, meaning: Meaning, *, others: int) -> Row | Bad:
    """One row by its columns' meaning. `others` is how many further samples the worker takes for its agreement."""
    cells = values.cells
    try:
        correct = _outcome(cells, meaning)
        signals = {
            name: logodds(number, signal.way, name, column=signal.column, others=others)
            for name, signal in meaning.signals.items()
            if (number := _number(cells, signal.column)) is not None
        }
        further = {name: number for name in meaning.keep if (number := _number(cells, name)) is not None}
        propensity = _propensity(cells, meaning.propensity)
        identifier = _id(cells, meaning.id)
    except Unreadable as error:
        return Bad(values.line, str(error), error.column)
    return Row(
        values.line,
        identifier,
        None if correct is None else correct != meaning.is_flipped,
        signals,
        further,
        propensity,
        cells.get(meaning.time) if meaning.time else None,
        str(cells.get(meaning.model, ""))[:80] if meaning.model else "",
        str(cells.get(meaning.task, ""))[:80] if meaning.task else "",
    )


def _outcome(cells: Mapping[str, Cell], meaning: Meaning) -> bool | None:
    if meaning.correct:
        cell = cells.get(meaning.correct)
        if cell is None:
            return None
        verdict = verdict_of(cell)
        if verdict is None:
            raise Unreadable(f"{strict.shown(str(cell))} is neither right nor wrong", meaning.correct)
        return verdict
    answer, gold = cells.get(meaning.answer), cells.get(meaning.gold)
    # No truth: nobody judged it. No answer although there is a truth: the worker failed, and that is wrong.
    return None if gold is None else answer is not None and _same(answer, gold)


def _same(answer: Cell, gold: Cell) -> bool:
    """Whether two cells say the same, whatever the case, the blanks and the way a number is written."""
    left, right = (" ".join(str(cell).split()).casefold() for cell in (answer, gold))
    if left == right:
        return True
    try:
        return float(left) == float(right)
    except ValueError:
        return False


def _id(cells: Mapping[str, Cell], column: str) -> str:
    """The row's own id, or a name made of all that it holds where the file has no ids."""
    if not column:
        return f"row-{strict.digest(dict(cells))[:16].hex()}"
    cell = cells.get(column)
    if cell is None:
        raise Unreadable("is empty: every row needs an id", column)
    text = str(cell)
    if len(text) > ID_MOST or "\x00" in text:
        raise Unreadable(f"the id has {len(text)} characters: at most {ID_MOST} are taken, and no NUL", column)
    return text


def _propensity(cells: Mapping[str, Cell], column: str) -> float:
    if not column:
        return 1.0
    chance = _number(cells, column)
    if chance is None:
        raise Unreadable("is empty: every row needs the chance with which it was looked at", column)
    if not 1 / 64 <= chance <= 1:
        raise Unreadable(f"{chance:g} is no chance from 1/64 (0.0157) to 1: rarer looks can't be weighed up", column)
    return chance


def _number(cells: Mapping[str, Cell], column: str) -> float | None:
    cell = cells.get(column)
    if cell is None:
        return None
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        raise Unreadable(f"{strict.shown(str(cell))} is no number", column) from None
    if not math.isfinite(number):
        raise Unreadable(f"{strict.shown(str(cell))} is no number: leave the cell empty where nothing is known", column)
    return number


def logodds(number: float, way: str, signal: str, *, column: str, others: int) -> float:
    """A number as the log-odds that the live worker's signal would be. Raises Unreadable outside its range."""
    if way == "logodds":
        return min(max(number, -_MOST_LOGODDS), evidence.MOST_LOGODDS)
    if way == "logprob":
        if number > 0:
            raise Unreadable(f"{number:g} is no log-probability: those are 0 or less", column)
        return evidence.token_logodds([number]) or 0.0
    share = number / 100 if way == "percent" else number
    if not 0 <= share <= 1:
        reach = "0 to 100" if way == "percent" else "0 to 1"
        raise Unreadable(f"{number:g} is outside {reach}", column)
    if signal == "stated":
        return evidence.stated(share) or 0.0
    if signal == "agreement":
        return math.log(share * others + 0.5) - math.log((1 - share) * others + 0.5)
    return evidence.token_logodds([math.log(max(share, _LEAST_P))]) or 0.0
