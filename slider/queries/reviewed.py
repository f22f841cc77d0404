"""The tasks that a person reviews, as an open desk asks for them with every sign of life: ids, and what they need."""

from dataclasses import dataclass

from slider.models import standing
from slider.models.project import RIGHTS

_ROLES = [str(role) for role, verbs in RIGHTS.items() if "review" in verbs]
_TASKS = """
SELECT t.id, t.practice_looks > 0,
       EXISTS (SELECT FROM slider_hidden h WHERE h.user_id = %(user)s AND h.task_id = t.id)
FROM slider_membership m JOIN slider_task t ON t.project_id = m.project_id
WHERE m.user_id = %(user)s AND m.role = ANY(%(roles)s) ORDER BY t.id
"""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A task that a person may review: whether it asks for practice, and whether they have taken it off their desk."""

    task_id: int
    practises: bool
    hidden: bool


def tasks(user_id: int) -> list[Reviewed]:
    """What a person may review, over all their projects."""
    with standing.cursor() as cursor:
        cursor.execute(_TASKS, {"user": user_id, "roles": _ROLES})
        return [Reviewed(*row) for row in cursor.fetchall()]
