"""The state of each detector in words, for the pages: a row a detector, as the watch stands now."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from slider.engine import alarm, regions, shift
from slider.engine.watch import Watch
from slider.flow.watching.words import percent, stretches

_NEAR = 0.5  # of the way to its threshold a detector stands out


def rows(watch: Watch, *, share: float, fired: str, before: Sequence[Any], now: datetime) -> list[dict[str, Any]]:
    """What each detector says of a task's watch.

    Args:
        watch: over one stream.
        share: what the watch orders now.
        fired: the name of the detector that ended the evidence before this, while nothing has opened again; else "".
        before: the rows as they stood: a state that stays keeps its time.
        now: the database's time.
    """
    found = [_alarm(watch), _shift(watch), _suspicion(watch), _drift(watch), _regions(watch), _brake(watch, share)]
    for row in found:
        if row["name"] == fired:
            row["state"] = "fired"
            row["words"] = "It ended the evidence; nothing runs under the guard until new evidence allows it."
    known = {row["name"]: row for row in before if isinstance(row, dict) and "name" in row}
    for row in found:
        old = known.get(row["name"], {})
        row["since"] = old["since"] if old.get("state") == row["state"] and "since" in old else now.isoformat()
    return found


def _row(name: str, level: float, at: float, quiet: str, near: str, *, raised: bool | None = None) -> dict[str, Any]:
    """One row. Levels are logarithms of evidence, so that half-way is half-way."""
    level = max(0.0, level if math.isfinite(level) else 0.0)
    stands_out = level >= _NEAR * at if raised is None else raised
    return {
        "name": name,
        "state": "raised" if stands_out else "quiet",
        "level": round(level, 3),
        "alarm": round(at, 3),
        "words": near if stands_out else quiet,
    }


def _alarm(watch: Watch) -> dict[str, Any]:
    top = watch.tuning.alarm
    level = float(alarm.reading(watch.alarm)[0])
    # The statistic rests at a few dozen where all is well: what is below a twentieth of the alarm is silence.
    return _row(
        "Alarm",
        math.log(max(level, 1.0) / (top / 20)),
        math.log(20.0),
        "Audits of the unattended lane speak of no more errors than are allowed.",
        "Audits of the unattended lane find more errors than they should.",
    )


def _shift(watch: Watch) -> dict[str, Any]:
    return _row(
        "Shift",
        float(shift.reading(watch.shift)[0]),
        math.log(watch.tuning.shift),
        "Verdicts in both lanes look as they did." if watch.expected_at[0] else "Too few verdicts to compare with yet.",
        "Verdicts in both lanes begin to look worse than they did.",
    )


def _suspicion(watch: Watch) -> dict[str, Any]:
    left = int(watch.boost_until[0] - watch.audits[0])
    made = watch.tuning.boost_audits - left
    return _row(
        "Suspicion",
        float(made if left > 0 else 0),
        float(watch.tuning.boost_audits),
        "No reason for more audits than usual.",
        f"More audits are drawn until {left} more were made; then they thin out again.",
        raised=left > 0,
    )


def _drift(watch: Watch) -> dict[str, Any]:
    return _row(
        "Drift of the scores",
        float(shift.reading(watch.drift)[0]),
        math.log(watch.tuning.drift),
        "New items score as usual." if not np.isnan(watch.marks[0, 0]) else "Too few items to know what is usual yet.",
        "New items score otherwise than usual.",
    )


def _regions(watch: Watch) -> dict[str, Any]:
    closed = watch.quarantined[0]
    # The edge of the lane is the cap's business: what lies there may be wrong, and is not closed for it.
    inside = max(0.3, 0.6 * float(watch.proof.caps[0])) + 1e-9 >= regions.EDGES
    loudest = float(np.where(closed | ~inside, 0.0, regions.reading(watch.regions)[0]).max())
    near = (
        f"In quarantine: answers ranked {stretches(closed)} go to people."
        if closed.any()
        else "A stretch of confident answers is wrong more often than it should be."
    )
    return _row(
        "Quarantine",
        math.log(max(loudest, 1.0) / (watch.tuning.region / 20)),
        math.log(20.0),
        "No stretch of confident answers stands out.",
        near,
        raised=True if closed.any() else None,
    )


def _brake(watch: Watch, share: float) -> dict[str, Any]:
    cap = float(watch.proof.caps[0])
    return _row(
        "Brake",
        cap - share,
        max(cap, 0.01),
        "The newest verdicts keep to the limit as the evidence does.",
        f"The newest verdicts hold the share at {percent(share)}, where the evidence goes up to {percent(cap)}.",
        raised=share < cap,
    )
