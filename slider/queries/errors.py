"""How often the unattended lane was wrong, from its audits, each weighted by the chance it was drawn with."""

from dataclasses import dataclass

import numpy as np
from django.db import connection

from slider.engine import audit, bounds
from slider.models import Policy

FEW = 20  # fewer verdicts than this say nothing worth a number
NEWEST = 5_000  # so many looks are read at most


@dataclass(frozen=True, slots=True)
class Measured:
    """An error rate, 0-1: the estimate and the bound are None while too few audits are in."""

    audited: int
    wrong: int
    estimate: float | None
    upper: float | None
    sure: float  # the chance that the bound holds, 0-1

    @property
    def known(self) -> bool:
        return self.estimate is not None


def unattended(policy: Policy) -> Measured:
    """The error of what ran unattended under this policy's evidence, from its newest audits."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.audit_chance, count(*) FILTER (WHERE r.verdict <> 'accept'), count(*) FROM (
                SELECT item_id, verdict FROM slider_review
                WHERE task_id = %s AND kind = 'audit' AND state = 'decided' ORDER BY decided_at DESC LIMIT %s
            ) AS r JOIN slider_decision d ON d.item_id = r.item_id
            WHERE d.epoch = %s GROUP BY 1
            """,
            [policy.task_id, NEWEST, policy.epoch],
        )
        rows = cursor.fetchall()
    return measured(rows, delta=policy.delta)


def measured(rows: list[tuple[float, int, int]], *, delta: float) -> Measured:
    """Weigh rows of (audit chance, wrong, looked at); `delta` is how often the bound may fail."""
    looked, bad = sum(row[2] for row in rows), sum(row[1] for row in rows)
    if looked < FEW:
        return Measured(looked, bad, None, None, 1 - delta)
    least = min(row[0] for row in rows)
    wrong, right = np.zeros((2, audit.STEPS), dtype=np.int64)
    for chance, n_wrong, n in rows:
        weight = audit.weight_class(chance, least=least)
        wrong[weight] += n_wrong
        right[weight] += n - n_wrong
    weighed = audit.LADDER * wrong
    estimate = float(weighed.sum() / (audit.LADDER * (wrong + right)).sum())
    upper = float(bounds.upper_error(wrong, right, delta=delta))
    return Measured(looked, bad, estimate, upper, 1 - delta)
