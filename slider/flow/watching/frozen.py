"""What a policy freezes of a look: its certificate's figures, what is ordered beyond them, and the ledger."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from slider.engine import certificate, ledger, reviewers
from slider.flow import facts
from slider.flow.watching import listening, verdicts
from slider.flow.watching.listening import Look
from slider.flow.watching.people import Seen
from slider.flow.watching.words import percent, spans
from slider.models import Policy, Watch


def of(look: Look) -> dict[str, Any]:
    """All facts of a look, for `Policy.certificate`."""
    watch, policy = look.watch, look.policy
    limit = listening.tested(policy, look.seen)
    proof = replace(
        watch.proof, certified=watch.proof.certified[0], wealth=watch.proof.wealth[0], best=watch.proof.best[0]
    )
    found = facts.of(
        proof,
        _of_one(watch.counters),
        error_limit=limit,
        delta=listening.delta(policy, look.seen, anew=look.ended),
        outstanding=verdicts.outstanding(policy.task_id, since=look.row.counted_to),
        fitted_at=0 if look.ended else look.row.fitted_at,
        history=0 if look.ended else int(policy.certificate.get("history", 0)),
        fresh=[_of_one(start) for start in watch.fresh.laid_aside],
    )
    quarantined = watch.quarantined[0]
    found |= {
        "allowed": look.share,
        "quarantine": spans(quarantined),
        "closed_regions": np.flatnonzero(quarantined).tolist(),
        "tuning": asdict(watch.tuning),
        "ledger": _ledger(look.row, policy, look.seen),
        "reviewers": look.seen.to_json(delta=policy.delta),
    }
    return found | ({"brake": _brake(look, proof.cap, limit)} if look.share < proof.cap else {})


def _of_one(counters: certificate.Counters) -> certificate.Counters:
    """The counters of a watch's only stream."""
    return replace(counters, wrong=counters.wrong[0], right=counters.right[0])


def _brake(look: Look, cap: float, limit: float) -> dict[str, Any]:
    most = percent(look.watch.tuning.brake * limit)
    words = f"the newest verdicts on the easiest {percent(cap)} look worse than the {most} where the brake takes hold"
    return {"share": look.share, "words": words}


def _ledger(row: Watch, policy: Policy, seen: Seen) -> dict[str, Any]:
    """At most how many wrong results have left since the task began, whatever the data did.

    It speaks of the items before the oldest audit that is owed; errors found by looking back are no coin's, and stay
    out of the bound.
    """
    items, found, least = listening.ledger(row)
    part = reviewers.PART if seen.is_measured else 0.0
    chance = {
        "least_chance": least,
        "delta": policy.delta * (1.0 - part),
        "miss": listening.missed(policy, seen),
    }
    return {
        "items": items,
        "found": int(found.sum()),
        "at_most": ledger.at_most(found, **chance),
        "since": row.ledger_since.isoformat(),
        "blind": ledger.blind(**chance),
    }
