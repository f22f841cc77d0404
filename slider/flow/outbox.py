"""The only maker of a Publication: a result is owed in the same transaction that makes the item final."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, connection
from django.db.models import Max, Q

from slider import strict
from slider.flow import arrays
from slider.models import Ending, EventType, Item, Publication, standing
from slider.models.publication import TAKING_BACK


@dataclass(frozen=True, slots=True)
class Result:
    """What is owed for one item; `answer` is None after a rejection."""

    item_id: int
    ending: Ending
    answer: Any
    reason: str = ""
    review_id: int | None = None  # the look whose verdict it tells


# A parcel for each endpoint that wants it, in the statement that makes the result; without an endpoint, nothing more.
_OWE = """
WITH made AS (
    INSERT INTO slider_publication (item_id, task_id, number, review_id, webhook_id, ending, answer, reason, created_at,
                                    due_at)
    SELECT r.item_id, %(task)s, %(number)s, r.review_id, gen_random_uuid(), r.ending, r.answer::jsonb, r.reason,
           clock_timestamp(), clock_timestamp() + %(undo_s)s * interval '1 second'
    FROM unnest(%(items)s::bigint[], %(endings)s::text[], %(answers)s::text[], %(reasons)s::text[],
                %(reviews)s::bigint[]) AS r(item_id, ending, answer, reason, review_id)
    RETURNING id, webhook_id, due_at
)
INSERT INTO slider_parcel (endpoint_id, publication_id, event, webhook_id, due_at, next_try_at)
SELECT e.id, m.id, %(event)s::text, m.webhook_id, m.due_at, m.due_at
FROM slider_endpoint e CROSS JOIN made m
WHERE e.task_id = %(task)s AND e.disabled_at IS NULL AND e.removed_at IS NULL AND e.events ? %(event)s::text
"""


def owe(task_id: int, results: Sequence[Result], *, undo_s: float, number: int = 1) -> None:
    """Write the results as due `undo_s` seconds from now, with a parcel for each endpoint that wants them.

    A second result of the same number is an IntegrityError.
    """
    if not results:
        return
    with standing.cursor() as cursor:
        cursor.execute(
            _OWE,
            {
                "task": task_id,
                "number": number,
                "event": EventType.FINISHED if number == 1 else EventType.CORRECTED,
                "undo_s": undo_s,
                "items": arrays.numbers([result.item_id for result in results]),
                "endings": arrays.literal([result.ending for result in results]),
                "answers": arrays.literal(
                    [None if result.answer is None else strict.canonical(result.answer).decode() for result in results]
                ),
                "reasons": arrays.literal([result.reason for result in results]),
                "reviews": arrays.literal([result.review_id for result in results]),
            },
        )


def correct(task_id: int, result: Result, *, undo_s: float) -> int:
    """Owe a correction of a result that stays as it was; returns its number. Two at once follow one on the other."""
    Item.objects.select_for_update(no_key=True).get(pk=result.item_id)
    newest = Publication.objects.filter(item_id=result.item_id).aggregate(Max("number"))["number__max"] or 0
    owe(task_id, [result], undo_s=undo_s, number=newest + 1)
    return int(newest) + 1


class HasLeft(Exception):
    """A result can't be taken back any more: its time is over, or a later one stands on it."""


def take_back(item_id: int, mine: Q) -> None:
    """Unmake those of an item's results that are `mine`, while they wait for their time; raises HasLeft.

    The rows are locked until the transaction ends and a sender passes over locked ones, so a result leaves or is
    taken back and never both. Whether one has left is for the database to say: it refuses to delete what has.
    """
    item = Item.objects.select_for_update(no_key=True).get(pk=item_id)
    with connection.cursor() as cursor:  # readers wait for it, see `queries.results.settled`
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [TAKING_BACK, item.task_id % 2**31])
    owed = list(Publication.objects.select_for_update().filter(item_id=item_id).order_by("number"))
    wanted = set(Publication.objects.filter(mine, item_id=item_id).values_list("pk", flat=True))
    if not wanted:
        return
    if owed[-1].pk not in wanted:
        raise HasLeft("somebody has corrected this item since: what you said is part of its history now")
    try:
        Publication.objects.filter(pk__in=wanted).delete()
    except IntegrityError as error:
        raise HasLeft("the result has left") from error
