"""The log's chains, walked from their first entry to their last: what was changed, taken out or cut off is found.

The hash of each link is made anew here, from the rows alone; nothing that stands in the database is trusted to make it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

PIECE = 2_000
MOST = 50  # problems that are named; one is enough to distrust the rest


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: the number of its last link, and its hash in hex."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. `number` is the place in the chain, `entry` the row's id."""

    what: str
    chain: str = ""
    number: int | None = None
    entry: int | None = None

    def __str__(self) -> str:
        place = f"{self.chain}, number {self.number}" if self.number is not None else self.chain
        row = f" (entry {self.entry})" if self.entry is not None else ""
        return f"{place}{row}: {self.what}" if place or row else self.what


@dataclass(frozen=True, slots=True)
class Row:
    """A link with its entry, as they stand; `entry` is None where the entry is gone."""

    chain: str
    number: int
    hash: bytes
    entry_id: int
    entry: tuple[Any, ...] | None

    @property
    def facts(self) -> str:
        return "" if self.entry is None else str(self.entry[7])

    @property
    def digests(self) -> bytes:
        return b"" if self.entry is None or self.entry[8] is None else bytes(self.entry[8])


@dataclass(slots=True)
class Walked:
    """What a walk has seen: the heads of all chains, how many entries, and the first problem of each chain."""

    heads: dict[str, Head] = field(default_factory=dict)
    entries: int = 0
    problems: list[Problem] = field(default_factory=list)


@contextmanager
def one_moment() -> Iterator[None]:
    """All that is read inside is of one moment, however long it takes and whoever writes meanwhile."""
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET LOCAL timezone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'")
        yield


def _nothing(_row: Row) -> None:
    """Nothing to do with an entry but to walk past it."""


def walk(see: Callable[[Row], None] = _nothing) -> Walked:
    """Walk every chain and hand each entry that is as it was written to `see`, in the order of its chain."""
    walked = Walked()
    for chain in names():
        _walk(chain, walked, see)
    walked.problems += _unlinked()
    return walked


def compare(walked: Walked, kept: Mapping[str, Head]) -> list[Problem]:
    """What a head that was kept elsewhere knows, and the log does not any more."""
    found = list[Problem]()
    for chain, head in kept.items():
        last = walked.heads.get(chain, Head(0, "")).number
        if last < head.number:
            said = f"the chain ends at {last}, and had {head.number} when the head was kept: what came last was cut off"
            found.append(Problem(said, chain, last + 1))
        elif _hash_at(chain, head.number) != head.hash:
            said = "it is not the link that was kept: the chain was written anew, here or before"
            found.append(Problem(said, chain, head.number))
    return found


def names() -> list[str]:
    """All chains that there are."""
    with connection.cursor() as cursor:
        cursor.execute(_NAMES)
        return [chain for (chain,) in cursor.fetchall()]


def heads(chains: Sequence[str] | None = None) -> dict[str, Head]:
    """Where each chain ends now; of these chains, or of all."""
    with connection.cursor() as cursor:
        cursor.execute(_HEADS, [list(names() if chains is None else chains)])
        return {chain: Head(number, bytes(link).hex()) for chain, number, link in cursor.fetchall()}


def document(ends: Mapping[str, Head], *, at: datetime) -> str:
    """Heads as the file that is kept elsewhere."""
    chains = {name: {"number": one.number, "hash": one.hash} for name, one in sorted(ends.items())}
    return json.dumps({"slider_log": 1, "at": at.isoformat(), "chains": chains}, indent=1)


def link(row: Row, before: bytes) -> bytes:
    """The hash that a link must have behind the one `before` (empty for the first)."""
    assert row.entry is not None
    at, kind, _, project, task, by, via, facts, digests = row.entry
    parts = (
        "slider log 1",
        row.chain,
        row.number,
        row.entry_id,
        at,
        kind,
        *("" if one is None else one for one in (project, task, by)),
        via,
        hashlib.sha256(facts.encode()).hexdigest(),
        hashlib.sha256(digests or b"").hexdigest(),
        before.hex(),
    )
    return hashlib.sha256("\n".join(map(str, parts)).encode()).digest()


# From chain to chain by the index, past all that lies between.
_NAMES = """
WITH RECURSIVE found AS (
    (SELECT chain FROM slider_link ORDER BY chain LIMIT 1)
    UNION ALL
    SELECT (SELECT l.chain FROM slider_link l WHERE l.chain > found.chain ORDER BY l.chain LIMIT 1)
    FROM found WHERE found.chain IS NOT NULL
)
SELECT chain FROM found WHERE chain IS NOT NULL
"""
_HEADS = """
SELECT last.chain, last.number, last.hash FROM unnest(%s::text[]) AS wanted(chain) CROSS JOIN LATERAL (
    SELECT l.chain, l.number, l.hash FROM slider_link l WHERE l.chain = wanted.chain ORDER BY l.number DESC LIMIT 1
) AS last
"""
_CHAIN = """
SELECT l.number, l.hash, l.entry_id, e.id IS NOT NULL, (extract(epoch FROM e.at) * 1000000)::bigint, e.kind, e.chain,
       e.project_id, e.task_id, e.by_id, e.via, e.facts::text, e.digests
FROM slider_link l LEFT JOIN slider_entry e ON e.id = l.entry_id
WHERE l.chain = %s AND l.number > %s ORDER BY l.number LIMIT %s
"""


def rows(chain: str, *, after: int | None = None, piece: int = PIECE) -> Iterator[Row]:
    """A chain's links with their entries, piece by piece: from its first, or behind the number `after`."""
    start: int | None = -(2**62) if after is None else after
    while start is not None:
        with connection.cursor() as cursor:
            cursor.execute(_CHAIN, [chain, start, piece])
            found = cursor.fetchall()
        for number, hash_, entry_id, is_there, *entry in found:
            yield Row(chain, number, bytes(hash_), entry_id, tuple(entry) if is_there else None)
        start = found[-1][0] if len(found) == piece else None


def _walk(chain: str, walked: Walked, see: Callable[[Row], None]) -> None:
    before: Row | None = None
    problem: Problem | None = None
    for row in rows(chain):
        found = wrong(row, before)
        problem = problem or found
        if found is None:
            see(row)
        before = row
        walked.entries += 1
        walked.heads[chain] = Head(row.number, row.hash.hex())
    if problem is not None:
        walked.problems.append(problem)


def wrong(row: Row, before: Row | None) -> Problem | None:
    """What is wrong with a link behind the one `before` (None: it is the first)."""
    wanted = 1 if before is None else before.number + 1
    if row.number != wanted:
        return Problem(f"it is missing; the next that is there is number {row.number}", row.chain, wanted)
    if row.entry is None:
        return Problem("its entry is gone", row.chain, row.number, row.entry_id)
    if row.entry[2] != row.chain:
        return Problem(f"its entry says that it belongs to {row.entry[2]}", row.chain, row.number, row.entry_id)
    if link(row, b"" if before is None else before.hash) != row.hash:
        said = "it is not what was written: the entry, its link or the order was changed"
        return Problem(said, row.chain, row.number, row.entry_id)
    return None


def _unlinked() -> list[Problem]:
    """Entries that stand in no chain: their link was taken away, or they were put in past the trigger."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.chain FROM slider_entry e LEFT JOIN slider_link l ON l.entry_id = e.id "
            "WHERE l.entry_id IS NULL ORDER BY e.id LIMIT %s",
            [MOST],
        )
        return [Problem("it has no link", chain, None, pk) for pk, chain in cursor.fetchall()]


def _hash_at(chain: str, number: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM slider_link WHERE chain = %s AND number = %s", [chain, number])
        found = cursor.fetchone()
    return bytes(found[0]).hex() if found else ""
