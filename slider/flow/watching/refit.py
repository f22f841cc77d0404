"""A task's calibration, fitted anew on the newest verdicts, and the scores that it gives to the items routed last."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import calibration, certificate, evidence, reference
from slider.engine.arrays import Bools, Ints
from slider.flow import history
from slider.flow.watching import verdicts
from slider.models import Policy

FIRST = 40  # verdicts before the first calibration of a task's own
NEWEST = 20_000  # verdicts that a fit looks at
_GROWTH = 1.25


def is_due(labels: int, *, fitted_at: int) -> bool:
    """Whether so many verdicts of the epoch are worth a new fit: a quarter more than at the last one."""
    return labels >= (FIRST if fitted_at == 0 else math.ceil(fitted_at * _GROWTH) + 10)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A new calibration, and the epoch's verdicts as it ranks them: shape (bins, 2), right and wrong."""

    fitted: calibration.Calibration
    heard: Ints


def fit(policy: Policy, *, tested: float) -> Fit | None:
    """Fit on the newest verdicts on this worker version's answers, both lanes, weighted by their chances.

    Past outputs teach with them, and those that began this epoch count as its own. Verdicts of older epochs may teach
    as well: a calibration ranks and promises nothing. Looks back are left out, as nobody fixed a chance for each.
    None where the new ranking would put more errors into the lane than the one in force (`reference.is_worse`):
    then that one goes on.
    What is right for the wrong reason teaches nothing, and is heard as right.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.signals, r.verdict = 'accept', d.audit_chance, a.outcome = 'answered', s.difficulty,
                   d.epoch = %s AND d.bin IS NOT NULL, d.rank, d.bin, r.lucky
            FROM (
                SELECT item_id, verdict, lucky FROM slider_review r
                WHERE task_id = %s AND state = 'decided' AND kind IN ('gate', 'audit') AND {verdicts.FINAL}
                ORDER BY decided_at DESC LIMIT %s
            ) AS r
            CROSS JOIN LATERAL (SELECT * FROM slider_decision d WHERE d.item_id = r.item_id LIMIT 1) AS d
            CROSS JOIN LATERAL (SELECT * FROM slider_attempt a WHERE a.id = d.attempt_id LIMIT 1) AS a
            CROSS JOIN LATERAL (SELECT * FROM slider_score s WHERE s.attempt_id = a.id LIMIT 1) AS s
            WHERE a.worker_id = %s
            """,  # noqa: S608
            [policy.epoch, policy.task_id, NEWEST, policy.worker_id],
        )
        rows = cursor.fetchall()
    past = history.training(policy, most=NEWEST - len(rows))
    table = evidence.matrix([history.known(row[0]) for row in rows])
    table = np.concatenate([table, evidence.matrix([one.signals for one in past])])
    correct = np.array([row[1] for row in rows] + [one.correct for one in past], dtype=np.bool_)
    chances = np.array([row[2] for row in rows] + [one.chance for one in past], dtype=np.float64)
    answered = np.array([row[3] for row in rows] + [True] * len(past), dtype=np.bool_)
    teaches = answered & ~np.array([row[8] for row in rows] + [False] * len(past), dtype=np.bool_)
    fitted = calibration.fit(
        table[teaches], correct=correct[teaches], propensity=chances[teaches], previous=history.start(policy)
    )
    hard = np.array([row[4] for row in rows] + [0.0] * len(past), dtype=np.float64) >= verdicts.HARDEST
    mine = np.concatenate([_ranked(rows), np.array([one.here for one in past], dtype=np.bool_)])
    in_force = calibration.Calibration.from_json(policy.calibration)
    new, old = (
        np.maximum(np.round(one.scores(table[mine], answered=(answered & ~hard)[mine]), 6), -verdicts.HARDEST)
        for one in (fitted, in_force)
    )
    wrong, propensity = ~correct[mine], chances[mine]
    share = max(policy.effective, certificate.FIRST_CUT)
    if reference.is_worse(new, old, wrong=wrong, propensity=propensity, share=share, tested=tested):
        return None
    return Fit(fitted, reference.ranked_anew(new, wrong=wrong, propensity=propensity))


def _ranked(rows: Sequence[tuple[Any, ...]]) -> Bools:
    """Which of the verdicts are the epoch's own and not from quarantine, whose items stand in another bin."""
    ranks = np.array([row[6] if row[5] else 0.0 for row in rows], dtype=np.float64)
    places = np.array([row[7] if row[5] else -1 for row in rows], dtype=np.int64)
    result: Bools = certificate.bins(ranks) == places
    return result
