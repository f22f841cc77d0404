"""Sends on its way once more what got stuck: items without an answer to their worker, results to their receiver."""

from dataclasses import dataclass

from django.db import connection, transaction

from slider.flow import moves
from slider.flow.operate import Target, Unfit, said, write
from slider.models import Gauge, OperationKind, State
from slider.models.requeueable import NO_ANSWER, STUCK

MOST = 2_000  # in one go, so that one transaction stays short; the page says when more is left
_ALL_TRIES = 32_767


@dataclass(frozen=True, slots=True)
class Order:
    """Who sends what, and why. `upto` is the highest id that the dry run has shown."""

    task_id: int
    upto: int
    by: int
    reason: str


_HOLD = f"SELECT i.id, i.token {NO_ANSWER} ORDER BY i.id LIMIT %(most)s FOR UPDATE OF i SKIP LOCKED"
# A look that somebody takes in this very moment is locked by them: its item stays where it is.
_LOOKS = """
WITH mine AS (
    SELECT id, item_id FROM slider_review WHERE item_id = ANY(%(items)s) AND state IN ('open', 'waiting') AND token = 0
    ORDER BY id FOR UPDATE SKIP LOCKED
)
SELECT n.item_id FROM (SELECT item_id, count(*) FROM slider_review WHERE item_id = ANY(%(items)s) GROUP BY 1) AS n
JOIN (SELECT item_id, count(*) FROM mine GROUP BY 1) AS m ON m.item_id = n.item_id AND m.count = n.count
"""
_KEEP = """
INSERT INTO slider_requeued (operation_id, item_id, seq, decision, at)
SELECT %(operation)s, d.item_id, d.seq, to_jsonb(d), clock_timestamp()
FROM slider_decision d WHERE d.item_id = ANY(%(items)s)
"""


def no_answer(order: Order, *, outcome: str = "", most: int = MOST) -> int:
    """Send items that have no usable answer back to their worker, as fresh ones; returns how many.

    Their decisions are kept whole in `Requeued` before they are taken away, and are made anew when an answer comes.
    Nothing that anybody has looked at is touched: such an item has evidence, and stays with people.
    """
    reason = said(order.reason)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_HOLD, {"task": order.task_id, "upto": order.upto, "outcome": outcome, "most": most})
        tokens = dict(cursor.fetchall())
        cursor.execute(_LOOKS, {"items": list(tokens)})
        items = sorted(item_id for (item_id,) in cursor.fetchall())
        if not items:
            return 0
        Gauge.locked(order.task_id)  # after the items, as routing does: it alone makes decisions, and counts them
        facts = {"what": "no_answer", "outcome": outcome, "items": len(items)}
        operation = write(Target(order.task_id), OperationKind.REQUEUE, by=order.by, reason=reason, facts=facts)
        cursor.execute(_KEEP, {"operation": operation.pk, "items": items})
        cursor.execute("DELETE FROM slider_review WHERE item_id = ANY(%s)", [items])
        cursor.execute("DELETE FROM slider_decision WHERE item_id = ANY(%s)", [items])
        steps = [moves.Step(item, tokens[item], State.READY, f"sent back to its worker: {reason}") for item in items]
        moved = moves.move_all(steps, source=State.REVIEW, by=order.by, refund=_ALL_TRIES)
        if len(moved) != len(steps):
            raise moves.Lost(f"{len(steps) - len(moved)} of {len(steps)} items moved under a lock that holds them")
    return len(moved)


def publications(order: Order, *, most: int = MOST) -> int:
    """Let what is stuck on its way to a receiver be sent again at once, with all its tries; returns how many."""
    reason = said(order.reason)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH stuck AS (SELECT p.id {STUCK} ORDER BY p.id LIMIT %(most)s FOR UPDATE OF p SKIP LOCKED)
            UPDATE slider_parcel p SET state = 'due', tries = 0, next_try_at = clock_timestamp()
            FROM stuck WHERE p.id = stuck.id
            """,  # noqa: S608  # nothing but the fragment goes into this text
            {"task": order.task_id, "upto": order.upto, "most": most},
        )
        sent = int(cursor.rowcount)
        if sent:
            facts = {"what": "publications", "results": sent}
            write(Target(order.task_id), OperationKind.REQUEUE, by=order.by, reason=reason, facts=facts)
    return sent


__all__ = ["MOST", "Order", "Unfit", "no_answer", "publications"]
