"""Verdicts in routing order: each cut's watermark, and the labels that it passes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from slider.engine import audit, certificate, labels, regions
from slider.engine.arrays import Bools, Ints
from slider.flow.watching import verdicts


@dataclass(frozen=True, slots=True)
class Span:
    """Places from `low` up to, not including, `high`."""

    low: int
    high: int


# What can still be taken back is owed as well, whatever the deadline: it will be over in a moment.
_WAITING = """
SELECT bin, min(place) FROM (
    SELECT bins.bin, owed.place FROM generate_series(0, %(bins)s - 1) AS bins(bin) CROSS JOIN LATERAL (
        SELECT r.place FROM slider_review r
        WHERE r.task_id = %(task)s AND r.bin = bins.bin AND r.place >= %(since)s AND r.place < %(until)s
          AND r.state IN ('waiting', 'open', 'held') AND r.kind <> 'lookback'
          AND r.created_at > clock_timestamp() - %(hours)s * interval '1 hour'
        ORDER BY r.place LIMIT 1
    ) AS owed
    UNION ALL
    SELECT r.bin, r.place FROM slider_review r
    WHERE r.task_id = %(task)s AND r.undo_until > clock_timestamp() AND r.bin IS NOT NULL
      AND r.place >= %(since)s AND r.place < %(until)s
) AS holding GROUP BY bin
"""


def waiting(task_id: int, *, since: int, until: int, within_h: float) -> Ints:
    """The oldest look of each bin that is owed, shape (bins,), among the places from `since` to `until`.

    Where there is none it is `until`. A look whose verdict can still be taken back is owed. One that is owed for longer
    than `within_h` holds up nothing any more.
    """
    values = {"task": task_id, "bins": len(certificate.CUTS), "since": since, "until": until, "hours": within_h}
    oldest = np.full(len(certificate.CUTS), until, dtype=np.int64)
    for place, at in verdicts.rows(_WAITING, values):
        oldest[place] = at
    return oldest


def spans(old: Ints, new: Ints, *, since: int) -> list[Span]:
    """The places that some cut's mark has passed on its way from `old` to `new`, apart and in order.

    Most of what lies between the lowest mark and the highest was counted long ago: it is not read again.
    """
    moved = new > np.maximum(old, since)
    found: list[Span] = []
    for low, high in sorted({(max(int(a), since), int(b)) for a, b in zip(old[moved], new[moved], strict=True)}):
        if found and low <= found[-1].high:
            found[-1] = Span(found[-1].low, max(found[-1].high, high))
        else:
            found.append(Span(low, high))
    return found


# A look that was taken back with its item counts as a wrong answer: see docs/guard.md. So does an overdue one that was
# decided this very moment and may still be taken back. What is right for the wrong reason is no bet: a mark passes it.
_WRONG = f"(r.state <> 'decided' OR r.verdict <> 'accept' OR NOT {verdicts.FINAL})"

# Items that a closed region sent to people have no bin on their look.
_PASSED = f"""
SELECT d.seq, look.bin, d.audit_chance, {verdicts.LEAST}, look.wrong
FROM unnest(%(low)s::bigint[], %(high)s::bigint[]) AS span(low, high)
CROSS JOIN LATERAL (
    SELECT * FROM slider_decision WHERE task_id = %(task)s AND seq >= span.low AND seq < span.high
) AS d
CROSS JOIN LATERAL (
    SELECT r.state, {_WRONG} AS wrong, r.lucky, r.bin, r.created_at FROM slider_review r
    WHERE r.item_id = d.item_id AND r.kind = CASE d.lane WHEN 'people' THEN 'gate' ELSE 'audit' END AND r.slot = 1
      AND r.bin IS NOT NULL LIMIT 1
) AS look
JOIN slider_policy p ON p.id = d.policy_id
WHERE d.epoch = %(epoch)s AND NOT look.lucky
  AND (look.state NOT IN ('waiting', 'open', 'held')
       OR look.created_at <= clock_timestamp() - %(hours)s * interval '1 hour')
"""  # noqa: S608


def passed(task_id: int, *, epoch: int, where: list[Span], within_h: float) -> labels.Labels | None:
    """The labels of the epoch in these places: judged, taken back, or overdue, which count as wrong for good.

    Right for the wrong reason is none of them. Only what is right is ever left out so, which opens nothing sooner:
    see docs/statistics.md.
    """
    if not where:
        return None
    values: dict[str, Any] = {"task": task_id, "epoch": epoch, "hours": within_h}
    values |= {"low": [span.low for span in where], "high": [span.high for span in where]}
    with connection.cursor() as cursor:
        cursor.execute(_PASSED, values)
        found = cursor.fetchall()
    if not found:
        return None
    classes = [audit.weight_class(chance, least=least) for _, _, chance, least, _ in found]
    return labels.one(
        np.array([row[1] for row in found], dtype=np.int64),
        classes=np.array(classes, dtype=np.int64),
        wrong=np.array([row[4] for row in found], dtype=np.bool_),
        lane=np.zeros(len(found), dtype=np.bool_),
        places=np.array([row[0] for row in found], dtype=np.int64),
        rungs=np.zeros(len(found), dtype=np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Closed:
    """Verdicts on items that closed regions sent to people, in routing order: each one's region, and how it ended."""

    regions: Ints
    wrong: Bools


_OLDEST_CLOSED = """
SELECT r.place FROM (
    SELECT item_id, place FROM slider_review
    WHERE task_id = %(task)s AND bin IS NULL AND place >= %(since)s AND place < %(until)s
      AND state IN ('waiting', 'open', 'held') AND kind = 'gate'
      AND created_at > clock_timestamp() - %(hours)s * interval '1 hour'
    UNION ALL
    SELECT item_id, place FROM slider_review
    WHERE task_id = %(task)s AND undo_until > clock_timestamp() AND bin IS NULL AND kind = 'gate'
      AND place >= %(since)s AND place < %(until)s
) AS r JOIN slider_decision d ON d.item_id = r.item_id
WHERE d.bin IS NOT NULL ORDER BY r.place LIMIT 1
"""


def oldest_closed(task_id: int, *, since: int, until: int, within_h: float) -> int:
    """The place of the oldest owed look at an item that a closed region sent to people; `until` where there is none."""
    found = verdicts.rows(_OLDEST_CLOSED, {"task": task_id, "since": since, "until": until, "hours": within_h})
    return int(found[0][0]) if found else until


_CLOSED = f"""
SELECT d.rank, look.wrong
FROM (SELECT * FROM slider_decision WHERE task_id = %(task)s AND seq >= %(since)s AND seq < %(until)s) AS d
CROSS JOIN LATERAL (
    SELECT {_WRONG} AS wrong, r.lucky FROM slider_review r
    WHERE r.item_id = d.item_id AND r.kind = 'gate' AND r.slot = 1 AND r.bin IS NULL LIMIT 1
) AS look
WHERE d.epoch = %(epoch)s AND NOT look.lucky AND d.bin IS NOT NULL AND d.rank IS NOT NULL
ORDER BY d.seq
"""  # noqa: S608


def closed(task_id: int, *, epoch: int, since: int, until: int) -> Closed:
    """The verdicts on closed regions' items in these places; one taken back or overdue counts as wrong."""
    found = verdicts.rows(_CLOSED, {"task": task_id, "epoch": epoch, "since": since, "until": until})
    bins = certificate.bins(np.array([row[0] for row in found], dtype=np.float64))
    mine = regions.OF_BIN[bins] < regions.COUNT
    return Closed(regions.OF_BIN[bins][mine], np.array([row[1] for row in found], dtype=np.bool_)[mine])
