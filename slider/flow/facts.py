"""What a policy freezes of its evidence: the figures of the pages, and all that the guard used."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from slider.engine import audit, certificate, regions
from slider.engine.arrays import Bools
from slider.engine.orders import Tuning


def of(
    proof: certificate.Certificate,
    counters: certificate.Counters,
    *,
    error_limit: float,
    delta: float,
    outstanding: int,
    fitted_at: int,
) -> dict[str, Any]:
    """The facts of one stream's certificate. `fitted_at` is the number of labels at the last fit of the calibration."""
    wrong, right = counters.wrong, counters.right
    weights = audit.LADDER[np.newaxis, :]
    bad, all_ = np.cumsum((wrong * weights).sum(1)), np.cumsum(((wrong + right) * weights).sum(1))
    seen = np.cumsum((wrong + right).sum(1))
    upper, lower = certificate.upper(counters, delta=delta), certificate.lower(counters, delta=delta)
    return {
        "cuts": certificate.CUTS.tolist(),
        "right": right.sum(1).tolist(),
        "wrong": wrong.sum(1).tolist(),
        "error": [float(b / a) if a > 0 else None for b, a in zip(bad, all_, strict=True)],
        "upper": [float(u) if n else None for u, n in zip(upper, seen, strict=True)],
        "lower": [float(u) if n else None for u, n in zip(lower, seen, strict=True)],
        "certified": proof.certified.tolist(),
        "best": [float(x) if math.isfinite(x) else -1e300 for x in proof.best],
        "cap": proof.cap,
        "outstanding": outstanding,
        "more": _more(proof, counters, error_limit=error_limit, delta=delta),
        "fitted_at": fitted_at,
    }


def _more(
    proof: certificate.Certificate, counters: certificate.Counters, *, error_limit: float, delta: float
) -> int | None:
    """About how many more labels would certify the next cut; None where no number of them would."""
    # Cuts below the first staked one can't be certified: to wait for them would be to wait for ever.
    reachable = (proof.cap < certificate.CUTS) & (np.cumsum(certificate.LEVELS) > 0)
    following = np.flatnonzero(reachable)
    if not following.size:
        return None
    needed = certificate.labels_needed(counters, proof, error_limit=error_limit, delta=delta)[following[0]]
    return math.ceil(needed) if math.isfinite(needed) else None


def ordered(*, share: float, cap: float, quarantined: Bools, tuning: Tuning, error_limit: float) -> dict[str, Any]:
    """What the guard orders beyond the certificate: the brake, closed regions, and the budgets it works with."""
    found: dict[str, Any] = {
        "allowed": share,
        "quarantine": spans(quarantined),
        "closed_regions": np.flatnonzero(quarantined).tolist(),
        "tuning": asdict(tuning),
    }
    if share < cap:
        words = (
            f"the newest verdicts on the easiest {percent(cap)} look worse than {percent(tuning.brake * error_limit)} "
            "wrong, where the brake begins to hold"
        )
        found["brake"] = {"share": share, "words": words}
    return found


def spans(quarantined: Bools) -> list[dict[str, float]]:
    """Closed regions as stretches of the rank, neighbours joined; shape (regions,)."""
    starts = np.concatenate([[0.0], regions.EDGES[:-1]])
    found: list[dict[str, float]] = []
    for start, end in zip(starts[quarantined].tolist(), regions.EDGES[quarantined].tolist(), strict=True):
        if found and found[-1]["to"] == start:
            found[-1]["to"] = end
        else:
            found.append({"from": start, "to": end})
    return found


def percent(share: float) -> str:
    """A share as people read it: «62 %», «99.5 %», «0.12 %»."""
    return f"{round(share * 100, 2):g} %"
