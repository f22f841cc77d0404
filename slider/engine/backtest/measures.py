"""What a replay comes to, in the figures that a rule is compared by."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slider.engine.arrays import Bools, Floats
from slider.engine.backtest.guarded import Guarded
from slider.engine.backtest.replay import Record

WINDOW = 1000
"""Items over which what runs unattended is measured, after a change."""

SLACK = 1.05


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of replays with its exact 95 % interval (Clopper and Pearson, Biometrika 1934)."""

    found: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.found / self.of


@dataclass(frozen=True, slots=True)
class Measures:
    """The figures of one rule on one stream; shares are 0-1 of all items.

    Attributes:
        broken: replays in which what was open ever had a true error above the limit all through its epoch: the
            promise is broken.
        above: replays in which it ever had one at some moment; more than `broken` only where true errors change.
        over: replays whose unattended items, all together, were wrong more often than the limit.
        share: unattended in the second half.
        share_whole: unattended from the first item on, before anything was known.
        lane: unattended items a replay.
        oracle: the largest cut that keeps the limit, with the ranking of the end.
        error: wrong among all unattended items.
        audits: looks at unattended items, look-backs included, a replay.
        people: looks of all kinds an item.
        first_open: items until something ran unattended, median; inf where it never did.
        recovery, recovery_90: items after the change until what runs unattended keeps the limit again, median and
            90th percentile; None without a change.
        excess_95: the most wrong results over the allowance after the change, 95th percentile; None without one.
        false_alarms: pull-backs per 100,000 items before the change, or of the whole of a still stream.
        seconds: processor time per 1,000 items of one replay.
    """

    broken: Rate
    above: Rate
    over: Rate
    share: float
    share_whole: float
    lane: float
    oracle: float
    error: float
    audits: float
    people: float
    first_open: float
    recovery: float | None
    recovery_90: float | None
    excess_95: float | None
    false_alarms: float
    seconds: float


def measure(record: Record, *, limit: float, change: int | None = None) -> Measures:
    """Work out the figures of a record. `change`: the item at which the stream changed, if it did."""
    blocks, replays = record.lane.shape
    items, half = blocks * record.block, blocks // 2
    lane, wrong = record.lane.sum(axis=0), record.wrong.sum(axis=0)
    audits = record.audits.sum(axis=0).astype(np.float64)
    rule, still = record.rule, (change or items) // record.block
    alarms = 0
    if isinstance(rule, Guarded):
        audits = audits + rule.looked_back
        alarms = sum(block < still for _, block in rule.pull_backs)
    ever = record.lane > 0
    first = np.where(ever.any(axis=0), ever.argmax(axis=0) * record.block, np.inf)
    until = recovery(record, limit=limit, change=change) if change is not None else np.zeros(0)
    return Measures(
        broken=rate(np.asarray(record.broken[:still].any(axis=0))),
        above=rate(np.asarray(record.above[:still].any(axis=0))),
        over=rate(np.asarray(wrong > limit * np.maximum(lane, 1))),
        share=float(record.lane[half:].sum() / ((blocks - half) * record.block * replays)),
        share_whole=float(lane.mean() / items),
        lane=float(lane.mean()),
        oracle=float(record.oracle.mean()),
        error=float(wrong.sum() / max(1, lane.sum())),
        audits=float(audits.mean()),
        people=float(1.0 - ((lane - audits) / items).mean()),
        first_open=float(np.quantile(first, 0.5, method="inverted_cdf")),
        recovery=_quantile(until, 0.5) if change is not None else None,
        recovery_90=_quantile(until, 0.9) if change is not None else None,
        excess_95=_excess(record, limit=limit, change=change) if change is not None else None,
        false_alarms=alarms / replays / (still * record.block) * 1e5,
        seconds=record.seconds / items / replays * 1e3,
    )


def recovery(record: Record, *, limit: float, change: int) -> Floats:
    """Return the items after `change` until what runs unattended keeps the limit again, one a replay.

    The first moment from which on the next 1,000 items hold either hardly any unattended ones (under 4 %) or such
    whose true error is at most 1.05 times the limit. NaN where hardly anything ran before the change; inf for never.
    """
    start, span = change // record.block, WINDOW // record.block
    lane = np.concatenate([np.zeros((1, record.lane.shape[1])), np.cumsum(record.lane, axis=0)])
    wrong = np.concatenate([np.zeros((1, record.lane.shape[1])), np.cumsum(record.expected, axis=0)])
    places = np.arange(start, record.lane.shape[0] - span)
    ran, lost = lane[places + span] - lane[places], wrong[places + span] - wrong[places]
    fine = (ran < 0.04 * WINDOW) | (lost <= limit * SLACK * ran)
    found = np.where(fine.any(axis=0), fine.argmax(axis=0) * float(record.block), np.inf)
    before = record.lane[start - span : start].mean(axis=0)
    return np.where(before < 0.04 * record.block, np.nan, found)


def rate(found: Bools) -> Rate:
    """Return a share of replays with its exact interval."""
    return rate_of(int(found.sum()), len(found))


def rate_of(hits: int, n: int) -> Rate:
    """Return `hits` of `n` with the exact interval."""
    low = 0.0 if hits == 0 else _solve(lambda p: 1.0 - _cdf(hits - 1, n, p), 0.025)
    high = 1.0 if hits == n else _solve(lambda p: -_cdf(hits, n, p), -0.025)
    return Rate(found=hits, of=n, low=low, high=high)


def _solve(rising: Callable[[float], float], target: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if rising(middle) < target else (low, middle)
    return 0.5 * (low + high)


def _cdf(hits: int, n: int, p: float) -> float:
    """Return P(Binomial(n, p) <= hits)."""
    if p <= 0.0 or p >= 1.0:
        return 1.0 if p <= 0.0 or hits >= n else 0.0
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(hits + 1)
    ]
    return min(1.0, math.fsum(math.exp(one) for one in logs))


def _quantile(values: Floats, q: float) -> float:
    known = np.sort(values[~np.isnan(values)])
    return float(known[int(q * (len(known) - 1))]) if known.size else math.nan


def _excess(record: Record, *, limit: float, change: int) -> float:
    """Return the 95th percentile of the worst stretch of wrong results over the allowance since the change."""
    over, worst = np.zeros(record.lane.shape[1]), np.zeros(record.lane.shape[1])
    for block in range(change // record.block, record.lane.shape[0]):
        over = np.maximum(0.0, over + record.wrong[block] - limit * record.lane[block])
        worst = np.maximum(worst, over)
    return float(np.quantile(worst, 0.95))
