"""A task's calibration, fitted anew on the newest verdicts, and the scores that it gives to the items routed last."""

import json
import math
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import calibration, evidence, lanes
from slider.models import Policy

FIRST = 40  # verdicts before the first calibration of a task's own
NEWEST = 20_000  # verdicts that a fit looks at
_GROWTH = 1.25


def is_due(labels: int, *, fitted_at: int) -> bool:
    """Whether so many verdicts of the epoch are worth a new fit: a quarter more than at the last one."""
    return labels >= (FIRST if fitted_at == 0 else math.ceil(fitted_at * _GROWTH) + 10)


def fit(policy: Policy) -> calibration.Calibration:
    """Fit on the newest verdicts on this worker version's answers, both lanes, weighted by their chances.

    Verdicts of older epochs may teach as well: a calibration ranks and promises nothing. Looks back are left out, as
    nobody fixed a chance for each of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.signals, r.verdict = 'accept', d.audit_chance
            FROM (
                SELECT item_id, verdict FROM slider_review
                WHERE task_id = %s AND state = 'decided' AND kind <> 'lookback' ORDER BY decided_at DESC LIMIT %s
            ) AS r
            CROSS JOIN LATERAL (SELECT * FROM slider_decision d WHERE d.item_id = r.item_id LIMIT 1) AS d
            CROSS JOIN LATERAL (SELECT * FROM slider_attempt a WHERE a.id = d.attempt_id LIMIT 1) AS a
            CROSS JOIN LATERAL (SELECT * FROM slider_score s WHERE s.attempt_id = a.id LIMIT 1) AS s
            WHERE a.outcome = 'answered' AND a.worker_id = %s
            """,
            [policy.task_id, NEWEST, policy.worker_id],
        )
        rows = cursor.fetchall()
    return calibration.fit(
        evidence.matrix([_signals(row[0]) for row in rows]),
        correct=np.array([row[1] for row in rows], dtype=np.bool_),
        propensity=np.array([row[2] for row in rows], dtype=np.float64),
    )


def window(policy: Policy, fitted: calibration.Calibration) -> tuple[float, ...]:
    """The ranking scores that a new calibration gives to the items ranked last, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(s.signals, '{}'), coalesce(a.outcome = 'answered', false) FROM slider_decision d
            LEFT JOIN slider_attempt a ON a.id = d.attempt_id LEFT JOIN slider_score s ON s.attempt_id = a.id
            WHERE d.task_id = %s AND d.bin IS NOT NULL ORDER BY d.seq DESC LIMIT %s
            """,
            [policy.task_id, lanes.WINDOW],
        )
        rows = cursor.fetchall()[::-1]
    rated = evidence.matrix([_signals(row[0]) for row in rows])
    scores = fitted.scores(rated, answered=np.array([row[1] for row in rows], dtype=np.bool_))
    return tuple(float(score) for score in scores)


def _signals(stored: Any) -> dict[str, float]:
    # A raw cursor gives jsonb as text or parsed, by the driver's settings.
    return dict(json.loads(stored) if isinstance(stored, str) else stored)
