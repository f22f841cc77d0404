"""The rows of a history that can be used: each item once, judged, and of the worker's own outputs."""

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from django.db.models import QuerySet

from slider.engine import evidence
from slider.engine.arrays import Bools, Floats
from slider.flow.past.meaning import Cell, Meaning, Row
from slider.models import Item, Past, PastRow, PastState, Task
from slider.rows import Bad

NOBODY = "-"  # in place of a model: none of them is the worker in force
_LOOKED_UP = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Sifted:
    """Usable rows in the order of the file, and what became of the others."""

    ids: list[str]
    x: Floats
    further: Floats
    correct: Bools
    propensity: Floats
    own: Bools
    times: list[Cell | None]
    counts: Counter[str]
    models: Counter[str]
    tasks: Counter[str]
    refused: list[Bad]

    def of(self, chosen: Bools) -> "Sifted":
        """The rows for which `chosen` is True."""
        places = np.flatnonzero(chosen).tolist()
        return replace(
            self,
            ids=[self.ids[p] for p in places],
            x=self.x[chosen],
            further=self.further[chosen],
            correct=self.correct[chosen],
            propensity=self.propensity[chosen],
            own=self.own[chosen],
            times=[self.times[p] for p in places] if self.times else [],
        )


class Sieve:
    """Takes rows one by one and keeps of each what is needed, in a few dozen bytes."""

    def __init__(self, meaning: Meaning, *, most_refused: int) -> None:
        self._meaning, self._most_refused = meaning, most_refused
        self._ids: list[str] = []
        self._lines, self._correct, self._own = array("L"), array("b"), array("b")
        self._x, self._further, self._propensity = array("d"), array("d"), array("d")
        self._times: list[Cell | None] = []
        self._first: dict[tuple[str, str], int] = {}
        self._repeats: Counter[str] = Counter()
        self._bad: set[int] = set()
        self.counts: Counter[str] = Counter()
        self.models: Counter[str] = Counter()
        self.tasks: Counter[str] = Counter()
        self.refused: list[Bad] = []

    def refuse(self, bad: Bad) -> None:
        """Leave a row out and remember why."""
        self.counts["refused"] += 1
        if len(self.refused) < self._most_refused:
            self.refused.append(bad)

    def add(self, row: Row | Bad) -> None:
        """Take one row of the file."""
        self.counts["read"] += 1
        if isinstance(row, Bad):
            self.refuse(row)
            return
        self.tasks[row.task] += 1
        if self._meaning.own_task and row.task != self._meaning.own_task:
            self.counts["elsewhere"] += 1
        elif row.correct is None:
            self.counts["unlabelled"] += 1
        else:
            self.models[row.model] += 1
            self._keep(row, row.correct)

    def _keep(self, row: Row, correct: bool) -> None:  # noqa: FBT001 (it is the row's own, known to be there)
        named = self._named(row)
        signals = [row.signals.get(name, np.nan) for name in evidence.SIGNALS]
        known = self._first.get((row.model, named))
        if known is None:
            self._first[row.model, named] = len(self._ids)
            self._ids.append(named)
            self._lines.append(row.line)
            self._correct.append(correct)
            self._own.append(self._is_own(row.model))
            self._x.extend(signals)
            self._further.extend(row.further.get(name, np.nan) for name in self._meaning.keep)
            self._propensity.append(row.propensity)
            if self._meaning.time:
                self._times.append(row.time)
        elif self._same(known, signals, correct=correct):
            self.counts["identical"] += 1
        else:
            self._bad.add(known)
            first = self._lines[known]
            self.counts["contradicting"] += 1
            self.refuse(Bad(row.line, f"the id of line {first} again, saying something else: neither counts", "id"))

    def _named(self, row: Row) -> str:
        """A row's id. Rows without ids of their own that are equal are as many items as there are rows."""
        if self._meaning.id:
            return row.id
        self._repeats[row.id] += 1
        return f"{row.id}-{self._repeats[row.id]}"

    def _is_own(self, model: str) -> bool:
        return self._meaning.own_model in ("", model)

    def _same(self, place: int, signals: Sequence[float], *, correct: bool) -> bool:
        width = len(evidence.SIGNALS)
        held = np.array(self._x[place * width : (place + 1) * width])
        return bool(self._correct[place]) == correct and np.array_equal(held, np.array(signals), equal_nan=True)

    def finish(self, task: Task) -> Sifted:
        """Take out what counts elsewhere already: live items of the task, and rows of histories in force."""
        chosen = np.ones(len(self._ids), dtype=np.bool_)
        chosen[sorted(self._bad)] = False
        for why, taken in (("live", self._live(task)), ("used", self._used(task))):
            for place in taken:
                if not chosen[place]:
                    continue
                chosen[place] = False
                self.counts[why] += 1
                reason = {
                    "live": "is an item of this task: its verdict counts by itself",
                    "used": "was evidence of this task before: a row counts once",
                }[why]
                self.refuse(Bad(self._lines[place], reason, "id"))
        size = len(self._ids)
        whole = Sifted(
            self._ids,
            np.array(self._x, dtype=np.float64).reshape(size, len(evidence.SIGNALS)),
            np.array(self._further, dtype=np.float64).reshape(size, len(self._meaning.keep)),
            np.array(self._correct, dtype=np.bool_),
            np.array(self._propensity, dtype=np.float64),
            np.array(self._own, dtype=np.bool_),
            self._times,
            self.counts,
            self.models,
            self.tasks,
            self.refused,
        )
        return whole.of(chosen)

    def _live(self, task: Task) -> list[int]:
        return self._places(Item.objects.filter(task=task))

    def _used(self, task: Task) -> list[int]:
        before = Past.objects.filter(task=task, state=PastState.IN_FORCE, epoch__isnull=False)
        return self._places(PastRow.objects.filter(past__in=before, own=True))

    def _places(self, rows: "QuerySet[Item] | QuerySet[PastRow]") -> list[int]:
        """The rows of the file whose ids are among these, looked up a few thousand at a time."""
        if not self._meaning.id:
            return []  # names made of contents say nothing about items elsewhere
        found: list[int] = []
        for start in range(0, len(self._ids), _LOOKED_UP):
            ids = self._ids[start : start + _LOOKED_UP]
            known = set(rows.filter(external_id__in=ids).values_list("external_id", flat=True))
            found += [start + n for n, name in enumerate(ids) if name in known]
        return found
