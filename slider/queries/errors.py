"""How often the unattended lane was wrong, from its audits, each weighted by the chance it was drawn with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from django.db import connection

from slider.engine import audit, bounds
from slider.engine.arrays import Ints
from slider.models import Policy

FEW = 20  # fewer verdicts than this say nothing worth a number
NEWEST = 20_000  # so many audits are read at most


class Row(NamedTuple):
    """Audits that were drawn with one chance."""

    chance: float
    wrong: int
    looked: int


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
    """The error of what ran unattended under this policy's evidence, from its newest audits in routing order.

    Only audits before the oldest one still owed count, since errors take longer to judge than right answers; one that
    is owed beyond the task's deadline holds up nothing and counts as wrong.
    """
    return measured(counted(policy), delta=policy.delta)


def counted(policy: Policy) -> list[Row]:
    """The audits of a policy's epoch that count by now, as rows for `measured`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH newest AS (
                SELECT d.seq, d.audit_chance, d.epoch, r.state, r.verdict,
                       r.state <> 'decided' AND d.created_at > clock_timestamp() - (
                           SELECT judge_within_h * interval '1 hour' FROM slider_task WHERE id = %s
                       ) AS waits
                FROM (
                    SELECT seq, item_id, epoch, audit_chance, created_at FROM slider_decision
                    WHERE task_id = %s AND audit ORDER BY seq DESC LIMIT %s
                ) AS d JOIN slider_review r ON r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1
                WHERE r.state <> 'void' AND d.epoch = %s
            )
            SELECT audit_chance, count(*) FILTER (WHERE verdict <> 'accept'), count(*) FROM newest
            WHERE seq < coalesce((SELECT min(seq) FROM newest WHERE waits), 9223372036854775807)
            GROUP BY 1
            """,
            [policy.task_id, policy.task_id, NEWEST, policy.epoch],
        )
        return [Row(*row) for row in cursor.fetchall()]


def tables(rows: Sequence[tuple[float, int, int]]) -> tuple[Ints, Ints]:
    """Wrong and right labels by weight class; the rarest draw has the full weight."""
    least = min((row[0] for row in rows), default=1.0)
    wrong, right = np.zeros((2, audit.STEPS), dtype=np.int64)
    for chance, n_wrong, n in rows:
        weight = audit.weight_class(chance, least=least)
        wrong[weight] += n_wrong
        right[weight] += n - n_wrong
    return wrong, right


def measured(rows: Sequence[tuple[float, int, int]], *, delta: float) -> Measured:
    """Weigh rows of (audit chance, wrong, looked at); `delta` is how often the bound may fail."""
    looked, bad = sum(row[2] for row in rows), sum(row[1] for row in rows)
    if looked < FEW:
        return Measured(looked, bad, None, None, 1 - delta)
    wrong, right = tables(rows)
    weighed = audit.LADDER * wrong
    estimate = float(weighed.sum() / (audit.LADDER * (wrong + right)).sum())
    upper = float(bounds.upper_error(wrong, right, delta=delta))
    return Measured(looked, bad, estimate, upper, 1 - delta)
