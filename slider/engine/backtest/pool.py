"""A pool of answers whose truth is known: what a backtest draws its items from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Bools, Floats

_LEAST_ODDS = 1e-4


class Unfit(ValueError):
    """A row that no backtest can use; the message says which and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The answers of one worker to one task.

    Attributes:
        name: task and worker.
        signals: names of the columns of `x`; larger means more trust, until labels say otherwise.
        x: shape (rows, signals), NaN where the worker gave none.
        trusted: shape (signals,), False for a signal without a direction.
        correct: shape (rows,).
        answered: shape (rows,), False where no signal is known: least trusted, and never unattended.
        doubt: shape (rows,), the chance that one person, drawn from those who voted, calls the answer wrong; equal to
            the truth where nobody's votes are known.
        phases: shape (rows,), number of the phase that a row belongs to, in the order of the stream.
        phase_names: their names.
    """

    name: str
    signals: tuple[str, ...]
    x: Floats
    trusted: Bools
    correct: Bools
    answered: Bools
    doubt: Floats
    phases: "np.ndarray[tuple[int], np.dtype[np.int64]]"
    phase_names: tuple[str, ...]

    @property
    def rows(self) -> int:
        return len(self.correct)


def pools(rows: Iterable[Mapping[str, object]], *, least: int = 1) -> list[Pool]:
    """Sort rows into pools by task and worker.

    Args:
        rows: `{"id", "task", "model", "signals": {name: number}, "correct": 0 | 1}`, and where there are any `t` (place
            in the stream), `phase`, `answer` with `human_votes` ({answer: number of people}).
        least: pools with fewer rows are left out.

    Raises:
        Unfit: a row lacks a field or holds something else than it should; names the row's number, from 1.
    """
    found: dict[str, list[_Row]] = {}
    for number, row in enumerate(rows, start=1):
        read = _read(row, number)
        found.setdefault(read.pool, []).append(read)
    return [_pool(name, mine) for name, mine in sorted(found.items()) if len(mine) >= least]


@dataclass(frozen=True, slots=True)
class _Row:
    pool: str
    signals: Mapping[str, float]
    correct: bool
    t: float
    phase: str
    doubt: float


def _read(row: Mapping[str, object], number: int) -> _Row:
    signals, correct = row.get("signals"), row.get("correct")
    if not isinstance(signals, Mapping):
        raise Unfit(f"Row {number}: 'signals' is {signals!r}; give an object of numbers by name.")
    if correct not in (0, 1):
        raise Unfit(f"Row {number}: 'correct' is {correct!r}; give 1 for a right answer and 0 for a wrong one.")
    known = {}
    for name, value in signals.items():
        if value is None:
            continue
        if isinstance(value, bool | str) or not isinstance(value, int | float) or math.isinf(value):
            raise Unfit(f"Row {number}: signal {name!r} is {value!r}; give a finite number, or leave it out.")
        if not math.isnan(value):
            known[str(name)] = float(value)
    t = row.get("t", number)
    if isinstance(t, bool) or not isinstance(t, int | float):
        raise Unfit(f"Row {number}: 't' is {t!r}; give the item's place in time as a number.")
    return _Row(
        pool=f"{row.get('task', 'task')} / {row.get('model', 'worker')}",
        signals=known,
        correct=bool(correct),
        t=float(t),
        phase=str(row.get("phase", "")),
        doubt=_doubt(row, number, correct=bool(correct)),
    )


def _doubt(row: Mapping[str, object], number: int, *, correct: bool) -> float:
    votes = row.get("human_votes")
    if not isinstance(votes, Mapping) or "answer" not in row:
        return float(not correct)
    counts = {str(name): count for name, count in votes.items()}
    if not all(isinstance(count, int) and not isinstance(count, bool) and count >= 0 for count in counts.values()):
        raise Unfit(f"Row {number}: 'human_votes' is {votes!r}; give how many people chose each answer.")
    total = sum(int(count) for count in counts.values())
    return 1.0 - int(counts.get(str(row["answer"]), 0)) / total if total else float(not correct)


def _pool(name: str, rows: Sequence[_Row]) -> Pool:
    rows = sorted(rows, key=lambda row: row.t)
    names = sorted({signal for row in rows for signal in row.signals})
    x = np.full((len(rows), len(names)), np.nan)
    columns = {signal: column for column, signal in enumerate(names)}
    for place, row in enumerate(rows):
        for signal, value in row.signals.items():
            x[place, columns[signal]] = value
    answered = ~np.isnan(x).all(axis=1) if names else np.zeros(len(rows), dtype=np.bool_)
    kept = [column for column in range(len(names)) if np.nanstd(x[:, column]) > 0 or np.isnan(x[:, column]).any()]
    phases = list(dict.fromkeys(row.phase for row in rows))
    return Pool(
        name=name,
        signals=tuple(names[column] for column in kept),
        x=_logits(x[:, kept]),
        trusted=np.array([not names[column].endswith("_chars") for column in kept], dtype=np.bool_),
        correct=np.array([row.correct for row in rows], dtype=np.bool_),
        answered=answered,
        doubt=np.array([row.doubt for row in rows]),
        phases=np.array([phases.index(row.phase) for row in rows], dtype=np.int64),
        phase_names=tuple(phases),
    )


def _logits(x: Floats) -> Floats:
    """Turn columns that hold only probabilities into log-odds: near 0 and 1 a probability says too little."""
    result = x.copy()
    for column in range(x.shape[1]):
        known = x[~np.isnan(x[:, column]), column]
        if known.size and known.min() >= 0.0 and known.max() <= 1.0 and len(np.unique(known)) > 2:
            p = np.clip(x[:, column], _LEAST_ODDS, 1.0 - _LEAST_ODDS)
            result[:, column] = np.log(p) - np.log1p(-p)
    return result
