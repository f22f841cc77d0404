"""Evidence for tests, made by the engine from counts of verdicts, and put in force as the guard does it."""

import numpy as np

from slider.engine import audit, calibration, certificate
from slider.flow import policies
from slider.models import Maker, Policy, Task


def prove(task: Task, *, right: int, wrong: int, up_to: float, more: int = 240) -> Policy:
    """Put a policy in force with this evidence: right answers evenly up to the cut `up_to`, the wrong ones above."""
    counters = _spread(right=right, wrong=wrong, up_to=up_to)
    proof = certificate.certify(counters, error_limit=task.error_limit, delta=task.delta)
    bad, good = counters.wrong.sum(1), counters.right.sum(1)
    seen = np.cumsum(bad + good)
    facts = {
        "cuts": certificate.CUTS.tolist(),
        "right": good.tolist(),
        "wrong": bad.tolist(),
        "error": [float(b / n) if n else None for b, n in zip(np.cumsum(bad), seen, strict=True)],
        "upper": certificate.upper(counters, delta=task.delta).tolist(),
        "lower": certificate.lower(counters, delta=task.delta).tolist(),
        "certified": proof.certified.tolist(),
        "best": proof.best.tolist(),
        "cap": proof.cap,
        "outstanding": 0,
        "more": more,
        "fitted_at": 0,
    }
    found = policies.Evidence(proof.cap, calibration.prior().to_json(), facts, right + wrong)
    return policies.make(
        task.pk, policies.Change(evidence=found), maker=Maker.GUARD, reason=f"{right + wrong} verdicts"
    )


def _spread(*, right: int, wrong: int, up_to: float) -> certificate.Counters:
    shape = (len(certificate.CUTS), audit.STEPS)
    tables = np.zeros((2, *shape), dtype=np.int64)
    places = np.flatnonzero(up_to >= certificate.CUTS)
    tables[0, :, 0] = np.bincount(places[np.arange(right) % len(places)], minlength=len(certificate.CUTS))
    # What is wrong stands at the harder end, as it does where the ranking is any good.
    tables[1, places[-1] + 1, 0] = wrong
    return certificate.Counters(wrong=tables[1], right=tables[0])
