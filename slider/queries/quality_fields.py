"""Field by field: how often people call each one wrong or change it, in both lanes, and what they mark in its text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from slider import strict
from slider.engine import rates
from slider.models import Lane, Task
from slider.queries import errors, shape

NEWEST = 3_000  # items of each lane that are read
MOST_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Field:
    """One field in one lane. `wrong` are marked or fixed ones; rates are None where too little was said.

    Counts are of looks; where several people looked at an item, each of them is one. Rates are of items, or one item
    would be so many cases. The interval counts what nobody said both ways, as right for its lower end and as wrong for
    its upper one.
    """

    name: str
    looks: int
    right: int
    fixed: int
    wrong: int
    unsaid: int
    error: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Table:
    title: str
    looks: int
    lucky: int
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Passages:
    """What was marked in one text."""

    where: str
    count: int
    reasons: str


@dataclass(frozen=True, slots=True)
class Fields:
    tables: list[Table]
    passages: list[Passages]


@dataclass(frozen=True, slots=True)
class _Cell:
    """Looks, or verdicts on items, that said the same of every field: one look at an item is both."""

    is_item: bool
    is_look: bool
    chance: float
    verdict: str
    lucky: bool
    fixed: frozenset[str]
    right: frozenset[str]
    wrong: frozenset[str]
    count: int


_NEWEST = {
    Lane.UNATTENDED: """
        SELECT r.id, r.item_id, r.verdict, r.lucky, r.answer, d.attempt_id, d.audit_chance,
               true AS is_item, true AS is_look
        FROM (
            SELECT item_id, attempt_id, audit_chance FROM slider_decision
            WHERE task_id = %(task)s AND audit ORDER BY seq DESC LIMIT %(most)s
        ) AS d JOIN slider_review r ON r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1
        WHERE r.state = 'decided'
    """,
    Lane.PEOPLE: """
        SELECT r.id, r.item_id, r.verdict, r.lucky, r.answer, d.attempt_id, 1.0 AS audit_chance, r.is_item, r.is_look
        FROM (
            WITH gates AS (
                SELECT * FROM slider_review
                WHERE task_id = %(task)s AND state = 'decided' AND kind = 'gate' AND slot = 1
                ORDER BY item_id DESC LIMIT %(most)s
            )
            SELECT id, item_id, verdict, lucky, answer, true, looks IS NULL OR holder_id IS NOT NULL FROM gates
            UNION ALL
            SELECT p.id, p.item_id, p.verdict, p.lucky, p.answer, false, true
            FROM gates g JOIN slider_review p ON p.item_id = g.item_id AND p.kind = 'peer' AND p.state = 'decided'
            WHERE g.looks IS NOT NULL
        ) AS r(id, item_id, verdict, lucky, answer, is_item, is_look) JOIN slider_decision d ON d.item_id = r.item_id
    """,
}
# What a fix changed is seen from the two answers, so fixes of before there were marks count as well. A verdict that
# several people came to was marked by those of them who said the same.
_READ = """
WITH newest AS MATERIALIZED ({newest})
SELECT n.is_item, n.is_look, n.audit_chance, n.verdict, n.lucky, f.fields, m.rights, m.wrongs, count(*)
FROM newest n
JOIN slider_attempt a ON a.id = n.attempt_id AND a.answer IS NOT NULL
LEFT JOIN LATERAL (
    SELECT array_agg(name ORDER BY name) AS fields FROM (
        SELECT jsonb_object_keys(CASE WHEN jsonb_typeof(a.answer) = 'object' THEN a.answer ELSE '{{"": 0}}' END)
        WHERE n.verdict = 'fix'
        UNION
        SELECT jsonb_object_keys(CASE WHEN jsonb_typeof(n.answer) = 'object' THEN n.answer ELSE '{{"": 1}}' END)
        WHERE n.verdict = 'fix'
    ) AS names(name)
    WHERE name = '' OR a.answer -> name IS DISTINCT FROM n.answer -> name
) AS f ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT path ORDER BY path) FILTER (WHERE kind = 'right') AS rights,
           array_agg(DISTINCT path ORDER BY path) FILTER (WHERE kind = 'wrong') AS wrongs
    FROM slider_mark WHERE n.verdict <> 'accept' AND review_id = ANY(CASE WHEN n.is_look THEN ARRAY[n.id] ELSE ARRAY(
        SELECT p.id FROM slider_review p
        WHERE p.item_id = n.item_id AND p.kind = 'peer' AND p.state = 'decided' AND p.verdict = n.verdict
          AND p.answer IS NOT DISTINCT FROM n.answer
    ) END)
) AS m ON true
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""
_PASSAGES = """
WITH newest AS MATERIALIZED ({newest})
SELECT m.side, m.path, m.reason, count(*) FROM newest n JOIN slider_mark m ON m.review_id = n.id
WHERE m.kind = 'span' GROUP BY 1, 2, 3
"""
_TITLES = {Lane.UNATTENDED: "The unattended lane, from its audits", Lane.PEOPLE: "What went to people"}


def read(task: Task, *, delta: float) -> Fields:
    """Both lanes' tables; `delta` is how often an interval may miss."""
    tables = [_table(task, lane, delta=delta) for lane in _NEWEST]
    return Fields([table for table in tables if table.looks], _passages(task))


def _rows(task: Task, statement: str, lane: Lane) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.format(newest=_NEWEST[lane]), {"task": task.pk, "most": NEWEST})
        return list(cursor.fetchall())


def _table(task: Task, lane: Lane, *, delta: float) -> Table:
    cells = [_cell(row) for row in _rows(task, _READ, lane)]
    parts = shape.parts(task.output_schema)[:MOST_FIELDS]
    return Table(
        _TITLES[lane],
        looks=sum(cell.count for cell in cells if cell.is_look),
        lucky=sum(cell.count for cell in cells if cell.is_look and cell.lucky),
        fields=[_field(part, cells, delta=delta) for part in parts] if cells else [],
    )


def _cell(row: Sequence[Any]) -> _Cell:
    is_item, is_look, chance, verdict, lucky, fixed, rights, wrongs, count = row
    changed = frozenset(strict.pointer(name) if name else "" for name in fixed or ())
    return _Cell(
        is_item, is_look, chance, verdict, lucky, changed, frozenset(rights or ()), frozenset(wrongs or ()), count
    )


def _field(part: shape.Part, cells: Sequence[_Cell], *, delta: float) -> Field:
    path = strict.pointer(part.name) if part.name else ""
    said = Counter[str]()
    rows: list[tuple[float, str, int]] = []
    for cell in cells:
        word = _said(cell, path)
        if cell.is_look:
            said[word] += cell.count
        if cell.is_item:
            rows.append((cell.chance, word, cell.count))
    told = [row for row in rows if row[1] != "unsaid"]
    table = _counts(told, unsaid_is_wrong=False)
    low, high = (_counts(rows, unsaid_is_wrong=flag) for flag in (False, True))
    is_known = sum(row[2] for row in told) >= errors.FEW
    return Field(
        name=part.label,
        looks=said.total(),
        right=said["right"],
        fixed=said["fixed"],
        wrong=said["fixed"] + said["wrong"],
        unsaid=said["unsaid"],
        error=float(rates.estimates(table)[0]) if is_known else None,
        lower=float(rates.lowest(low, delta=delta)[0]) if is_known else None,
        upper=float(rates.highest(high, delta=delta)[0]) if is_known else None,
    )


def _said(cell: _Cell, path: str) -> str:
    """What these looks said of a field: nothing is right by silence, but for an accept of the whole."""
    if path in cell.fixed:
        return "fixed"
    if any(one == path or one.startswith(f"{path}/") for one in cell.wrong):
        return "wrong"
    if cell.verdict == "accept" or path in cell.right:
        return "right"
    return "unsaid"


def _counts(rows: Sequence[tuple[float, str, int]], *, unsaid_is_wrong: bool) -> rates.Table:
    bad = {"fixed", "wrong", "unsaid"} if unsaid_is_wrong else {"fixed", "wrong"}
    return rates.table(
        np.zeros(len(rows), dtype=np.int64),
        chances=np.array([row[0] for row in rows], dtype=np.float64),
        wrong=np.array([row[1] in bad for row in rows], dtype=np.bool_),
        count=np.array([row[2] for row in rows], dtype=np.int64),
        size=1,
    )


def _passages(task: Task) -> list[Passages]:
    """The texts in which passages were marked, most often first, over both lanes."""
    words, labels = task.reason_words, {part.name: part.label for part in shape.parts(task.output_schema)}
    times: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {}
    for lane in _NEWEST:
        for side, path, reason, count in _rows(task, _PASSAGES, lane):
            name = path.split("/")[1].replace("~1", "/").replace("~0", "~") if path else ""
            where = labels.get(name, name) or "Answer" if side == "answer" else f"{name or 'Item'}, as it came in"
            times[where] += count
            reasons.setdefault(where, Counter())[words.get(reason, reason)] += count
    return [
        Passages(where, count, ", ".join(f"{word} {n:,}" for word, n in reasons[where].most_common(5)))
        for where, count in times.most_common(MOST_FIELDS)
    ]
