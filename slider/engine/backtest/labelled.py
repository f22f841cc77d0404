"""One look at few labels: what 500 reviewed rows of a pool allow, and what the other rows say to that."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slider.engine import calibration, certificate, once
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest import binomial, measures
from slider.engine.backtest.measures import Rate
from slider.engine.backtest.pool import Pool

PLAIN_PARTS: Floats = np.arange(10, 101, 5) / 100.0
PLAIN_FIRST = 0.3
"""The plain rule's sequence: every twentieth of its rows from here upwards."""

_Allow = Callable[[Ints, np.random.Generator], tuple[calibration.Calibration, float]]
"""From labelled rows to a ranking and the share that it may run unattended."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at few labels comes to, over the replays; shares are 0-1.

    Attributes:
        broken: replays in which the allowed share of the pool is wrong more often than the limit: the pool is the
            population that labels are drawn from, with replacement.
        broken_unseen: the same among the rows that were not drawn. Their error differs from the population's by
            chance, so with few of them a rule that keeps its promise exceeds the limit more often.
        share: what was allowed, on average.
        oracle: the largest share of the pool that keeps the limit, with the same ranking.
        error: wrong among all rows that would have run unattended.
    """

    broken: Rate
    broken_unseen: Rate
    share: float
    oracle: float
    error: float


def prequential(pool: Pool, *, limit: float, delta: float, labels: int, replays: int, seed: int) -> Look:
    """The product's look at history: each label is first a test, then training; one exact test at the end.

    The promise is that of `once.certify`.
    """

    def allow(rows: Ints, rng: np.random.Generator) -> tuple[calibration.Calibration, float]:
        start, correct, answered = _prior(pool), pool.correct[rows], pool.answered[rows]
        whole = np.ones(len(rows))
        ranks = once.ranks(
            pool.x[rows],
            correct=correct,
            answered=answered,
            propensity=whole,
            ties=rng.random(len(rows)),
            start=start,
        )
        counters = certificate.count(ranks, classes=np.zeros(len(rows), dtype=np.int64), wrong=~correct)
        cap = once.certify(counters, error_limit=limit, delta=delta).cap
        return _fitted(pool, rows, start), cap

    return _looks(pool, allow, limit=limit, labels=labels, replays=replays, seed=seed)


def plain(pool: Pool, *, limit: float, delta: float, labels: int, replays: int, seed: int) -> Look:
    """What it is compared with: half of the labels fit a ranking, the other half is tested in a fixed sequence.

    The promise, at one look: with probability 1 - delta the allowed part keeps the limit (exact binomial tests in a
    sequence that stops at the first failure).
    """
    allowed = binomial.most_wrong(labels, limit=limit, chance=delta)

    def allow(rows: Ints, rng: np.random.Generator) -> tuple[calibration.Calibration, float]:
        train, test = rows[: len(rows) // 2], rows[len(rows) // 2 :]
        fitted = _fitted(pool, train, _prior(pool))
        order = _easiest_first(fitted.scores(pool.x[test], answered=pool.answered[test]), rng)
        places = (PLAIN_PARTS * len(test)).astype(np.int64)
        wrong = np.cumsum(~pool.correct[test][order])[places - 1]
        first = int(np.searchsorted(PLAIN_PARTS, PLAIN_FIRST - 1e-9))
        passed = np.logical_and.accumulate((wrong <= allowed[places])[first:])
        return fitted, float(np.where(passed, PLAIN_PARTS[first:], 0.0).max())

    return _looks(pool, allow, limit=limit, labels=labels, replays=replays, seed=seed)


def _looks(pool: Pool, allow: _Allow, *, limit: float, labels: int, replays: int, seed: int) -> Look:
    """Draw labelled rows, let a rule look at them, and judge it by the pool and by the rows that were not drawn."""
    rng = np.random.default_rng([seed, 5])
    shares, oracles, errors, unseen = (np.zeros(replays) for _ in range(4))
    for replay in range(replays):
        drawn = rng.integers(0, pool.rows, labels)
        fitted, share = allow(drawn, rng)
        order = _easiest_first(fitted.scores(pool.x, answered=pool.answered), rng)
        wrong = np.cumsum(~pool.correct[order])
        fine = np.flatnonzero(wrong <= limit * np.arange(1, pool.rows + 1))
        oracles[replay] = (fine[-1] + 1) / pool.rows if fine.size else 0.0
        lane = order[: int(share * pool.rows)]
        fresh = lane[~np.isin(lane, drawn)]
        shares[replay] = share
        errors[replay], unseen[replay] = (
            float((~pool.correct[rows]).sum()) / max(1, len(rows)) for rows in (lane, fresh)
        )
    return Look(
        broken=measures.rate(errors > limit + 1e-12),
        broken_unseen=measures.rate(unseen > limit + 1e-12),
        share=float(shares.mean()),
        oracle=float(oracles.mean()),
        error=float((errors * shares).sum() / max(1e-12, shares.sum())),
    )


def _prior(pool: Pool) -> calibration.Calibration:
    return calibration.prior(pool.signals, trusted=pool.trusted)


def _fitted(pool: Pool, rows: Ints, start: calibration.Calibration) -> calibration.Calibration:
    usable: Ints = rows[pool.answered[rows]]
    correct: Bools = pool.correct[usable]
    return calibration.fit(
        pool.x[usable], correct=correct, propensity=np.ones(len(usable)), previous=start, curve=False
    )


def _easiest_first(scores: Floats, rng: np.random.Generator) -> Ints:
    """Order by score, ties by coins."""
    order: Ints = np.lexsort((rng.random(len(scores)), -np.round(scores, 6)))
    return order
