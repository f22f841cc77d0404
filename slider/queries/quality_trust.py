"""Whether `p_correct` keeps its word: what was said of the newest reviewed answers beside what people found."""

import math
from dataclasses import dataclass

import numpy as np
from django.db import connection

from slider.engine import reliability
from slider.models import Policy
from slider.queries import errors, items

NEWEST = 3_000  # so many labels are read at most


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose `p_correct` was above `low` and up to `high`; None: too few labels to say."""

    low: float
    high: float
    labels: int
    said: float | None
    found: float | None
    lower: float | None
    upper: float | None

    @property
    def verdict(self) -> str:
        """How the two compare, in words."""
        if self.said is None or self.lower is None or self.upper is None:
            return "not known"
        if self.said > self.upper:
            return "says too much"
        return "says too little" if self.said < self.lower else "as said"


@dataclass(frozen=True, slots=True)
class Trust:
    """The plot, and its sum: `gap` is the mean distance, `luck` what chance alone would make of it."""

    labels: int
    bins: list[Bin]
    gap: float | None
    luck: float | None

    @property
    def words(self) -> str:
        """The sum in words, for somebody who never heard of a calibration error."""
        if self.gap is None or self.luck is None:
            return "Not known yet: no bin has enough labels."
        points, luck = f"{self.gap * 100:.1f}", f"{self.luck * 100:.1f}"
        if self.gap <= 1.5 * self.luck:
            return (
                f"On average it is off by {points} points, which is what chance alone makes of so few labels ({luck})."
            )
        return f"On average it is off by {points} points; chance alone would make {luck} of so many labels."


def trust(policy: Policy) -> Trust:
    """Compare, over the newest labels of the worker version in force, both lanes, answers that were scored by a fit.

    Each `p_correct` is the one that was written down when the item was routed, before anybody looked.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.p_correct, r.verdict = 'accept', d.audit_chance FROM (
                SELECT item_id, verdict FROM slider_review
                WHERE task_id = %s AND state = 'decided' AND slot = 1
                  AND kind NOT IN ('known', 'second') ORDER BY decided_at DESC LIMIT %s
            ) AS r JOIN slider_decision d ON d.item_id = r.item_id
            JOIN slider_attempt a ON a.id = d.attempt_id JOIN slider_score s ON s.attempt_id = a.id
            WHERE d.why <> 'no_answer' AND a.outcome = 'answered' AND a.worker_id = %s AND s.calibration <> %s
            """,
            [policy.task_id, NEWEST, policy.worker_id, items.UNFITTED],
        )
        rows = cursor.fetchall()
    found = reliability.reliability(
        np.array([row[0] for row in rows], dtype=np.float64),
        correct=np.array([row[1] for row in rows], dtype=np.bool_),
        chances=np.array([row[2] for row in rows], dtype=np.float64),
        delta=policy.delta,
        least=errors.FEW,
    )
    gap, luck = (None if math.isnan(value) else value for value in (found.gap, found.luck))
    return Trust(len(rows), [_bin(found, n) for n in range(len(found.labels))], gap, luck)


def _bin(found: reliability.Reliability, n: int) -> Bin:
    known = bool(found.known[n])
    said, right, lower, upper = (
        float(values[n]) if known else None for values in (found.said, found.found, found.lower, found.upper)
    )
    low, high = (float(edge) for edge in reliability.EDGES[n : n + 2])
    return Bin(low, high, int(found.labels[n]), said, right, lower, upper)
