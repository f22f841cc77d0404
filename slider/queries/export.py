"""Items of a task with what is told of them, as they were at one moment, read in short snapshots by keyset."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from slider.models import Narrowed, Task, archived
from slider.queries import export_parts, marked, results
from slider.rows import cells, outgoing
from slider.rows.outgoing import Outgoing
from slider.rows.shaped import USUAL, Shape

EVERYTHING = Narrowed()
WINDOW = 4_000  # items looked through for one page
PAGE_BYTES = 4 * 1024 * 1024
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Boundary:
    """What an export tells of: the items up to `upto` that were here at `as_of`, as they were then."""

    as_of: datetime
    upto: int
    total: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some items, oldest first; `last` is up to where was looked, and `looked` at how many."""

    items: Sequence[Outgoing]
    last: int
    looked: int


def boundary(task: Task, *, patience_s: float = PATIENCE_S) -> Boundary:
    """The boundary of an export that begins now.

    What was being written at that moment is waited for as long as `patience_s`, so that it is in; after that the
    boundary is drawn before it. Nothing that is committed later changes what lies within.
    """
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    while (quiet := results.horizon()) < now and time.monotonic() - began < patience_s:
        time.sleep(0.02)
    as_of = min(now, quiet, results.settled(task.pk))
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0), count(*) FROM slider_item WHERE task_id = %s", [task.pk])
        upto, total = cursor.fetchone()
    return Boundary(as_of, upto, total)


def pages(task: Task, shape: Shape, wanted: Narrowed, within: Boundary, *, after: int = 0) -> Iterator[Page]:
    """The items behind `after`, page by page. A page ends early where what is read grows large, and may be empty."""
    while (page := _page(task, shape, wanted, within, after)) is not None:
        yield page
        after = page.last


_WINDOW = """
SELECT max(id), count(*) FROM (
    SELECT id FROM slider_item WHERE task_id = %(task)s AND id > %(after)s AND id <= %(upto)s
    ORDER BY id LIMIT %(window)s
) ahead
"""
# An item that was final before the moment is still what it was; of the others the moves say what they were then. A
# verdict that is taken back makes its item unfinished again: then the move says when it was finished, too.
_ITEMS = """
WITH found AS (
    SELECT i.id, s.state, s.finished_at
    FROM slider_item i
    LEFT JOIN LATERAL (
        SELECT m.to_state, m.at FROM slider_move m
        WHERE m.item_id = i.id AND m.at <= %(as_of)s AND (i.finished_at <= %(as_of)s) IS NOT TRUE
        ORDER BY m.id DESC LIMIT 1
    ) m ON true
    CROSS JOIN LATERAL (SELECT
        coalesce(m.to_state, i.state) AS state,
        CASE WHEN i.finished_at <= %(as_of)s THEN i.finished_at
             WHEN m.to_state IN ('done', 'withdrawn') THEN m.at END AS finished_at
    ) s
    WHERE i.task_id = %(task)s AND i.id > %(after)s AND i.id <= %(last)s AND i.created_at <= %(as_of)s {narrowed}
), narrow AS (
    SELECT f.*, sum(w.size) OVER (ORDER BY f.id) - w.size AS before, count(*) OVER () AS many
    FROM found f
    LEFT JOIN slider_payload p ON p.item_id = f.id LEFT JOIN slider_archived a ON a.item_id = f.id
    CROSS JOIN LATERAL (SELECT coalesce({body}, 4 * octet_length(a.story), 0){sizes} AS size) w
)
SELECT n.many, i.id, i.external_id, i.priority, i.due_at, p.body::text {columns}
FROM narrow n
JOIN slider_item i ON i.id = n.id
LEFT JOIN slider_payload p ON p.item_id = n.id
{joins}
WHERE n.before <= %(bytes)s
ORDER BY n.id
"""
_NARROWED = {
    "state": "s.state = %(state)s",
    "lane": "%(lane)s = (SELECT d.lane FROM slider_decision d WHERE d.item_id = i.id AND d.created_at <= %(as_of)s)",
    "begins": "starts_with(i.external_id, %(begins)s)",
    "came_since": "i.created_at >= %(came_since)s",
    "came_until": "i.created_at < %(came_until)s",
    "done_since": "s.finished_at >= %(done_since)s",
    "done_until": "s.finished_at < %(done_until)s",
}


def _page(task: Task, shape: Shape, wanted: Narrowed, within: Boundary, after: int) -> Page | None:
    values: dict[str, Any] = {"task": task.pk, "after": after, "upto": within.upto, "as_of": within.as_of}
    values |= {"window": WINDOW, "bytes": PAGE_BYTES}
    with connection.cursor() as cursor:
        cursor.execute(_WINDOW, values)
        last, looked = cursor.fetchone()
        if last is None:
            return None
        said = {name: value for name in _NARROWED if (value := getattr(wanted, name))}
        columns, joins = export_parts.told_by(shape.parts)
        narrowed = "".join(f" AND {_NARROWED[name]}" for name in said)
        sizes = {"body": export_parts.size_of("p.body"), "sizes": export_parts.sizes_by(shape.parts)}
        query = _ITEMS.format(narrowed=narrowed, columns=columns, joins=joins, **sizes)
        cursor.execute(query, values | said | {"last": last})
        rows = cursor.fetchall()
    items = _outgoing(rows, shape, within.as_of)
    if rows and len(rows) < rows[0][0]:  # cut where what is read grew large
        return Page(items, items[-1].item_id, _between(task, after, items[-1].item_id))
    return Page(items, last, looked)


def _between(task: Task, after: int, upto: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM slider_item WHERE task_id = %s AND id > %s AND id <= %s", [task.pk, after, upto]
        )
        return int(cursor.fetchone()[0])


def _outgoing(rows: Sequence[Sequence[Any]], shape: Shape, as_of: datetime) -> list[Outgoing]:
    bodies: dict[int, Any] = {row[1]: cells.plain(row[5]) for row in rows if row[5] is not None}
    bodies |= archived.bodies(row[1] for row in rows if row[5] is None)
    lists = _lists(bodies, shape.parts, as_of)
    items = []
    for _, item_id, external_id, priority, due_at, _, *more in rows:
        told, answer = export_parts.told(more, shape.parts)
        told |= {name: found.get(item_id, []) for name, found in lists.items()}
        items.append(Outgoing(item_id, external_id, priority, due_at, bodies.get(item_id) or {}, told, answer))
    return items


def _lists(bodies: Mapping[int, Any], parts: Sequence[str], as_of: datetime) -> dict[str, dict[int, list[Any]]]:
    """What there may be several of, by item."""
    lists: dict[str, dict[int, list[Any]]] = {}
    if "marks" in parts:
        lists["marks"] = marked.exported(dict(bodies), as_of=as_of)
    if "attempts" in parts:
        lists["attempts"] = export_parts.attempts(list(bodies), as_of=as_of)
    if "looks" in parts:
        lists["looks"] = export_parts.looks(list(bodies), as_of=as_of)
    return lists


def items(task: Task, *, parts: Sequence[str] = USUAL, wanted: Narrowed = EVERYTHING) -> Iterator[Outgoing]:
    """Every wanted item, oldest first, as of now."""
    shape = shape_of(task, parts)
    for page in pages(task, shape, wanted, boundary(task, patience_s=0.0)):
        yield from page.items


def jsonl(task: Task, *, parts: Sequence[str] = USUAL, wanted: Narrowed = EVERYTHING) -> Iterator[str]:
    """JSON Lines, some lines at a time."""
    shape = shape_of(task, parts)
    for page in pages(task, shape, wanted, boundary(task, patience_s=0.0)):
        yield outgoing.jsonl(page.items, shape)


def table(task: Task, *, parts: Sequence[str] = USUAL, wanted: Narrowed = EVERYTHING) -> Iterator[str]:
    """CSV, some rows at a time."""
    shape = shape_of(task, parts)
    yield outgoing.head(shape)
    for page in pages(task, shape, wanted, boundary(task, patience_s=0.0)):
        yield outgoing.table(page.items, shape)


def shape_of(task: Task, parts: Sequence[str]) -> Shape:
    """The columns that an export of the task has, as its schemas stand now."""
    return Shape.of(task.input_schema, task.output_schema, parts=parts)
