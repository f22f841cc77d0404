"""The judged audits of the unattended lane, counted in PostgreSQL by what they have in common."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from slider.engine import certificate
from slider.models import Task
from slider.queries import shape

NEWEST = 3_000  # of so many audits those that are judged are read
MOST_FIELDS = 8
_EDGES = (0.3, 0.6, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Cell:
    """Audits that have everything in common that is told here."""

    chance: float
    verdict: str
    reason: str
    epoch: int
    fixed: tuple[str, ...]  # fields that a person gave another value
    names: dict[str, str]  # the group that they are in, by table
    count: int

    @property
    def wrong(self) -> bool:
        return self.verdict != "accept"

    @property
    def weight(self) -> float:
        """How many items of the lane they stand for."""
        return self.count / self.chance


_READ = """
WITH newest AS MATERIALIZED (
    SELECT d.item_id, d.epoch, d.attempt_id, d.audit_chance, d.bin, r.id, r.verdict
    FROM (
        SELECT item_id, epoch, attempt_id, audit_chance, bin FROM slider_decision
        WHERE task_id = %s AND audit ORDER BY seq DESC LIMIT %s
    ) AS d JOIN slider_review r ON r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1
    WHERE r.state = 'decided'
)
SELECT n.audit_chance, n.verdict, coalesce(v.reason, ''), n.epoch, f.fields, w.name || ' v' || w.version, p.origin,
       (%s::text[])[n.bin + 1], jsonb_build_array({picked})::text, count(*)
FROM newest n
JOIN slider_attempt a ON a.id = n.attempt_id
JOIN slider_worker w ON w.id = a.worker_id
JOIN slider_payload p ON p.item_id = n.item_id
LEFT JOIN LATERAL (
    SELECT reason, answer FROM slider_review WHERE id = n.id AND n.verdict <> 'accept' OFFSET 0
) AS v ON true
LEFT JOIN LATERAL (
    SELECT array_agg(name ORDER BY name) AS fields FROM (
        SELECT jsonb_object_keys(CASE WHEN jsonb_typeof(a.answer) = 'object' THEN a.answer ELSE '{{"": 0}}' END)
        WHERE n.verdict = 'fix'
        UNION
        SELECT jsonb_object_keys(CASE WHEN jsonb_typeof(v.answer) = 'object' THEN v.answer ELSE '{{"": 1}}' END)
        WHERE n.verdict = 'fix'
    ) AS names(name)
    WHERE name = '' OR a.answer -> name IS DISTINCT FROM v.answer -> name
) AS f ON true
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9
"""


def read(task: Task) -> list[Cell]:
    parts = _choices(task)
    picked = ", ".join("a.answer -> %s" if part.name else "a.answer" for part in parts)
    hard = [_difficulty(cut) for cut in certificate.CUTS.tolist()]
    with connection.cursor() as cursor:
        cursor.execute(
            _READ.format(picked=picked),  # made of fixed words: the fields' names go as parameters
            [task.pk, NEWEST, hard, *[part.name for part in parts if part.name]],
        )
        return [_cell(row, parts) for row in cursor.fetchall()]


def _choices(task: Task) -> list[shape.Part]:
    """The fields of an answer that take one of a few values."""
    fields = [part for part in shape.parts(task.output_schema) if part.kind in (shape.Kind.CHOICE, shape.Kind.BOOLEAN)]
    return fields[:MOST_FIELDS]


def _cell(row: Sequence[Any], parts: Sequence[shape.Part]) -> Cell:
    chance, verdict, reason, epoch, fixed, worker, origin, hard, picked, count = row
    names = {"Worker version": worker}
    for part, value in zip(parts, json.loads(picked), strict=True):
        names[f"Answer: {part.label}"] = "not given" if value is None else shape.as_text(value)[:80]
    names["Source"] = origin
    if hard is not None:
        names["Difficulty"] = hard
    return Cell(chance, verdict, reason, epoch, tuple(fixed or ()), names, count)


def _difficulty(cut: float) -> str:
    """The words of a cut's rank; the first is the easiest."""
    high = next(edge for edge in _EDGES if cut <= edge + 1e-9)
    low = next((edge for edge in reversed(_EDGES) if edge < high), 0.0)
    return f"rank {low * 100:g} to {high * 100:g} %{', the easiest' if low == 0 else ''}"
