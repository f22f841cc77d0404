"""What is told of an item beside what came in, part by part, as of one moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from slider.models import Archived
from slider.rows import cells
from slider.rows.shaped import PARTS

# What each part adds to the statement that reads a page of items: columns in the order of its fields, and a join.
_COLUMNS = {
    "state": "i.id, n.state, i.created_at, n.finished_at, e.cause",
    "decision": "d.lane, d.p_correct, d.why, y.number",
    "result": "o.number, o.ending, nullif(o.reason, ''), o.answer::text",
    "verdict": "nullif(r.verdict, ''), r.lucky, nullif(r.note, '')",
}
_JOINS = {
    "state": """
LEFT JOIN slider_emptied e ON e.item_id = n.id""",  # whenever: contents that went since are not told either
    "decision": """
LEFT JOIN slider_decision d ON d.item_id = n.id AND d.created_at <= %(as_of)s
LEFT JOIN slider_policy y ON y.id = d.policy_id""",
    "result": """
LEFT JOIN LATERAL (
    SELECT number, ending, answer, reason FROM slider_publication
    WHERE item_id = n.id AND due_at <= %(as_of)s ORDER BY number DESC LIMIT 1
) o ON true""",
    "verdict": """
LEFT JOIN LATERAL (
    SELECT verdict, lucky, note FROM slider_review
    WHERE item_id = n.id AND state = 'decided' AND kind NOT IN ('known', 'second') AND decided_at <= %(as_of)s
      AND (undo_until > %(as_of)s) IS NOT TRUE
    ORDER BY decided_at DESC LIMIT 1
) r ON true""",
}


# What it is about, in bytes, beside what came in: what is stored packed is some four times as large in memory.
_SIZE = "pg_column_size({0}) * CASE WHEN pg_column_compression({0}) IS NULL THEN 1 ELSE 4 END"
_ROW_BYTES = 300
_SIZES = {
    "result": ("slider_publication", "answer"),
    "attempts": ("slider_attempt", "answer"),
    "looks": ("slider_review", "answer"),
    "marks": ("slider_review", "answer"),  # a mark is told with the words of the answer in which it stands
}


def size_of(column: str) -> str:
    """About how many bytes a column's value is in memory, as SQL that does not unpack it."""
    return f"({_SIZE.format(column)})"


def sizes_by(parts: Sequence[str]) -> str:
    """About how many bytes these parts add to the item `f`, as SQL that follows a sum."""
    tables = sorted({_SIZES[part] for part in parts if part in _SIZES})
    return "".join(
        f" + coalesce((SELECT sum({_ROW_BYTES} + coalesce({size_of(f'z.{column}')}, 0)) FROM {table} z "  # noqa: S608
        "WHERE z.item_id = f.id), 0)"
        for table, column in tables
    )


def told_by(parts: Sequence[str]) -> tuple[str, str]:
    """The columns that these parts ask for, and the joins that bring them."""
    columns = "".join(f", {_COLUMNS[part]}" for part in parts if part in _COLUMNS)
    return columns, "".join(_JOINS[part] for part in parts if part in _JOINS)


def told(values: Sequence[Any], parts: Sequence[str]) -> tuple[dict[str, Any], Any]:
    """What those columns hold, by field, and the answer."""
    found: dict[str, Any] = {}
    answer: Any = None
    rest = iter(values)
    for part in parts:
        if part not in _COLUMNS:
            continue
        for field in PARTS[part]:
            found[field.name] = next(rest)
        if part == "result":
            text = next(rest)
            answer = None if text is None else cells.plain(text)
    return found, answer


_ATTEMPTS = """
SELECT a.item_id, a.id, w.name, w.version, nullif(a.instead_of, ''), a.outcome, nullif(a.detail, ''), a.answer::text,
       a.tokens_in, a.tokens_out, a.cost, a.latency_ms, a.created_at
FROM slider_attempt a JOIN slider_worker w ON w.id = a.worker_id
WHERE a.item_id = ANY(%s) AND a.created_at <= %s ORDER BY a.item_id, a.id
"""


def attempts(item_ids: Sequence[int], *, as_of: datetime) -> dict[int, list[Any]]:
    """Every answer of a worker, oldest first; those of archived items are taken from their stories."""
    with connection.cursor() as cursor:
        cursor.execute(_ATTEMPTS, [list(item_ids), as_of])
        rows = cursor.fetchall()
    kept = {one.item_id: one.told for one in Archived.objects.filter(whole=True, item__in={row[0] for row in rows})}
    answers = {one["id"]: one["answer"] for story in kept.values() for one in story["attempts"]}
    found: dict[int, list[Any]] = {}
    for item_id, pk, name, version, instead_of, outcome, detail, answer, tokens_in, tokens_out, cost, ms, at in rows:
        told = {
            "worker": name,
            "version": version,
            "instead_of": instead_of,
            "outcome": outcome,
            "detail": detail,
            "answer": answers.get(pk) if answer is None else cells.plain(answer),
            "tokens_in": tokens_in,
            "tokens_out": tokens_out,
            "cost": None if cost is None else str(cost),
            "latency_ms": ms,
            "created_at": at.isoformat(),
        }
        found.setdefault(item_id, []).append(told)
    return found


_LOOKS = """
SELECT r.item_id, r.kind, u.username, r.verdict, r.answer::text, nullif(r.reason, ''), r.lucky, nullif(r.note, ''),
       r.decided_at
FROM slider_review r LEFT JOIN auth_user u ON u.id = r.holder_id
WHERE r.item_id = ANY(%s) AND r.state = 'decided' AND r.decided_at <= %s AND (r.undo_until > %s) IS NOT TRUE
ORDER BY r.item_id, r.decided_at, r.id
"""


def looks(item_ids: Sequence[int], *, as_of: datetime) -> dict[int, list[Any]]:
    """Every look of a person that stands, in the order of their verdicts."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, [list(item_ids), as_of, as_of])
        rows = cursor.fetchall()
    found: dict[int, list[Any]] = {}
    for item_id, kind, who, verdict, answer, reason, lucky, note, at in rows:
        told = {
            "as": kind,
            "by": who,
            "verdict": verdict,
            "answer": None if answer is None else cells.plain(answer),
            "reason": reason,
            "right_for_wrong_reason": lucky,
            "note": note,
            "decided_at": at.isoformat(),
        }
        found.setdefault(item_id, []).append(told)
    return found
