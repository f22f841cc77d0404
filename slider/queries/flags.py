"""The looks of a task on which a flag stands, for whoever leads."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from slider.models import Review, Task

MOST = 100


@dataclass(frozen=True, slots=True)
class Flag:
    """A look that somebody put before a lead, and why; `holder` has it in hands by now, empty where nobody has."""

    review_id: int
    item_id: int
    title: str
    who: str
    at: datetime
    note: str
    holder: str


# A flag is answered by assigning the look or by giving it back; who hands it on to another lead leaves it standing.
_STANDING = """
SELECT r.id, u.username, h.created_at, h.note
FROM slider_handing h JOIN slider_review r ON r.id = h.review_id JOIN auth_user u ON u.id = h.by_id
WHERE h.kind = 'flagged' AND r.task_id = %s AND r.state IN ('open', 'held') AND NOT EXISTS (
    SELECT FROM slider_handing later WHERE later.review_id = h.review_id AND later.id > h.id AND later.kind <> 'handed'
)
ORDER BY h.id LIMIT %s
"""


def standing(task: Task) -> tuple[Flag, ...]:
    """What was flagged and not answered yet, the oldest first. Of which kind a look is stands nowhere."""
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [task.pk, MOST])
        rows = cursor.fetchall()
    looks = Review.objects.select_related("item__payload", "holder").in_bulk([row[0] for row in rows])
    return tuple(
        Flag(
            review_id,
            looks[review_id].item_id,
            task.title(looks[review_id].item.payload.body, looks[review_id].item.external_id),
            who,
            at,
            note,
            holder.get_username() if (holder := looks[review_id].holder) is not None else "",
        )
        for review_id, who, at, note in rows
    )
