"""The error of the unattended lane over time: equal stretches of the routing order, and the bound of each epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.models import TextChoices

from slider.engine import bounds, rates
from slider.engine.arrays import Ints
from slider.models import Gauge
from slider.queries import errors

MOST_STRETCHES = 24
_STEPS = (10, 20, 50, 100, 200, 500)


class Span(TextChoices):
    """How far back the picture goes; the values stand in addresses."""

    LAST = "2000", "the last 2,000 items"
    LONG = "20000", "the last 20,000 items"
    ALL = "all", "all items"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some items in a row, `first` to `last` in the routing order. None: too few audits to say.

    `lower` and `upper` hold whatever becomes of the audits still owed: once as if all were right, once as if all were
    wrong. `error` is that of the judged ones alone.
    """

    first: int
    last: int
    since: datetime
    judged: int
    wrong: int
    owed: int
    error: float | None
    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Bound:
    """What an epoch's audits up to a place in the routing order show together; valid at every look."""

    at: int
    epoch: int
    audits: int
    upper: float


@dataclass(frozen=True, slots=True)
class Course:
    """The whole picture. `first` to `last` are the items it spans, `until` where the evidence of now ends."""

    span: Span
    first: int
    last: int
    stretches: list[Stretch]
    bounds: list[Bound]
    until: int | None

    @property
    def known(self) -> bool:
        return any(stretch.error is not None for stretch in self.stretches)


def course(gauge: Gauge, *, span: Span) -> Course:
    """Read the audits of the last items that `span` names, and of the epochs that they belong to."""
    last = max(gauge.routed - 1, 0)
    wanted = gauge.routed if span == Span.ALL else min(int(span), gauge.routed)
    step = _step(wanted)
    first = (gauge.routed - wanted) // step * step
    rows = _rows(gauge, first=first, step=step)
    shown = [row for row in rows if row.place >= 0]
    now = [row for row in rows if row.epoch == gauge.policy.epoch]
    return Course(
        span=span,
        first=first,
        last=last,
        stretches=_stretches(shown, first=first, last=last, step=step, delta=gauge.policy.delta),
        bounds=_bounds(rows, first=first, last=last, step=step, delta=gauge.policy.delta),
        until=max((row.until for row in now if row.until is not None), default=None),
    )


def default_span(routed: int) -> Span:
    """Everything, until that is too much to be the news."""
    return Span.ALL if routed <= int(Span.LONG) else Span.LONG


def _step(items: int) -> int:
    """A round number of items a stretch, so that stretches stay where they are as items come in."""
    scale = 1
    while True:
        for step in _STEPS:
            if items <= step * scale * MOST_STRETCHES:
                return step * scale
        scale *= 100


@dataclass(frozen=True, slots=True)
class _Row:
    """Audits of one stretch, epoch and chance. Place -1: before the picture. `…_counted`: before the oldest owed."""

    place: int
    epoch: int
    chance: float
    since: datetime
    right: int
    wrong: int
    owed: int
    right_counted: int
    wrong_counted: int
    until: int | None


def _rows(gauge: Gauge, *, first: int, step: int) -> list[_Row]:
    """Count on two indexes alone; an epoch is read from its beginning, as its bound needs all of it."""
    ends = _oldest_owed(gauge)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN d.seq < %(first)s THEN -1 ELSE (d.seq - %(first)s) / %(step)s END, d.epoch,
                   d.audit_chance, min(d.created_at),
                   count(*) FILTER (WHERE r.verdict = 'accept'),
                   count(*) FILTER (WHERE r.state = 'decided' AND r.verdict <> 'accept'),
                   count(*) FILTER (WHERE r.state <> 'decided'),
                   count(*) FILTER (WHERE r.verdict = 'accept' AND d.seq < coalesce(e.seq, d.seq + 1)),
                   count(*) FILTER (WHERE r.verdict <> 'accept' AND d.seq < coalesce(e.seq, d.seq + 1)),
                   max(d.seq) FILTER (WHERE d.seq < coalesce(e.seq, d.seq + 1))
            FROM slider_decision d
            JOIN slider_review r ON r.item_id = d.item_id AND r.kind = 'audit' AND r.slot = 1
            LEFT JOIN unnest(%(epochs)s::int[], %(seqs)s::bigint[]) AS e(epoch, seq) ON e.epoch = d.epoch
            WHERE d.task_id = %(task)s AND d.audit AND r.state <> 'void'
              AND d.epoch >= coalesce((
                  SELECT epoch FROM slider_decision WHERE task_id = %(task)s AND seq >= %(first)s
                  ORDER BY seq LIMIT 1
              ), 0)
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """,
            {"task": gauge.pk, "first": first, "step": step, "epochs": list(ends), "seqs": list(ends.values())},
        )
        return [_Row(*row) for row in cursor.fetchall()]


def _oldest_owed(gauge: Gauge) -> dict[int, int]:
    """By epoch the place of the oldest audit that somebody still has to judge in time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT d.epoch, min(d.seq) FROM slider_review r JOIN slider_decision d ON d.item_id = r.item_id
            WHERE r.task_id = %s AND r.kind = 'audit' AND r.state IN ('open', 'held') AND r.slot = 1 AND d.audit
              AND d.created_at > clock_timestamp() - %s * interval '1 hour'
            GROUP BY 1
            """,
            [gauge.pk, gauge.task.judge_within_h],
        )
        return dict(cursor.fetchall())


def _stretches(rows: Sequence[_Row], *, first: int, last: int, step: int, delta: float) -> list[Stretch]:
    """One entry for each stretch that has an audit."""
    places = sorted({row.place for row in rows})
    judged = rates.estimates(_table(rows, places))
    lower = rates.lowest(_table(rows, places, owed_is_wrong=False), delta=delta)
    upper = rates.highest(_table(rows, places, owed_is_wrong=True), delta=delta)
    found: list[Stretch] = []
    for n, place in enumerate(places):
        own = [row for row in rows if row.place == place]
        looked = sum(row.right + row.wrong for row in own)
        known = looked >= errors.FEW
        found.append(
            Stretch(
                first=first + place * step,
                last=min(first + (place + 1) * step - 1, last),
                since=min(row.since for row in own),
                judged=looked,
                wrong=sum(row.wrong for row in own),
                owed=sum(row.owed for row in own),
                error=float(judged[n]) if known else None,
                lower=float(lower[n]) if known else None,
                upper=float(upper[n]) if known else None,
            )
        )
    return found


def _table(rows: Sequence[_Row], places: Sequence[int], *, owed_is_wrong: bool | None = None) -> rates.Table:
    """The labels of all stretches; None leaves the audits that are owed out."""
    at = {place: n for n, place in enumerate(places)}
    told: list[tuple[int, float, bool, int]] = []
    for row in rows:
        told += [(at[row.place], row.chance, False, row.right), (at[row.place], row.chance, True, row.wrong)]
        if owed_is_wrong is not None:
            told.append((at[row.place], row.chance, owed_is_wrong, row.owed))
    return rates.table(
        np.array([one[0] for one in told], dtype=np.int64),
        chances=np.array([one[1] for one in told], dtype=np.float64),
        wrong=np.array([one[2] for one in told], dtype=np.bool_),
        count=np.array([one[3] for one in told], dtype=np.int64),
        size=len(places),
    )


def _bounds(rows: Sequence[_Row], *, first: int, last: int, step: int, delta: float) -> list[Bound]:
    """The bound at the end of each stretch, epoch by epoch, up to the oldest audit that is still owed."""
    ends: list[tuple[int, int, int]] = []  # at, epoch, audits so far
    tables: list[tuple[Ints, Ints]] = []
    for epoch in sorted({row.epoch for row in rows}):
        so_far: dict[float, list[int]] = {}
        own = [row for row in rows if row.epoch == epoch and row.until is not None]
        for place in sorted({row.place for row in own}):
            here = [row for row in own if row.place == place]
            for row in here:
                sums = so_far.setdefault(row.chance, [0, 0])
                sums[0] += row.wrong_counted
                sums[1] += row.wrong_counted + row.right_counted
            audits = sum(all_ for _, all_ in so_far.values())
            if place < 0 or audits < errors.FEW:
                continue
            # Where audits are owed in the middle of a stretch the bound ends with them, and not with the stretch.
            is_whole = all(row.owed == 0 for row in here)
            at = min(first + (place + 1) * step - 1, last) if is_whole else max(row.until or 0 for row in here)
            ends.append((at, epoch, audits))
            tables.append(errors.tables([(chance, bad, all_) for chance, (bad, all_) in so_far.items()]))
    if not ends:
        return []
    wrong, right = (np.stack([table[side] for table in tables]) for side in (0, 1))
    upper = bounds.upper_error(wrong, right, delta=delta)
    return [Bound(*end, upper=float(most)) for end, most in zip(ends, upper, strict=True)]
