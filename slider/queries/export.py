"""All items of a task with their results, read in short snapshots and given line by line, with flat memory."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from slider.models import Task, archived
from slider.queries import marked, results

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}
PAGE = 2_000
PAGE_BYTES = 4 * 1024 * 1024
# What a spreadsheet takes for a formula, also in the full-width forms that some of them fold to ASCII.
_FORMULA = re.compile(r"^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
FIXED = (
    "external_id", "item", "state", "priority", "created_at", "finished_at", "lane", "p_correct", "verdict",
    "result_number", "ending", "reason", "right_for_wrong_reason", "note", "marks", "deleted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exported:
    """One item; what it does not have yet is None."""

    item_id: int
    external_id: str
    state: str
    priority: int
    created_at: datetime
    finished_at: datetime | None
    body: Mapping[str, Any]
    lane: str | None
    p_correct: float | None
    verdict: str | None
    number: int | None
    ending: str | None
    answer: Any
    reason: str | None
    lucky: bool | None
    note: str | None
    marks: Sequence[Mapping[str, Any]]
    deleted: str | None


_PAGE = """
WITH narrow AS (
    SELECT i.id, sum(w.size) OVER (ORDER BY i.id) - w.size AS before
    FROM (
        SELECT id FROM slider_item
        WHERE task_id = %(task)s AND id > %(after)s AND (%(state)s::text IS NULL OR state = %(state)s)
        ORDER BY id LIMIT %(page)s
    ) i LEFT JOIN slider_payload p ON p.item_id = i.id LEFT JOIN slider_archived a ON a.item_id = i.id
    CROSS JOIN LATERAL (SELECT coalesce(pg_column_size(p.body), 4 * octet_length(a.story), 0) AS size) w
)
SELECT i.id, i.external_id, i.state, i.priority, i.created_at, i.finished_at, p.body::text,
       d.lane, d.p_correct, r.verdict, o.number, o.ending, o.answer::text, nullif(o.reason, ''),
       r.lucky, nullif(r.note, ''), e.cause
FROM narrow n
JOIN slider_item i ON i.id = n.id
LEFT JOIN slider_payload p ON p.item_id = n.id
LEFT JOIN slider_decision d ON d.item_id = n.id
LEFT JOIN slider_emptied e ON e.item_id = n.id
LEFT JOIN LATERAL (
    SELECT verdict, lucky, note FROM slider_review
    WHERE item_id = n.id AND state = 'decided' AND kind NOT IN ('known', 'second')
      AND (undo_until > %(until)s) IS NOT TRUE
    ORDER BY decided_at DESC LIMIT 1
) r ON true
LEFT JOIN LATERAL (
    SELECT number, ending, answer, reason FROM slider_publication
    WHERE item_id = n.id AND due_at <= %(until)s ORDER BY number DESC LIMIT 1
) o ON true
WHERE n.before <= %(bytes)s
ORDER BY n.id
"""


def items(task: Task, *, state: str | None = None) -> Iterator[Exported]:
    """Every item of the task, oldest first, each with its newest result that is due.

    Pages are read one after the other, so a long export holds no snapshot and sees an item as it is when its
    page is read. A page ends early where its payloads grow large.
    """
    after = 0
    while True:
        values: dict[str, Any] = {"task": task.pk, "after": after, "state": state, "page": PAGE, "bytes": PAGE_BYTES}
        values["until"] = results.settled(task.pk)  # what can still be taken back is not told
        with connection.cursor() as cursor:
            cursor.execute(_PAGE, values)
            rows = cursor.fetchall()
        if not rows:
            return
        bodies = {row[0]: json.loads(row[6]) for row in rows if row[6] is not None}
        bodies |= archived.bodies(row[0] for row in rows if row[6] is None)
        marks = marked.exported({row[0]: bodies[row[0]] for row in rows if row[9]})  # where somebody has looked
        for row in rows:
            yield _exported(row, bodies[row[0]], marks.get(row[0], []))
        after = rows[-1][0]


def _exported(row: Sequence[Any], body: Mapping[str, Any], marks: Sequence[Mapping[str, Any]]) -> Exported:
    item_id, external_id, state, priority, created, finished, _, lane, p_correct, verdict, *result = row
    number, ending, answer, reason, lucky, note, deleted = result
    told = None if answer is None else json.loads(answer)
    return Exported(
        item_id, external_id, state, priority, created, finished, body,
        lane, p_correct, verdict or None, number, ending, told, reason, lucky, note, marks, deleted,
    )  # fmt: skip


def jsonl(task: Task, *, state: str | None = None) -> Iterator[str]:
    """JSON Lines. A line can be imported again: `input` is the item, and `outcome` is left aside there."""
    for item in items(task, state=state):
        line = {
            "external_id": item.external_id,
            "priority": item.priority,
            "input": item.body,
            "outcome": {
                "item": item.item_id,
                "state": item.state,
                "created_at": item.created_at.isoformat(),
                "finished_at": item.finished_at.isoformat() if item.finished_at else None,
                "lane": item.lane,
                "p_correct": item.p_correct,
                "verdict": item.verdict,
                "number": item.number,
                "ending": item.ending,
                "answer": item.answer,
                "reason": item.reason,
                "right_for_wrong_reason": item.lucky,
                "note": item.note,
                "marks": item.marks,
                "deleted": item.deleted,
            },
        }
        yield json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n"


def table(task: Task, *, state: str | None = None) -> Iterator[str]:
    """CSV: fixed columns, then `input.` and `answer.` columns by the schemas, and what no schema names as JSON."""
    inputs, answers = _names(task.input_schema), _names(task.output_schema)
    header = [*FIXED, *(f"input.{name}" for name in inputs), "input", *(f"answer.{name}" for name in answers), "answer"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([safe(name) for name in header])
    for item in items(task, state=state):
        writer.writerow([safe(cell) for cell in _row(item, inputs, answers)])
        if buffer.tell() > 64 * 1024:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _names(schema: Any) -> list[str]:
    properties = schema.get("properties") if isinstance(schema, dict) else None
    return list(properties) if isinstance(properties, dict) else []


def _row(item: Exported, inputs: Sequence[str], answers: Sequence[str]) -> list[object]:
    answer = item.answer if isinstance(item.answer, dict) else {}
    rest = item.answer if not isinstance(item.answer, dict) else {k: v for k, v in answer.items() if k not in answers}
    return [
        item.external_id, item.item_id, item.state, item.priority, item.created_at.isoformat(),
        item.finished_at.isoformat() if item.finished_at else None, item.lane, item.p_correct, item.verdict,
        item.number, item.ending, item.reason, item.lucky, item.note, item.marks or None, item.deleted,
        *(item.body.get(name) for name in inputs), {k: v for k, v in item.body.items() if k not in inputs} or None,
        *(answer.get(name) for name in answers), rest if rest != {} else None,
    ]  # fmt: skip


def safe(value: object) -> object:
    """A cell as it may stand in a spreadsheet: text never begins like a formula, numbers stay numbers."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if _FORMULA.match(text) else text


def pieces(lines: Iterator[str]) -> Iterator[bytes]:
    """Pieces of a good size for the wire: one write a line would be slow."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        piece.append(line.encode())
        size += len(piece[-1])
        if size >= 64 * 1024:
            yield b"".join(piece)
            piece, size = [], 0
    yield b"".join(piece)
