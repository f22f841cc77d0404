"""The second hand: the guard reads people's verdicts and keeps calibration and certificate current."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import audit, calibration, certificate, evidence
from slider.flow import facts, history, policies
from slider.models import Gauge, Maker, Policy

FIRST_FIT = 40  # labels before the first calibration of a task's own
FIT_LABELS = 20_000  # the newest labels that a fit looks at


@dataclass(frozen=True, slots=True)
class Labels:
    """The verdicts of one epoch in routing order, up to the oldest look that is still owed."""

    counters: certificate.Counters
    judged: int
    outstanding: int
    of_history: int = 0  # how many of the judged are past outputs that were brought in


def tend(task_id: int) -> Policy:
    """Look at one task once: a new policy if the evidence says something new, else only a sign of life.

    The reading and the fitting hold no lock. A person who moves the slider meanwhile wins: the guard's policy is
    then based on an older one, is dropped, and the next round sees what they set.
    """
    gauge = Gauge.objects.select_related("policy", "task").get(pk=task_id)
    policy = gauge.policy
    policy.task = gauge.task
    labels = _labels(policy)
    found = _evidence(policy, labels)
    due = audit.chance(floor=gauge.task.audit_floor, error_limit=policy.error_limit, lane_items=gauge.unattended)
    if found is None and due == policy.audit_chance:
        policies.touch(task_id)
        return policy
    change = policies.Change(evidence=found)
    reason = _said(policy, found) if found is not None else f"{due:.1%} of the unattended lane is audited from here on"
    try:
        return policies.make(task_id, change, maker=Maker.GUARD, reason=reason, expected=policy.number)
    except policies.Superseded as error:
        return error.newest


def _evidence(policy: Policy, labels: Labels) -> policies.Evidence | None:
    """What is to be frozen next, or None when nothing moved enough to say so."""
    seen = policy.certificate
    wrong = labels.counters.wrong.sum(1).tolist()
    if labels.judged == policy.labels and wrong == seen.get("wrong", wrong):
        return None
    best = np.array(seen["best"], dtype=float) if seen else None
    proof = certificate.certify(labels.counters, error_limit=policy.error_limit, delta=policy.delta, best=best)
    refit = labels.judged >= FIRST_FIT and labels.judged >= _next_fit(policy)
    if (
        not refit
        and proof.cap == (policy.allowed or 0.0)
        and policy.labels < labels.judged < policy.labels + _step(policy)
    ):
        return None
    allowed, found = proof.cap if labels.judged else None, _facts(policy, proof, labels, refit=refit)
    if not refit:
        return policies.Evidence(allowed, policy.calibration, found, labels.judged)
    fitted = _fit(policy)
    return policies.Evidence(allowed, fitted.to_json(), found, labels.judged, history.window(policy, fitted))


def _step(policy: Policy) -> int:
    """How many new labels are worth a new policy by themselves: a tenth more, at least 10."""
    return max(10, policy.labels // 10)


def _next_fit(policy: Policy) -> int:
    fitted_at = int(policy.certificate.get("fitted_at", 0)) if policy.certificate else 0
    return FIRST_FIT if fitted_at == 0 else math.ceil(fitted_at * 1.25) + 10


def _labels(policy: Policy) -> Labels:
    """Count the epoch's verdicts by bin, weight class and outcome.

    Only looks before the oldest one still owed count: errors take longer to judge than right answers, and in the
    order of their arrival they would flatter. A look that is owed beyond the task's deadline holds up nothing any
    more: until somebody judges it, it counts as a wrong answer.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH owed AS (
                SELECT count(*) AS n, min(d.seq) FILTER (
                    WHERE d.created_at > clock_timestamp() - %(hours)s * interval '1 hour'
                ) AS first
                FROM slider_review r JOIN slider_decision d ON d.item_id = r.item_id
                WHERE r.task_id = %(task)s AND r.state IN ('open', 'held') AND d.epoch = %(epoch)s
                  AND d.bin IS NOT NULL
            )
            SELECT d.bin, d.audit_chance, CASE WHEN p.effective > 0 THEN p.audit_chance ELSE 1 END,
                   count(*) FILTER (WHERE r.verdict <> 'accept'), count(*) FILTER (WHERE r.verdict = 'accept'),
                   max(owed.n)
            FROM owed CROSS JOIN slider_review r
            JOIN slider_decision d ON d.item_id = r.item_id
            JOIN slider_policy p ON p.id = d.policy_id
            WHERE r.task_id = %(task)s AND r.state <> 'void' AND d.epoch = %(epoch)s AND d.bin IS NOT NULL
              AND (owed.first IS NULL OR d.seq < owed.first)
            GROUP BY 1, 2, 3
            """,
            {"task": policy.task_id, "epoch": policy.epoch, "hours": policy.task.judge_within_h},
        )
        rows = cursor.fetchall()
    shape = (len(certificate.CUTS), audit.STEPS)
    wrong, right = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for place, chance, least, bad, good, _ in rows:
        weight = audit.weight_class(chance, least=least)
        wrong[place, weight] += bad
        right[place, weight] += good
    live = int(wrong.sum() + right.sum())
    outstanding = max((row[5] for row in rows), default=0)
    past, of_history = history.counted(policy)
    counters = certificate.Counters(wrong=np.cumsum(wrong, axis=0), right=np.cumsum(right, axis=0)).plus(past)
    return Labels(counters, live + of_history, outstanding, of_history)


def _fit(policy: Policy) -> calibration.Calibration:
    """Refit the calibration on the newest labels of this worker version, both lanes, weighted by their chances."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.signals, r.verdict = 'accept', d.audit_chance FROM slider_review r
            JOIN slider_decision d ON d.item_id = r.item_id
            JOIN slider_attempt a ON a.id = d.attempt_id JOIN slider_score s ON s.attempt_id = a.id
            WHERE r.task_id = %s AND r.state = 'decided' AND a.outcome = 'answered' AND a.worker_id = %s
            ORDER BY d.seq DESC LIMIT %s
            """,
            [policy.task_id, policy.worker_id, FIT_LABELS],
        )
        rows = cursor.fetchall()
    signals, correct, chances = history.training(policy, most=FIT_LABELS - len(rows))
    return calibration.fit(
        evidence.matrix([history.known(row[0]) for row in rows] + signals),
        correct=np.array([row[1] for row in rows] + correct, dtype=np.bool_),
        propensity=np.array([row[2] for row in rows] + chances, dtype=np.float64),
        previous=history.start(policy),
    )


def _facts(policy: Policy, proof: certificate.Certificate, labels: Labels, *, refit: bool) -> dict[str, Any]:
    fitted_at = labels.judged if refit else int(policy.certificate.get("fitted_at", 0))
    return facts.of(
        proof,
        labels.counters,
        error_limit=policy.error_limit,
        delta=policy.delta,
        outstanding=labels.outstanding,
        fitted_at=fitted_at,
        history=labels.of_history,
    )


def _said(policy: Policy, found: policies.Evidence) -> str:
    """The guard's reason in words."""
    before, after = policy.allowed, found.allowed or 0.0
    past = int(found.certificate.get("history", 0))
    looked = f"{past} rows of history and {found.labels - past} verdicts" if past else f"{found.labels} verdicts"
    if before is None:
        return f"{looked}: evidence allows {after:.0%}" if after else f"{looked}: not enough yet to allow any share"
    if after > before:
        return f"{looked} allow {after:.0%} instead of {before:.0%}"
    if after < before:
        return f"{looked} allow only {after:.0%} instead of {before:.0%}"
    return f"{looked}: still {after:.0%} allowed, figures brought up to date"
