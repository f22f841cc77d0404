"""Logs for tests: long ones, and hands that get past every trigger."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from slider.models import Task
from slider.queries import chain
from slider.queries.chain import Problem
from slider.queries.recorded import Recorded

_SWAP = (
    "UPDATE slider_link a SET entry_id = -b.entry_id FROM slider_link b "
    "WHERE a.chain = %s AND b.chain = a.chain AND (a.number, b.number) IN ((%s, %s), (%s, %s))"
)
_CONTENTS = "UPDATE slider_entry a SET facts = b.facts, at = b.at FROM slider_entry b"


def link_now() -> None:
    """Inside a test's one transaction: link what was written, and what is written from now on, at once."""
    sql("SET CONSTRAINTS entry_linked IMMEDIATE")


def sql(statement: str, *given: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return cursor.fetchall() if cursor.description else []


def grow(task: Task, entries: int) -> None:
    """So many entries more in the chain of a task, by the writer that all triggers call."""
    sql(
        "SELECT slider_log_write('setting', %s, %s, NULL, jsonb_build_object('nth', n), NULL) "
        "FROM generate_series(1, %s) AS n",
        task.project_id,
        task.pk,
        entries,
    )


@contextmanager
def tampered(*statements: tuple[str, tuple[Any, ...]]) -> Iterator[None]:
    """Done by somebody who owns the database and has switched every trigger off; undone at the end."""
    with transaction.atomic():
        sql("SET LOCAL session_replication_role = replica")
        for statement, given in statements:
            sql(statement, *given)
        sql("SET LOCAL session_replication_role = origin")
        yield
        transaction.set_rollback(True)


def found() -> list[Problem]:
    """All that is wrong: with the chains, and with the rows that they tell of."""
    recorded = Recorded()
    walked = chain.walk(recorded.see)
    return [*walked.problems, *recorded.problems()]


def ways(chain_name: str, number: int, other: int) -> dict[str, list[tuple[str, tuple[Any, ...]]]]:
    """How one entry of a chain can be tampered with; `other` is a second place, for a swap."""
    entry = "(SELECT entry_id FROM slider_link WHERE chain = %s AND number = %s)"
    here, there = (chain_name, number), (chain_name, other)
    return {
        "an edit of its facts": [(f"UPDATE slider_entry SET facts = facts || '{{\"x\": 1}}' WHERE id = {entry}", here)],
        "an edit of its time": [(f"UPDATE slider_entry SET at = at + interval '1 us' WHERE id = {entry}", here)],
        "an edit of its person": [(f"UPDATE slider_entry SET by_id = 1 WHERE id = {entry}", here)],
        "an edit of its link": [
            ("UPDATE slider_link SET hash = sha256(hash) WHERE chain = %s AND number = %s", here),
        ],
        "its entry deleted": [(f"DELETE FROM slider_entry WHERE id = {entry}", here)],
        "it deleted whole": [
            (f"DELETE FROM slider_entry WHERE id = {entry}", here),
            ("DELETE FROM slider_link WHERE chain = %s AND number = %s", here),
        ],
        "it deleted, and the rest moved up": [
            (f"DELETE FROM slider_entry WHERE id = {entry}", here),
            ("DELETE FROM slider_link WHERE chain = %s AND number = %s", here),
            ("UPDATE slider_link SET number = -number + 1 WHERE chain = %s AND number > %s", here),
            ("UPDATE slider_link SET number = -number WHERE chain = %s AND number < 0", (chain_name,)),
        ],
        "it swapped with another": [
            (
                "UPDATE slider_link SET entry_id = -entry_id WHERE chain = %s AND number IN (%s, %s)",
                (chain_name, number, other),
            ),
            (
                _SWAP,
                (chain_name, number, other, other, number),
            ),
        ],
        "its contents swapped with another's": [
            (
                f"{_CONTENTS} WHERE a.id IN ({entry}, {entry}) AND b.id IN ({entry}, {entry}) AND a.id <> b.id",
                here + there + here + there,
            ),
        ],
    }
