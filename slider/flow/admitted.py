"""Who may begin with a task's live items: where practice is asked for first, whoever has passed, or was let in."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from slider.models import Admission, Let, standing


@dataclass(frozen=True, slots=True)
class Door:
    """Tasks that a person may take looks of. Of the `resting` ones they have to practise first, but can't: there are
    too few known answers. So they begin without, and that is written down with their first look."""

    open: list[int]
    resting: frozenset[int]


def door(user_id: int, task_ids: Sequence[int]) -> Door:
    """Which of these tasks are open to this person."""
    with standing.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id, slider_must_practise(t.id, %(user)s) FROM slider_task t
            WHERE t.id = ANY(%(tasks)s) AND t.practice_looks > 0
              AND NOT EXISTS (SELECT FROM slider_admission a WHERE a.task_id = t.id AND a.person_id = %(user)s)
            """,
            {"user": user_id, "tasks": list(task_ids)},
        )
        must = dict(cursor.fetchall())
    return Door(
        open=[task_id for task_id in task_ids if not must.get(task_id, False)],
        resting=frozenset(task_id for task_id, barred in must.items() if not barred),
    )


def let_in(task_id: int, user_id: int, why: Let, *, by: int | None = None) -> None:
    """Let somebody begin. Who was let in before stays so, with the cause that was named then."""
    row = Admission(task_id=task_id, person_id=user_id, why=why, by_id=by)
    Admission.objects.bulk_create([row], ignore_conflicts=True)


def excuse(task_id: int) -> None:
    """Let in whoever has reviewed in a task, or holds a look of it: practice is for those who begin."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO slider_admission (task_id, person_id, why)
            SELECT DISTINCT %(task)s::bigint, r.holder_id, 'before' FROM slider_review r
            WHERE r.task_id = %(task)s AND r.state IN ('held', 'decided')
            ON CONFLICT (person_id, task_id) DO NOTHING
            """,
            {"task": task_id},
        )
