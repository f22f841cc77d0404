"""The error of the unattended lane over time: stretches of the routing order, and the bound of each epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.models import TextChoices

from slider.engine import bounds, rates
from slider.models import Gauge
from slider.queries import errors

MOST_STRETCHES = 24
_STEPS = (10, 20, 50, 100, 200, 500)
_GAP = 3  # places without any audit between two that are taken together: fewer than this


class Span(TextChoices):
    """How far back the picture goes; the values stand in addresses."""

    LAST = "2000", "the last 2,000 items"
    LONG = "20000", "the last 20,000 items"
    ALL = "all", "all items"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some items in a row, `first` to `last` in the routing order. None: too few audits to say.

    Equally long, but where audits are rare: there, neighbours are taken together until they hold enough.

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
            [gauge.pk, gauge.task.due_within_h],
        )
        return dict(cursor.fetchall())


def _stretches(rows: Sequence[_Row], *, first: int, last: int, step: int, delta: float) -> list[Stretch]:
    """One entry for each stretch that has an audit."""
    spans = _spans(rows)
    at = {place: n for n, (low, high) in enumerate(spans) for place in range(low, high + 1)}
    judged = rates.estimates(_table(rows, at, size=len(spans)))
    lower = rates.lowest(_table(rows, at, size=len(spans), owed_is_wrong=False), delta=delta)
    upper = rates.highest(_table(rows, at, size=len(spans), owed_is_wrong=True), delta=delta)
    found: list[Stretch] = []
    for n, (low, high) in enumerate(spans):
        own = [row for row in rows if low <= row.place <= high]
        looked = sum(row.right + row.wrong for row in own)
        known = looked >= errors.FEW
        found.append(
            Stretch(
                first=first + low * step,
                last=min(first + (high + 1) * step - 1, last),
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


def _spans(rows: Sequence[_Row]) -> list[tuple[int, int]]:
    """The places that make up each stretch, from and to: neighbours of one epoch until they are worth a number."""
    spans: list[tuple[int, int]] = []
    looked, epoch = errors.FEW, 0
    for place in sorted({row.place for row in rows}):
        here = [row for row in rows if row.place == place]
        alone = looked >= errors.FEW or epoch != here[0].epoch or place - spans[-1][1] > _GAP
        if alone:
            looked = 0
            spans.append((place, place))
        else:
            spans[-1] = (spans[-1][0], place)
        looked += sum(row.right + row.wrong for row in here)
        epoch = here[-1].epoch
    return spans


def _table(rows: Sequence[_Row], at: Mapping[int, int], *, size: int, owed_is_wrong: bool | None = None) -> rates.Table:
    """The labels of all stretches, `at` by place; None leaves the audits that are owed out."""
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
        size=size,
    )


def _bounds(rows: Sequence[_Row], *, first: int, last: int, step: int, delta: float) -> list[Bound]:
    """The bound at the end of each stretch, epoch by epoch, up to the oldest audit that is still owed."""
    ends: list[tuple[int, int, int]] = []  # at, epoch, audits so far
    wrongs: list[int] = []
    for epoch in sorted({row.epoch for row in rows}):
        audits = wrong = 0
        own = [row for row in rows if row.epoch == epoch and row.until is not None]
        for place in sorted({row.place for row in own}):
            here = [row for row in own if row.place == place]
            wrong += sum(row.wrong_counted for row in here)
            audits += sum(row.wrong_counted + row.right_counted for row in here)
            if place < 0 or audits < errors.FEW:
                continue
            # Where audits are owed in the middle of a stretch the bound ends with them, and not with the stretch.
            is_whole = all(row.owed == 0 for row in here)
            at = min(first + (place + 1) * step - 1, last) if is_whole else max(row.until or 0 for row in here)
            ends.append((at, epoch, audits))
            wrongs.append(wrong)
    if not ends:
        return []
    right = [audits - wrong for (_, _, audits), wrong in zip(ends, wrongs, strict=True)]
    upper = bounds.upper_error(np.array(wrongs)[:, None], np.array(right)[:, None], delta=delta)
    return [Bound(*end, upper=float(most)) for end, most in zip(ends, upper, strict=True)]
