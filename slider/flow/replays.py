"""Sends to one receiver again what it did not get, or asks for once more: nothing above what a dry run has shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from slider.flow.operate import Target, Unfit, said, write
from slider.models import Endpoint, OperationKind
from slider.models.replayable import NEEDS_SINCE, Which, fragment
from slider.models.replayable import order as line

MOST = 2_000  # in one go, so that one transaction stays short; whoever asks is told when more is left


@dataclass(frozen=True, slots=True)
class Order:
    """What is sent again, to whom, by whom and why: behind `above`, up to the highest id that the dry run has shown."""

    endpoint: Endpoint
    which: Which
    upto: int
    by: int
    reason: str
    event: str = ""
    since: datetime | None = None
    one: int | None = None
    above: int = 0  # where the one before this ended


_AGAIN = """
WITH found AS (SELECT p.id {where} ORDER BY {order} LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED)
UPDATE slider_parcel p SET state = 'due', tries = 0, next_try_at = clock_timestamp()
FROM found WHERE p.id = found.id
"""
_AFTER_ALL = """
INSERT INTO slider_parcel (endpoint_id, publication_id, event, webhook_id, due_at)
SELECT e.id, p.id, CASE WHEN p.number = 1 THEN 'item.finished' ELSE 'item.corrected' END, p.webhook_id, p.due_at
{where} ORDER BY {order} LIMIT %(most)s
ON CONFLICT DO NOTHING
"""


def replay(order: Order, *, most: int = MOST) -> int:
    """Let it be sent at once, with all its tries, under the webhook-id it always had; how much. Raises Unfit."""
    reason = said(order.reason)
    if order.which in NEEDS_SINCE and order.since is None and order.one is None:
        raise Unfit(f"Say since when: what is {order.which.label} goes back to the beginning otherwise.")
    statement = (_AFTER_ALL if order.which == Which.MISSED else _AGAIN).format(
        where=fragment(order.which), order=line(order.which)
    )
    values: dict[str, Any] = {
        "endpoint": order.endpoint.pk,
        "above": order.above,
        "upto": order.upto,
        "event": order.event,
        "since": order.since,
        "one": order.one,
        "most": most,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
        sent = int(cursor.rowcount)
        if sent:
            facts: dict[str, object] = {"what": "webhooks", "which": str(order.which), "results": sent}
            facts["endpoint"] = order.endpoint.pk
            write(Target(order.endpoint.task_id), OperationKind.REQUEUE, by=order.by, reason=reason, facts=facts)
    return sent
