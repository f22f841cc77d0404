"""The rows that the log tells of, held against what it last said of each: an edit of the row itself is found too."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from slider.models.logged import COUNTED, TOLD, Counted, Told
from slider.queries.chain import MOST, Problem, Row

Ids = npt.NDArray[np.int64]
_PACKED = np.dtype([("id", ">i8"), ("digest", "V32")])
_GONE = bytes(32)
_PIECE = 2_000
_SCAN = 50_000
_KEEPERS = ("entry_linked", "entry_append_only", "entry_stays_whole", "link_append_only", "link_stays_whole")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the log something was said."""

    chain: str
    number: int

    def __str__(self) -> str:
        return f"{self.chain}, number {self.number}"


@dataclass(slots=True)
class _Rows:
    """What was said of the rows of one counted table.

    Attributes:
        ids: of all that came, as they were said.
        waiting: those that came and are not compared yet.
        unlike: those that are not as they came; a later word on them may say why.
        later: of each that was changed or taken away, or came again after that, what was said last.
    """

    ids: list[Ids] = field(default_factory=list)
    waiting: dict[int, tuple[bytes, Place]] = field(default_factory=dict)
    unlike: dict[int, Place] = field(default_factory=dict)
    later: dict[int, tuple[bytes, Place]] = field(default_factory=dict)


class Recorded:
    """Hears the log entry by entry, in the order of each chain, and says at its end which rows differ."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        self._counted = {name: _Rows() for name in COUNTED}
        self._told: dict[tuple[str, int], dict[str, tuple[Any, Place]] | None] = {}
        self.rows = 0

    def see(self, row: Row) -> None:
        """Hear one entry."""
        facts = json.loads(row.facts, parse_float=Decimal)
        name, place = facts.get("table"), Place(row.chain, row.number)
        if "since" in facts:
            self._since = {str(table): int(most) for table, most in facts["since"].items()}
        elif name in COUNTED:
            self._count(name, str(facts["op"]), np.frombuffer(row.digests, dtype=_PACKED), place)
        elif name in TOLD:
            self._tell((name, int(facts["row"])), facts, place)

    def problems(self) -> list[Problem]:
        """Every row that is not as the log last said, is gone, or is there and was never told of; `MOST` at most."""
        found = [problem for one in (self._of_counted(), self._of_told(), _silenced()) for problem in one]
        return found[:MOST]

    def _count(self, name: str, op: str, packed: npt.NDArray[Any], place: Place) -> None:
        said = self._counted[name]
        said.ids.append(packed["id"].astype(np.int64))
        for key, digest in zip(packed["id"].tolist(), packed["digest"], strict=True):
            self.rows += 1
            if op != "came" or key in said.later:
                said.later[key] = (digest.tobytes(), place)
            else:
                said.waiting[key] = (digest.tobytes(), place)
        if len(said.waiting) >= _PIECE:
            _hold(COUNTED[name], said)

    def _tell(self, key: tuple[str, int], facts: dict[str, Any], place: Place) -> None:
        self.rows += 1
        if facts["op"] == "gone":
            self._told[key] = None
            return
        values = self._told.get(key) if facts["op"] == "changed" else None
        self._told[key] = (values or {}) | {column: (value, place) for column, value in facts["set"].items()}

    def _of_counted(self) -> Iterator[Problem]:
        for name, said in self._counted.items():
            table = COUNTED[name]
            _hold(table, said)
            for key, place in said.unlike.items():
                if key not in said.later:
                    yield _differs(table.table, key, place)
            for keys in _pieces(sorted(said.later)):
                there = _digests(table, keys)
                for key in keys:
                    digest, place = said.later[key]
                    if there.get(key, _GONE) != digest:
                        yield _differs(table.table, key, place)
            known = np.unique(np.concatenate(said.ids)) if said.ids else np.array([], dtype=np.int64)
            yield from self._strangers(name, table, known, table.having)

    def _of_told(self) -> Iterator[Problem]:
        for name, table in TOLD.items():
            keys = sorted(key for of, key in self._told if of == name)
            for piece in _pieces(keys):
                there = _values(table, piece)
                for key in piece:
                    yield from _compare(table, key, self._told[name, key], there.get(key))
            if table.whole:
                yield from self._strangers(name, table, np.array(keys, dtype=np.int64), "true")

    def _strangers(self, name: str, table: Counted | Told, known: Ids, having: str) -> Iterator[Problem]:
        """Rows that came after the log began, and that it does not know."""
        after = self._since.get(name, 0)
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT r.{table.key} FROM {table.table} r WHERE r.{table.key} > %s AND {having} "  # noqa: S608
                    f"ORDER BY r.{table.key} LIMIT %s",
                    [after, _SCAN],
                )
                ids = np.array([key for (key,) in cursor.fetchall()], dtype=np.int64)
            for key in ids[~np.isin(ids, known)].tolist()[:MOST]:
                yield Problem(f"row {key} of {table.table} came past the log: no entry tells of it")
            if len(ids) < _SCAN:
                return
            after = int(ids[-1])


def _hold(table: Counted, said: _Rows) -> None:
    """Compare what waits with the rows."""
    for keys in _pieces(list(said.waiting)):
        there = _digests(table, keys)
        for key in keys:
            digest, place = said.waiting[key]
            if there.get(key) != digest:
                said.unlike[key] = place
    said.waiting.clear()


def _digests(table: Counted, keys: Sequence[int]) -> dict[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.{table.key}, {table.digest} FROM {table.table} r WHERE r.{table.key} = ANY(%s) "  # noqa: S608
            f"AND {table.having}",
            [list(keys)],
        )
        return {key: bytes(digest) for key, digest in cursor.fetchall()}


def _values(table: Told, keys: Sequence[int]) -> dict[int, dict[str, str]]:
    """What the rows hold, each value as PostgreSQL's own JSON text."""
    found: dict[int, dict[str, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.{table.key}, e.key, e.value::text FROM {table.table} r, jsonb_each(to_jsonb(r)) AS e "  # noqa: S608
            f"WHERE r.{table.key} = ANY(%s)",
            [list(keys)],
        )
        for key, column, text in cursor.fetchall():
            found.setdefault(key, {})[column] = text
    return found


def _compare(
    table: Told, key: int, said: dict[str, tuple[Any, Place]] | None, there: dict[str, str] | None
) -> Iterator[Problem]:
    if there is None:
        if said:
            last = max((place for _, place in said.values()), key=lambda place: place.number)
            yield Problem(f"row {key} of {table.table} is gone, and no entry tells of its going (last: {last})")
        return
    if said is None:
        yield Problem(f"row {key} of {table.table} is there, and the log says that it is gone")
        return
    for column, (value, place) in said.items():
        text = there.get(column)
        if text is None:  # a column that a later version has dropped
            continue
        if json.loads(text, parse_float=Decimal) != value and value != _digest(text):
            yield Problem(f"row {key} of {table.table} was changed past the log: {column} is not what {place} says")


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _differs(table: str, key: int, place: Place) -> Problem:
    return Problem(f"row {key} of {table} is not what {place} says: it was changed, taken out or put in past the log")


def _pieces(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    return (keys[start : start + _PIECE] for start in range(0, len(keys), _PIECE))


def _silenced() -> list[Problem]:
    """Triggers of the log that are gone or off: what happens now would not be told."""
    names = {"slider_entry", "slider_link", *(one.table for one in COUNTED.values())}
    names |= {one.table for one in TOLD.values()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.name, count(t.oid) FILTER (WHERE t.tgenabled IN ('O', 'A')), count(t.oid) "
            "FROM unnest(%s::text[]) AS n(name) "
            "LEFT JOIN pg_trigger t ON t.tgrelid = to_regclass(n.name) AND NOT t.tgisinternal "
            "AND (t.tgname LIKE '%%\\_told' OR t.tgname = ANY(%s::text[])) GROUP BY n.name ORDER BY n.name",
            [sorted(names), list(_KEEPERS)],
        )
        return [
            Problem(f"{name} has no trigger of the log any more" if not there else f"a trigger of {name} is off")
            for name, on, there in cursor.fetchall()
            if on < max(there, 1)
        ]
