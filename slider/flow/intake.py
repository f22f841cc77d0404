"""The first stage: rows become items, once each, whoever sends them and however often."""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from slider import strict
from slider.flow import crew, moves, news
from slider.models import OWED, IdKey, Item, Review, ReviewState, State, Task
from slider.models.emptied import erased_id, known_digest
from slider.models.states import FINAL
from slider.schema import Schema

EXTERNAL_ID_MOST = 255


class Fate(StrEnum):
    ADDED = "added"
    KNOWN = "known"  # the same id with the same body: the item that is here already
    REFUSED = "refused"
    CONFLICT = "conflict"  # the same id with another body


@dataclass(frozen=True, slots=True)
class Row:
    """One wanted item. Without an `external_id` each call makes a new item. `priority`: lower goes first.

    `due_at` is when its result is wanted, with its time zone.
    """

    body: Any
    external_id: str | None = None
    priority: int = 0
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a row: `where` is a JSON pointer into its body when it was refused."""

    fate: Fate
    external_id: str
    item_id: int | None = None
    where: str = ""
    reason: str = ""
    erased: bool = False  # its id is one of which nothing may come back


def add(task: Task, rows: Sequence[Row], *, origin: str, by: int | None = None) -> list[Arrival]:
    """Check the rows against the task's input schema and insert the good ones; one Arrival a row, in order.

    Everything happens in one transaction: after an error nothing of the call is in. Two callers that push the
    same id at once get one item between them, since the database holds one item an id for ever.
    """
    schema = Schema.compile(task.input_schema)
    arrivals: list[Arrival | None] = [refusal(row, schema) for row in rows]
    good = [place for place, arrival in enumerate(arrivals) if arrival is None]
    named = {place: rows[place].external_id or f"auto-{uuid.uuid4().hex}" for place in good}
    # Before the transaction: for megabytes this takes seconds, and PostgreSQL ends a transaction that idles for two.
    texts = {place: strict.canonical(rows[place].body) for place in good}
    digests = {place: hashlib.sha256(text).digest() for place, text in texts.items()}
    firsts: dict[str, int] = {}
    for place in good:
        firsts.setdefault(named[place], place)
    with transaction.atomic():
        fresh = _insert(task.pk, [(external_id, rows[place]) for external_id, place in firsts.items()])
        secret = _id_key(task.pk)
        here, erased = _looked_up(task.pk, list(firsts), secret)
        if secret is None and len(here) < len(firsts):  # the first erasure of the task has just made its key
            secret = _id_key(task.pk)
            here, erased = _looked_up(task.pk, list(firsts), secret)
        _refuse_erased(fresh, erased)
        _fill([(fresh[e], texts[p], digests[p]) for e, p in firsts.items() if e in fresh], origin=origin)
        moves.born(sorted(fresh.values()), reason=f"came in by {origin}", by=by)
        if fresh:
            crew.tell(task.pk)
    for place in good:
        external_id = named[place]
        if external_id in erased:
            arrivals[place] = _erased(external_id, erased[external_id])
            continue
        own = (fresh.get(external_id, 0), digests[firsts[external_id]], False)
        item_id, digest, emptied = own if external_id in fresh else here[external_id]
        sent = known_digest(secret, digests[place]) if emptied and secret else digests[place]
        if external_id in fresh and firsts[external_id] == place:
            arrivals[place] = Arrival(Fate.ADDED, external_id, item_id)
        elif digest == sent:
            arrivals[place] = Arrival(Fate.KNOWN, external_id, item_id)
        else:
            arrivals[place] = Arrival(
                Fate.CONFLICT,
                external_id,
                item_id,
                reason=f"id {external_id[:80]!r} is item {item_id} already, with another body; use a new id",
            )
    return [arrival for arrival in arrivals if arrival is not None]


def _id_key(task_id: int) -> bytes | None:
    """The key of the ids that are gone; None where nothing of the task ever was deleted."""
    kept = IdKey.objects.filter(pk=task_id).first()
    return None if kept is None else kept.secret


def _looked_up(
    task_id: int, names: list[str], secret: bytes | None
) -> tuple[dict[str, tuple[int, bytes, bool]], dict[str, int]]:
    """What is here under these ids; and which of them are those of erased items, with the items.

    Asked after the insert, and both in one statement: whoever erases an item holds its id until that is committed, so
    that each item is seen under its id or as erased, and never as neither.
    """
    gone = {} if secret is None else {erased_id(secret, name): name for name in names}
    found = _here(task_id, [*names, *gone])
    erased = {gone[called]: item_id for called, (item_id, _, _) in found.items() if called in gone}
    return {name: row for name, row in found.items() if name not in gone}, erased


def _refuse_erased(fresh: dict[str, int], erased: dict[str, int]) -> None:
    """What just came in under the id of an erased item goes out again."""
    if back := [fresh.pop(name) for name in erased if name in fresh]:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM slider_item WHERE id = ANY(%s)", [back])


def _erased(external_id: str, item_id: int) -> Arrival:
    # The id itself is not said again: what is refused may be kept.
    reason = "the item of this id was erased on request, and nothing is taken in under it again; use a new id"
    return Arrival(Fate.CONFLICT, external_id, item_id, reason=reason, erased=True)


def weigh(task: Task, rows: Sequence[Row], *, before: dict[str, bytes]) -> list[Arrival]:
    """What `add` would make of rows that carry ids, one Arrival a row; nothing is written.

    `before` holds the ids of earlier rows with the digests of their bodies; those of good rows are added to it.
    """
    schema = Schema.compile(task.input_schema)
    refused = [refusal(row, schema) for row in rows]
    names = [row.external_id or "" for row, arrival in zip(rows, refused, strict=True) if arrival is None]
    scale = _Scale(task.pk, sorted(set(names)), before)
    return [
        arrival or scale.weigh(row.external_id or "", strict.digest(row.body))
        for row, arrival in zip(rows, refused, strict=True)
    ]


class _Scale:
    """What is known of ids: the items that are here, what was deleted of them, and the rows before."""

    def __init__(self, task_id: int, names: list[str], before: dict[str, bytes]) -> None:
        self._secret, self._before = _id_key(task_id), before
        self._here, self._erased = _looked_up(task_id, names, self._secret)

    def weigh(self, name: str, digest: bytes) -> Arrival:
        if name in self._erased:
            return _erased(name, self._erased[name])
        item_id, known, emptied = self._here.get(name, (None, self._before.get(name), False))
        if known is None:
            self._before[name] = digest
            return Arrival(Fate.ADDED, name)
        if emptied and self._secret:
            digest = known_digest(self._secret, digest)
        return _weighed(name, item_id, is_same=known == digest)


def _weighed(name: str, item_id: int | None, *, is_same: bool) -> Arrival:
    if is_same:
        return Arrival(Fate.KNOWN, name, item_id)
    whose = "stands in an earlier row" if item_id is None else f"is item {item_id} already,"
    return Arrival(Fate.CONFLICT, name, item_id, reason=f"id {name[:80]!r} {whose} with another body; use a new id")


def refusal(row: Row, schema: Schema) -> Arrival | None:
    """Why a row can't become an item, or None when it can."""
    name = row.external_id or ""
    if row.external_id is not None and (problem := id_problem(row.external_id)):
        return Arrival(Fate.REFUSED, name[:EXTERNAL_ID_MOST], where="/external_id", reason=problem)
    if not isinstance(row.body, dict):
        return Arrival(Fate.REFUSED, name, reason=f"an item is a JSON object, this is a {type(row.body).__name__}")
    try:
        strict.check(row.body)
    except strict.StrictError as error:
        return Arrival(Fate.REFUSED, name, where=error.where, reason=error.message)
    problems = schema.problems(row.body)
    if problems:
        return Arrival(Fate.REFUSED, name, where=problems[0].where, reason=problems[0].message)
    return None


def id_problem(external_id: str) -> str:
    """What is wrong with an external id, or nothing."""
    if not external_id.strip():
        return "the id is empty; leave it out to have one made"
    if len(external_id) > EXTERNAL_ID_MOST:
        return f"the id has {len(external_id)} characters; at most {EXTERNAL_ID_MOST} fit"
    if any(ord(character) < 32 or 0xD800 <= ord(character) <= 0xDFFF for character in external_id):
        return "the id holds a control character or half a character; use printable text"
    return ""


def _insert(task_id: int, wanted: list[tuple[str, Row]]) -> dict[str, int]:
    """Numbered in the order in which they were sent, so that they are worked in it.

    Written in the order of their external ids: two callers that send the same ids in another order wait for each
    other then, and never in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH numbered AS MATERIALIZED (
                SELECT nextval(pg_get_serial_sequence('slider_item', 'id')) AS id, w.external_id, w.priority,
                       w.due_at, clock_timestamp() AS now
                FROM unnest(%s::text[], %s::int[], %s::timestamptz[]) AS w(external_id, priority, due_at)
            )
            INSERT INTO slider_item (id, task_id, external_id, state, priority, tries, token, run_at, created_at,
                                     due_at)
            SELECT n.id, %s, n.external_id, 'ready', n.priority, 0, 0, n.now, n.now, n.due_at
            FROM numbered n ORDER BY n.external_id COLLATE "C"
            ON CONFLICT (task_id, external_id) DO NOTHING RETURNING external_id, id
            """,
            [
                [name for name, _ in wanted],
                [row.priority for _, row in wanted],
                [row.due_at for _, row in wanted],
                task_id,
            ],
        )
        return dict(cursor.fetchall())


def _fill(payloads: list[tuple[int, bytes, bytes]], *, origin: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO slider_payload (item_id, body, sha256, origin)
            SELECT p.id, p.body::jsonb, p.sha256, left(%s, 120)
            FROM unnest(%s::bigint[], %s::text[], %s::bytea[]) AS p(id, body, sha256)
            """,
            [
                origin,
                [item_id for item_id, _, _ in payloads],
                [text.decode() for _, text, _ in payloads],
                [digest for _, _, digest in payloads],
            ],
        )


def _here(task_id: int, external_ids: list[str]) -> dict[str, tuple[int, bytes, bool]]:
    """The items of these ids, with the digests of their payloads, and whether those are of what was deleted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT i.external_id, i.id, coalesce(p.sha256, a.sha256, ''), e.item_id IS NOT NULL FROM slider_item i
            LEFT JOIN slider_emptied e ON e.item_id = i.id
            LEFT JOIN slider_payload p ON p.item_id = i.id LEFT JOIN slider_archived a ON a.item_id = i.id
            WHERE i.task_id = %s AND i.external_id = ANY(%s)
            """,
            [task_id, external_ids],
        )
        return {name: (item_id, bytes(digest), emptied) for name, item_id, digest, emptied in cursor.fetchall()}


def withdraw(item_id: int, *, by: int | None, reason: str) -> None:
    """Take an item back that is not final yet; raises moves.Lost when it is. Open reviews of it are void."""
    with transaction.atomic():
        # Reviews before the item, as a verdict takes them: the two can't wait for each other.
        list(Review.objects.select_for_update().filter(item_id=item_id).order_by("pk").values_list("pk"))
        item = Item.objects.select_for_update().get(pk=item_id)
        if item.state in FINAL:
            raise moves.Lost(f"item {item_id} is final already: {State(item.state).label}")
        moves.move(moves.Step(item.pk, item.token, State.WITHDRAWN, reason), source=State(item.state), by=by)
        Review.objects.filter(item=item, state__in=OWED).update(state=ReviewState.VOID, lease_until=None)
        news.withdrawn(item.task, item)
