"""The guard's reasons in words, with the numbers behind them."""

from dataclasses import dataclass

import numpy as np
from django.db import connection

from slider.engine import regions
from slider.engine.arrays import Bools, Floats, Ints
from slider.flow.watching import verdicts
from slider.flow.watching.people import Seen
from slider.flow.watching.words import percent, stretches
from slider.models import Policy

_NEWEST = 3_000  # verdicts that are read for a sentence
_LEAST = 5


@dataclass(frozen=True, slots=True)
class Stretch:
    """The newest verdicts that speak loudest: so many wrong of so many, where so many were to be expected."""

    wrong: int
    looked: int
    expected: float


def audits(policy: Policy) -> Stretch:
    """The newest audits and looks back of this epoch's unattended lane, as far back as they speak loudest."""
    wrong, _ = _newest(policy, lane=True)
    return loudest(wrong, np.full(len(wrong), policy.error_limit))


def both_lanes(policy: Policy, expected: Floats) -> Stretch:
    """The newest verdicts of both lanes against what the epoch had led to expect, shape (bins,)."""
    wrong, bins = _newest(policy, lane=False)
    usual = expected[bins]
    known = ~np.isnan(usual)
    return loudest(wrong[known], usual[known])


def loudest(wrong: Bools, expected: Floats) -> Stretch:
    """The stretch from the newest verdict backwards whose errors are furthest above what was expected.

    Args:
        wrong: shape (n,), newest first.
        expected: shape (n,), the chance of an error that each was measured against.
    """
    if not wrong.size:
        return Stretch(0, 0, 0.0)
    bad, usual = np.cumsum(wrong), np.cumsum(expected)
    looked = np.arange(1, len(wrong) + 1)
    loud = np.where(bad > usual, bad * np.log(np.maximum(bad, 1) / usual) - (bad - usual), 0.0)
    loud[looked < min(_LEAST, len(wrong))] = -1.0
    at = int(np.argmax(loud))
    return Stretch(int(bad[at]), int(looked[at]), float(usual[at]))


def _newest(policy: Policy, *, lane: bool) -> tuple[Bools, Ints]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT r.verdict <> 'accept', d.bin FROM (
                SELECT item_id, verdict, kind, aimed, decided_at FROM slider_review r
                WHERE task_id = %s AND state = 'decided' AND kind NOT IN ('known', 'second') AND {verdicts.FINAL}
                ORDER BY decided_at DESC LIMIT %s
            ) AS r CROSS JOIN LATERAL (SELECT * FROM slider_decision d WHERE d.item_id = r.item_id LIMIT 1) AS d
            WHERE d.epoch = %s AND d.bin IS NOT NULL AND NOT r.aimed AND (NOT %s OR d.lane = 'unattended')
            ORDER BY r.decided_at DESC
            """,  # noqa: S608
            [policy.task_id, _NEWEST, policy.epoch, lane],
        )
        rows = cursor.fetchall()
    return np.array([row[0] for row in rows], dtype=np.bool_), np.array([row[1] for row in rows], dtype=np.int64)


def alarmed(stretch: Stretch, policy: Policy) -> str:
    return (
        f"{stretch.wrong} of the last {stretch.looked} audited answers were wrong; "
        f"{percent(policy.error_limit)} was promised"
    )


def shifted(stretch: Stretch) -> str:
    return (
        f"answers no longer look as they did: {stretch.wrong} of the last {stretch.looked} that people looked at were "
        f"wrong, where about {stretch.expected:.0f} were to be expected"
    )


def missed(seen: Seen, *, limit: float, delta: float) -> str:
    """What known answers say of the reviewers, and what follows for the limit."""
    if not seen.is_measured:
        return "too few known wrong answers are left to measure reviewers: they are taken to catch every error"
    at_most = seen.at_most(delta=delta)
    return (
        # Without counts: whoever watched them move would know which of their looks was one.
        f"known answers show that people miss at most {percent(round(at_most, 2))} of errors: "
        f"labels are tested at {percent(limit * (1.0 - at_most))}"
    )


def suspected(looks: int, chance: float) -> str:
    words = f"something may have changed: {percent(chance)} of what runs unattended is audited for a while"
    return f"{words}, and people look back at {looks} shipped results" if looks else words


def closed(which: Bools, wrong: Ints, right: Ints) -> str:
    """Of regions closed just now, shape (regions,), with the verdicts heard of each bin, shape (bins,)."""
    inside = np.append(which, False)[regions.OF_BIN]
    bad, looked = int(wrong[inside].sum()), int((wrong + right)[inside].sum())
    return (
        f"answers ranked {stretches(which)} were wrong far too often: {bad} of {looked} that people looked at; "
        "they go to people from here on"
    )


def reopened(which: Bools, freed: Ints) -> str:
    """Of regions opened again, shape (regions,), with the verdicts since they were closed, shape (regions, 2)."""
    right, wrong = freed[which].sum(axis=0).tolist()
    return f"answers ranked {stretches(which)} keep the limit again: {wrong} of {right + wrong} were wrong since"


def looked_back(which: Bools, looks: int) -> str:
    return (
        f"errors were found where hardly any were expected, among answers ranked {stretches(which)}: "
        f"people look back at {looks} shipped results"
    )


def evidence(before: float | None, after: float, *, labels: int, history: int = 0) -> str:
    """What the evidence says now of the share that may run; `history` of the labels are past outputs."""
    looked = f"{labels - history:,} verdicts"
    if history:
        looked = f"{history:,} rows of history" + (f" and {looked}" if labels > history else "")
    if before is None:
        return (
            f"{looked}: evidence allows {percent(after)}" if after else f"{looked}: not enough yet to allow any share"
        )
    if after > before:
        return f"{looked} allow {percent(after)} instead of {percent(before)}"
    if after < before:
        return f"{looked} allow only {percent(after)} instead of {percent(before)}"
    return f"{looked}: still {percent(after)} allowed, figures brought up to date"
