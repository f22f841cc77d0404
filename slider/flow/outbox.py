"""The only maker of a Publication: a result is owed in the same transaction that makes the item final."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max

from slider import strict
from slider.models import Ending, Publication


@dataclass(frozen=True, slots=True)
class Result:
    """What is owed for one item; `answer` is None after a rejection."""

    item_id: int
    ending: Ending
    answer: Any
    reason: str = ""


def owe(task_id: int, results: Sequence[Result], *, undo_s: float, number: int = 1) -> None:
    """Write the results as due `undo_s` seconds from now. A second result of the same number is an IntegrityError."""
    if not results:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO slider_publication
                (item_id, task_id, number, webhook_id, ending, answer, reason, created_at, due_at, delivery, tries,
                 next_try_at, last_problem)
            SELECT r.item_id, %(task)s, %(number)s, gen_random_uuid(), r.ending, r.answer::jsonb, r.reason,
                   clock_timestamp(), clock_timestamp() + %(undo_s)s * interval '1 second',
                   CASE WHEN EXISTS (SELECT FROM slider_endpoint e WHERE e.task_id = %(task)s AND e.disabled_at IS NULL)
                        THEN 'due' ELSE 'none' END,
                   0, clock_timestamp() + %(undo_s)s * interval '1 second', ''
            FROM unnest(%(items)s::bigint[], %(endings)s::text[], %(answers)s::text[], %(reasons)s::text[])
                 AS r(item_id, ending, answer, reason)
            """,
            {
                "task": task_id,
                "number": number,
                "undo_s": undo_s,
                "items": [result.item_id for result in results],
                "endings": [str(result.ending) for result in results],
                "answers": [
                    None if result.answer is None else strict.canonical(result.answer).decode() for result in results
                ],
                "reasons": [result.reason for result in results],
            },
        )


def correct(task_id: int, result: Result, *, undo_s: float) -> None:
    """Owe a correction of a result that is out already; the first result stays as it was."""
    newest = Publication.objects.filter(item_id=result.item_id).aggregate(Max("number"))["number__max"]
    owe(task_id, [result], undo_s=undo_s, number=newest + 1)
