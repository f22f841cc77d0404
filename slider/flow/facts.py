"""What a policy freezes of its evidence: the slider page's figures, and what the next look continues from."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from slider.engine import audit, certificate


def of(
    proof: certificate.Certificate,
    counters: certificate.Counters,
    *,
    error_limit: float,
    delta: float,
    outstanding: int,
    fitted_at: int,
    history: int = 0,
    fresh: Sequence[certificate.Counters | None] | None = None,
) -> dict[str, Any]:
    """The facts of a certificate. `fitted_at` is the number of labels that the calibration in force was fitted at,
    `history` how many of the labels are past outputs and no live verdicts, `fresh` the starts of the wealth's accounts.
    """
    wrong, right = counters.wrong, counters.right
    weights = audit.LADDER[np.newaxis, :]
    bad, all_ = (wrong * weights).sum(1), ((wrong + right) * weights).sum(1)
    seen = (wrong + right).sum(1)
    # Cuts below the first staked one can't be certified: to wait for them would be to wait for ever.
    reachable = (proof.cap < certificate.CUTS) & (np.cumsum(certificate.LEVELS) > 0)
    next_cut = next((int(c) for c in np.flatnonzero(reachable)), None)
    needed = certificate.labels_needed(counters, proof, error_limit=error_limit, delta=delta)
    more = None if next_cut is None else float(needed[next_cut])
    upper = certificate.upper(counters, delta=delta, fresh=fresh, error_limit=error_limit, best=proof.best)
    lower = certificate.lower(counters, delta=delta)
    found = {
        "cuts": certificate.CUTS.tolist(),
        "right": right.sum(1).tolist(),
        "wrong": wrong.sum(1).tolist(),
        "error": [float(b / a) if a > 0 else None for b, a in zip(bad, all_, strict=True)],
        "upper": [float(u) if n else None for u, n in zip(upper, seen, strict=True)],
        "lower": [float(low) if n else None for low, n in zip(lower, seen, strict=True)],
        "certified": proof.certified.tolist(),
        "best": [float(x) if math.isfinite(x) else -1e300 for x in proof.best],
        "cap": proof.cap,
        "outstanding": outstanding,
        "more": math.ceil(more) if more is not None and math.isfinite(more) else None,
        "fitted_at": fitted_at,
    }
    return found | ({"history": history} if history else {})
