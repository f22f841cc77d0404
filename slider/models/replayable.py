"""What can be sent again to one receiver, as SQL: the dry run that counts it and the hand that does it agree.

Nothing of what was deleted. All take `%(endpoint)s`, `%(above)s` and `%(upto)s` (the id behind which was looked, and
the highest that was shown), `%(event)s` (one event, or empty for all), `%(since)s` (a moment, or NULL) and `%(one)s` (a
single id, or NULL).
"""

from django.db import models


class Which(models.TextChoices):
    """What of it."""

    DEAD = "dead", "given up"
    LATE = "late", "tried in vain, and waiting for a later try"
    MISSED = "missed", "never owed to it, since it was off or not there"
    SENT = "sent", "delivered before"


NEEDS_SINCE = (Which.MISSED, Which.SENT)
_STATES = {
    Which.DEAD: "p.state = 'failed'",
    # A sender that has one in its hands right now holds it for less than a minute.
    Which.LATE: "p.state = 'due' AND p.tries > 0 AND p.next_try_at > clock_timestamp() + interval '1 minute'",
    Which.SENT: "p.state = 'sent'",
}
# Not of an item whose contents were deleted: its bytes can't be made any more. Nor is it counted as one to send.
HELD = """NOT EXISTS (
      SELECT FROM slider_publication o JOIN slider_emptied x ON x.item_id = o.item_id WHERE o.id = p.publication_id
  )"""
_PARCELS = """
FROM slider_parcel p
WHERE p.endpoint_id = %(endpoint)s AND p.id > %(above)s AND p.id <= %(upto)s AND p.event <> 'webhook.test' AND {state}
  AND (%(event)s = '' OR p.event = %(event)s)
  AND (%(since)s::timestamptz IS NULL OR p.due_at >= %(since)s::timestamptz)
  AND (%(one)s::bigint IS NULL OR p.id = %(one)s::bigint)
  AND {held}
"""
# Results alone: news of a time in which nobody listened is no news any more.
_MISSED = """
FROM slider_endpoint e JOIN slider_publication p ON p.task_id = e.task_id
WHERE e.id = %(endpoint)s AND p.id > %(above)s AND p.id <= %(upto)s AND p.due_at <= clock_timestamp()
  AND p.due_at >= %(since)s::timestamptz AND %(one)s::bigint IS NULL
  AND e.events ? CASE WHEN p.number = 1 THEN 'item.finished' ELSE 'item.corrected' END
  AND (%(event)s = '' OR %(event)s = CASE WHEN p.number = 1 THEN 'item.finished' ELSE 'item.corrected' END)
  AND NOT EXISTS (SELECT FROM slider_parcel w WHERE w.publication_id = p.id AND w.endpoint_id = e.id)
  AND NOT EXISTS (SELECT FROM slider_emptied x WHERE x.item_id = p.item_id)
"""


def fragment(which: Which) -> str:
    """Where to look for it; `p` is a parcel, or a result where it was missed."""
    return _MISSED if which == Which.MISSED else _PARCELS.format(state=_STATES[which], held=HELD)


def order(which: Which) -> str:
    """In which order: by id. What was missed is read by its moment, and sorted.

    Rows since a moment lie at the end of a task's results. By the index of ids PostgreSQL would read all before them.
    """
    return "p.id + 0" if which == Which.MISSED else "p.id"
