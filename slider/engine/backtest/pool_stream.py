"""A stream that draws from a pool, ranked by a calibration that learns only from what people have said."""

from dataclasses import dataclass

import numpy as np

from slider.engine import calibration, certificate, reference
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.kinds import Kinds, true_errors
from slider.engine.backtest.pool import Pool
from slider.engine.backtest.streams import Arrived, Block, Held
from slider.engine.lanes import WINDOW

FIRST_FIT = 40
GROWTH = 1.4
NEWEST = 4000
"""Labels that a refit looks at, at the most; the same limits as in a live task keep replays quick."""


@dataclass(frozen=True, slots=True)
class Change:
    """A silent regression: from item `at` on, right answers turn wrong with chance `rate`, signals unchanged."""

    at: int
    rate: float


class PoolStream:
    """Rows of a pool for many replays at once: drawn with replacement, in phases, or as they lie in the file."""

    def __init__(
        self,
        pool: Pool,
        *,
        replays: int,
        items: int,
        order: str,
        seed: int,
        learn_until: int | None = None,
        change: Change | None = None,
        votes: bool = False,
    ) -> None:
        """Prepare the replays.

        Args:
            learn_until: labels after which the ranking is frozen; None: it learns for ever.
            votes: one person, drawn from those who voted on the answer, judges it.
        """
        self.replays, self._votes = replays, votes
        self._pool, self._change, self._learn_until = pool, change, learn_until
        self._rng = np.random.default_rng([seed, 0])
        self._rows = _order(pool, replays=replays, items=items, order=order, rng=self._rng)
        self._known: list[_Labels] = [_Labels() for _ in range(replays)]
        self._kinds = Kinds.of(pool)
        self._phases = phases_of(pool, items=items, order=order)
        self._members = self._kinds.members(pool, by_phase=order != "bootstrap")
        self.changes = change is not None or len(self._members) > 1
        self._at, self._phase = 0, 0
        self._prior = calibration.prior(pool.signals, trusted=pool.trusted)
        self._scores = np.tile(self._kinds.scored(self._prior), (replays, 1))
        self._errors = np.tile(self._truth(self._scores[0]), (replays, 1))
        self._window = np.full((replays, WINDOW), np.nan)
        self._heard = np.zeros((replays, len(certificate.CUTS), 2), dtype=np.int64)
        self._streams = np.arange(replays)[:, None]

    def block(self, start: int, n: int) -> Block:
        rows = self._rows[:, start : start + n]
        self._at = start + n
        if self._phases[start] != self._phase:
            self._phase = int(self._phases[start])
            self._errors = np.stack([self._truth(scores) for scores in self._scores])
        wrong = ~self._pool.correct[rows]
        doubt = self._pool.doubt[rows] if self._votes else None
        if self._change is not None and start >= self._change.at:
            turned = self._rng.random(rows.shape) < self._change.rate
            wrong, doubt = wrong | turned, None if doubt is None else np.where(turned, 1.0, doubt)
        scores = self._scores[self._streams, self._kinds.of_row[rows]]
        self._window = np.concatenate([self._window, scores], axis=1)[:, -WINDOW:]
        return Block(scores=scores, p_wrong=wrong.astype(np.float64), wrong=wrong, rows=rows, doubt=doubt)

    def window(self, size: int) -> Floats:
        return self._window[:, -size:]

    def learn(self, arrived: Arrived, *, epoch: Ints, held: Held | None = None) -> Bools:
        new = np.zeros(self.replays, dtype=np.bool_)
        for replay in np.unique(arrived.replay).tolist():
            mine = arrived.replay == replay
            labels = self._known[replay]
            labels.add(arrived.rows[mine], arrived.wrong[mine], arrived.propensity[mine], arrived.epochs[mine])
            if labels.count >= labels.due and (self._learn_until is None or labels.due <= self._learn_until):
                new[replay] = self._refit(replay, epoch=int(epoch[replay]), held=held)
        return new

    def heard(self) -> Ints:
        return self._heard

    @property
    def stage(self) -> int:
        """Two a phase: before the regression, and after it."""
        return 2 * self._phase + (self._change is not None and self._at > self._change.at)

    def errors(self) -> Floats:
        return self._turned(self._errors, self.stage)

    def errors_in(self, stage: int, *, replays: Ints) -> Floats:
        members = self._members[stage // 2]
        return self._turned(np.stack([true_errors(self._scores[replay], members) for replay in replays]), stage)

    def error_above(self, thresholds: Floats) -> Floats:
        inside, members = (self._scores >= thresholds[:, None]).astype(np.float64), self._members[self._phase]
        error: Floats = (inside @ members.wrong) / np.maximum(inside @ members.rows, 1.0)
        return self._turned(error, self.stage)

    def _turned(self, errors: Floats, stage: int) -> Floats:
        """Return the errors of a stage, in which right answers may have turned wrong."""
        return errors + (1.0 - errors) * self._change.rate if self._change is not None and stage % 2 else errors

    def _truth(self, scores: Floats) -> Floats:
        """Return the true error of each bin in this phase."""
        return true_errors(scores, self._members[self._phase])

    def _refit(self, replay: int, *, epoch: int, held: Held | None) -> bool:
        """Fit anew, and rank by it unless that would put more errors into the lane; say whether it does."""
        labels = self._known[replay]
        rows, wrong, propensity, epochs = labels.newest(NEWEST)
        usable = self._pool.answered[rows]
        fitted = calibration.fit(
            self._pool.x[rows[usable]],
            correct=~wrong[usable],
            propensity=propensity[usable],
            previous=self._prior,
            curve=False,
        )
        labels.due = int(labels.count * GROWTH) + 10
        scored, now = self._kinds.scored(fitted), epochs == epoch
        kinds = self._kinds.of_row[rows[now]]
        if held is not None and reference.is_worse(
            scored[kinds],
            self._scores[replay, kinds],
            wrong=wrong[now],
            propensity=propensity[now],
            share=float(held.share[replay]),
            tested=float(held.tested[replay]),
        ):
            return False
        self._scores[replay] = scored
        self._errors[replay] = self._truth(self._scores[replay])
        newest = self._rows[replay, max(0, self._at - WINDOW) : self._at]
        self._window[replay, WINDOW - len(newest) :] = self._scores[replay, self._kinds.of_row[newest]]
        self._heard[replay] = reference.ranked_anew(scored[kinds], wrong=wrong[now], propensity=propensity[now])
        return True


class _Labels:
    """The labels of one replay, in the order of their coming."""

    def __init__(self) -> None:
        self.count, self.due = 0, FIRST_FIT
        self._parts: list[tuple[Ints, Bools, Floats, Ints]] = []

    def add(self, rows: Ints, wrong: Bools, propensity: Floats, epochs: Ints) -> None:
        self._parts.append((rows, wrong, propensity, epochs))
        self.count += len(rows)

    def newest(self, most: int) -> tuple[Ints, Bools, Floats, Ints]:
        rows, wrong, propensity, epochs = zip(*self._parts, strict=True)
        kept = (
            np.concatenate(rows)[-most:],
            np.concatenate(wrong)[-most:],
            np.concatenate(propensity)[-most:],
            np.concatenate(epochs)[-most:],
        )
        self._parts = [kept]
        return kept


def phases_of(pool: Pool, *, items: int, order: str) -> Ints:
    """Return the phase of each item; drawn in phases, they follow one another in the file's own proportions."""
    if order == "bootstrap":
        return np.zeros(items, dtype=np.int64)
    places = np.arange(items) if order == "file" else (np.arange(items) * pool.rows) // items
    phases: Ints = pool.phases[np.minimum(places, pool.rows - 1)]
    return phases


def _order(pool: Pool, *, replays: int, items: int, order: str, rng: np.random.Generator) -> Ints:
    """Lay out which row each item of each replay is."""
    if order == "bootstrap":
        return rng.integers(0, pool.rows, (replays, items))
    if order == "file":
        if items > pool.rows:
            raise ValueError(f"{pool.name} has {pool.rows} rows: in file order a replay can't have {items} items.")
        return np.broadcast_to(np.arange(items), (replays, items)).copy()
    if order == "phases":
        phases = phases_of(pool, items=items, order=order)
        rows = np.empty((replays, items), dtype=np.int64)
        for phase in np.unique(phases):
            members, here = np.flatnonzero(pool.phases == phase), np.flatnonzero(phases == phase)
            rows[:, here] = members[rng.integers(0, len(members), (replays, len(here)))]
        return rows
    raise ValueError(f"order is {order!r}: give bootstrap, file or phases.")
