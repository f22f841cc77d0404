"""The unattended lane as the ledger knows it: what has left, and the errors that audits found, over all epochs."""

from dataclasses import dataclass, field
from datetime import datetime

from slider.engine import audit
from slider.flow.watching import verdicts


@dataclass(slots=True)
class Settled:
    """The unattended lane up to the place `to`, over all epochs: how many left, and errors found by audit rung."""

    to: int
    items: int = 0
    found: list[int] = field(default_factory=lambda: [0] * audit.STEPS)
    least: float = 1.0
    at: datetime | None = None  # when the first of these items was routed


# What can still be taken back is owed as well, whatever the deadline: it will be over in a moment.
_SETTLED = """
WITH next AS MATERIALIZED (
    SELECT d.seq, d.lane = 'unattended' AS ran, d.audit, d.audit_chance, d.created_at, look.state, look.verdict,
           look.undo_until
    FROM (SELECT * FROM slider_decision WHERE task_id = %(task)s AND seq >= %(since)s ORDER BY seq LIMIT %(most)s) AS d
    LEFT JOIN LATERAL (
        SELECT r.state, r.verdict, r.undo_until FROM slider_review r
        WHERE d.audit AND r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1 LIMIT 1
    ) AS look ON true
), reached AS (
    SELECT coalesce(
        min(seq) FILTER (WHERE state IN ('open', 'held')
                             AND created_at > clock_timestamp() - %(hours)s * interval '1 hour'
                         OR undo_until > clock_timestamp()),
        max(seq) + 1
    ) AS at FROM next
)
SELECT reached.at, n.audit_chance, count(n.seq),
       count(n.seq) FILTER (WHERE n.audit AND (n.state <> 'decided' OR n.verdict <> 'accept')), min(n.created_at)
FROM reached LEFT JOIN next n ON n.seq < reached.at AND n.ran
GROUP BY 1, 2
"""


def settled(task_id: int, *, since: int, within_h: float) -> Settled:
    """The unattended lane from the place `since` on, up to the oldest audit owed; an overdue one found an error."""
    found = Settled(to=since)
    for most in verdicts.chunks():
        lots = verdicts.rows(_SETTLED, {"task": task_id, "since": found.to, "most": most, "hours": within_h})
        reached = lots[0][0]
        for _, chance, items, errors, at in lots:
            if chance is not None:
                found.items += items
                found.found[audit.rung(chance)] += errors
                found.least = min(found.least, chance)
                found.at = at if found.at is None else min(found.at, at)
        whole = reached is not None and reached - found.to >= most
        found.to = found.to if reached is None else reached
        if not whole:
            break
    return found
