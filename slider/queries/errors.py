"""How often the unattended lane was wrong, from its audits, each counting once however rare it was.

An audit's weight is the least chance of the policy in force over its own (docs/statistics.md, theorem 1), and a policy
audits all that runs unattended with one chance: so it is 1. Audits that become rarer say less in a day; what the
earlier ones have said stays said.
"""

from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection

from slider.engine import bounds
from slider.models import Policy

FEW = 20  # fewer verdicts than this say nothing worth a number
NEWEST = 20_000  # so many audits are read at most


class Audits(NamedTuple):
    """Audits that count, and how many of them were wrong."""

    looked: int
    wrong: int


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


def counted(policy: Policy) -> Audits:
    """The audits of a policy's epoch that count by now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH newest AS (
                SELECT d.seq, r.state, r.verdict,
                       r.state <> 'decided' AND d.created_at > clock_timestamp() - (
                           SELECT (judge_within_h + least(stretched_h, judge_within_h)) * interval '1 hour'
                           FROM slider_task WHERE id = %s
                       ) AS waits
                FROM (
                    SELECT seq, item_id, epoch, created_at FROM slider_decision
                    WHERE task_id = %s AND audit ORDER BY seq DESC LIMIT %s
                ) AS d JOIN slider_review r ON r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1
                WHERE r.state <> 'void' AND d.epoch = %s
            )
            SELECT count(*), count(*) FILTER (WHERE verdict <> 'accept') FROM newest
            WHERE seq < coalesce((SELECT min(seq) FROM newest WHERE waits), 9223372036854775807)
            """,
            [policy.task_id, policy.task_id, NEWEST, policy.epoch],
        )
        return Audits(*cursor.fetchone())


def measured(audits: Audits, *, delta: float) -> Measured:
    """The rate of wrong ones and its bound, valid at every look; `delta` is how often the bound may fail."""
    looked, wrong = audits
    if looked < FEW:
        return Measured(looked, wrong, None, None, 1 - delta)
    upper = float(bounds.upper_error([wrong], [looked - wrong], delta=delta))
    return Measured(looked, wrong, wrong / looked, upper, 1 - delta)
