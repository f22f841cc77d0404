"""A caller's list of ids beside what is here: which never came, which are not out yet, and which nobody expected."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import connection

from slider.models import Task

BATCH = 1_000
SHOWN = 1_000  # ids that are kept of each finding; the counts are whole

# What became of an id that is here: its item's state, and where its first result stands with its receivers.
_FOUND = """
SELECT i.external_id, CASE
    WHEN i.state = 'withdrawn' THEN 'withdrawn'
    WHEN i.state <> 'done' THEN 'unfinished'
    WHEN p.id IS NULL OR p.due_at > statement_timestamp() THEN 'unpublished'
    WHEN EXISTS (SELECT FROM slider_parcel w JOIN slider_endpoint e ON e.id = w.endpoint_id
                 WHERE w.publication_id = p.id AND w.state = 'failed' AND e.removed_at IS NULL) THEN 'undelivered'
    WHEN EXISTS (SELECT FROM slider_parcel w JOIN slider_endpoint e ON e.id = w.endpoint_id
                 WHERE w.publication_id = p.id AND w.state = 'due' AND e.removed_at IS NULL) THEN 'unpublished'
    ELSE 'published' END
FROM slider_item i LEFT JOIN slider_publication p ON p.item_id = i.id AND p.number = 1
WHERE i.task_id = %(task)s AND i.external_id = ANY(%(ids)s)
"""


@dataclass(slots=True)
class Finding:
    """One kind of difference: how many, and the first of them."""

    count: int = 0
    ids: list[str] = field(default_factory=list)

    def add(self, external_id: str) -> None:
        self.count += 1
        if len(self.ids) < SHOWN:
            self.ids.append(external_id)


@dataclass(slots=True)
class Compared:
    """What the comparison found. `expected` counts the list's ids, each once."""

    expected: int = 0
    doubled: Finding = field(default_factory=Finding)  # more than once in the list
    missing: Finding = field(default_factory=Finding)  # in the list, not here
    extra: Finding = field(default_factory=Finding)  # here, not in the list
    unfinished: Finding = field(default_factory=Finding)
    unpublished: Finding = field(default_factory=Finding)  # done, and its result has not left yet
    undelivered: Finding = field(default_factory=Finding)  # given up after all tries
    withdrawn: Finding = field(default_factory=Finding)
    published: int = 0

    @property
    def agrees(self) -> bool:
        """Whether every id is here once, its result is out, and nothing else is here."""
        found = (self.doubled, self.missing, self.extra, self.unfinished, self.unpublished, self.undelivered)
        return not any(one.count for one in (*found, self.withdrawn))


def compare(task: Task, wanted: Iterable[str], *, extra: bool) -> Iterator[Compared]:
    """Compare; gives the same object after each batch, with what is known so far.

    `extra`: look for items that are not in the list, too, which reads all ids of the task.
    """
    found, seen = Compared(), set[str]()
    source = iter(wanted)
    while batch := list(islice(source, BATCH)):
        fresh: list[str] = []
        for one in batch:
            if one in seen:
                found.doubled.add(one)
            else:
                seen.add(one)
                fresh.append(one)
        found.expected += len(fresh)
        _look_up(task, fresh, found)
        yield found
    if extra:
        for one in _all(task):
            if one not in seen:
                found.extra.add(one)
    yield found


def _look_up(task: Task, ids: Sequence[str], found: Compared) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, {"task": task.pk, "ids": list(ids)})
        stands = dict(cursor.fetchall())
    for one in ids:
        word = stands.get(one, "missing")
        if word == "published":
            found.published += 1
        else:
            getattr(found, word).add(one)


def _all(task: Task) -> Iterator[str]:
    after = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, external_id FROM slider_item WHERE task_id = %s AND id > %s ORDER BY id LIMIT 5000",
                [task.pk, after],
            )
            rows = cursor.fetchall()
        if not rows:
            return
        yield from (external_id for _, external_id in rows)
        after = rows[-1][0]
