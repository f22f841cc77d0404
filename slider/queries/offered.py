"""What of the open looks would be given to a person: the same rule that the claim follows, for whatever counts them."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Q
from django.db.models.expressions import RawSQL

from slider.models.may_look import may_look

SCANNED = 5_000  # so many of the first looks of a task are looked through where somebody waits for a count

_FRONT = """
SELECT w.id FROM unnest(%s::bigint[]) AS t(id) CROSS JOIN LATERAL (
    SELECT id FROM slider_review WHERE task_id = t.id AND state = 'open' ORDER BY turn, id LIMIT %s
) AS w
"""
_BEYOND = """
SELECT EXISTS (
    SELECT FROM unnest(%s::bigint[]) AS t(id) CROSS JOIN LATERAL (
        SELECT FROM slider_review WHERE task_id = t.id AND state = 'open' ORDER BY turn, id OFFSET %s LIMIT 1
    ) AS w
)
"""


def to(user_id: int) -> Q:
    """A filter of looks that this person may take; for queries that read reviews first, under their own name."""
    rule = may_look("slider_review", person="%s")
    return Q(RawSQL(rule, [user_id] * rule.count("%s"), output_field=BooleanField()))  # noqa: S611


def beyond(task_ids: Sequence[int]) -> bool:
    """Whether one of these tasks has more open looks than are looked through."""
    with connection.cursor() as cursor:
        cursor.execute(_BEYOND, [list(task_ids), SCANNED])
        return bool(cursor.fetchone()[0])


def in_front(task_ids: Sequence[int]) -> Q:
    """A filter of the first open looks of these tasks, as many of each as are looked through."""
    return Q(pk__in=RawSQL(_FRONT, [list(task_ids), SCANNED], output_field=BigIntegerField()))  # noqa: S611
