"""The judge of a replay: compares what a rule has open with the true error, which no rule ever sees."""

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.rules import Rule
from slider.engine.backtest.streams import Stream


class Truth:
    """Two questions, block by block, of what is open in each replay.

    Is its true error above the limit now? And has it been so all through the epoch? Only the second breaks the promise:
    nobody can promise what a stream will do later, which is why alarms end epochs. Where the true errors don't change
    the two are one.
    """

    def __init__(self, stream: Stream, limit: float) -> None:
        self._stream, self._limit = stream, limit
        self._errors: Floats | None = None
        self._last: Floats | None = None
        self._past: list[Floats] = []
        self._ends: list[int] = []
        self._block = 0
        self._epoch = np.zeros(stream.replays, dtype=np.int64)
        self._began = np.zeros(stream.replays, dtype=np.int64)
        self._above: tuple[Floats, Floats, Floats] | None = None

    def judge(self, rule: Rule, *, epoch: Ints) -> tuple[Bools, Bools, Bools]:
        """Return whether anything is open, is above the limit, and has been so all through the epoch."""
        self._began[epoch != self._epoch] = self._block
        self._epoch = epoch.copy()
        inside = rule.inside()
        if inside.thresholds is not None:
            is_open = np.isfinite(inside.thresholds)
            now, least = self._by_score(inside.thresholds)
        else:
            widths = certificate.WIDTHS * np.asarray(inside.open_bins)
            is_open = widths.any(axis=1)
            now, least = self._by_bin(widths)
        self._block += 1
        return is_open, is_open & (now > self._limit + 1e-12), is_open & (least > self._limit + 1e-12)

    def learnt(self, new: Bools) -> None:
        """Take note of a new block and of new rankings, under which past errors mean nothing."""
        for past in self._past:
            past[new] = np.inf
        if new.any():
            self._above = None
        if self._stream.changes and self._errors is not None:
            self._last = np.where(new[:, None], np.inf, self._errors)
        if new.any() or self._stream.changes:
            self._errors = None

    def oracle(self) -> Floats:
        """Return the largest cut of the rank that keeps the limit, shape (replays,)."""
        errors = self._known()
        sums = np.cumsum(certificate.WIDTHS * errors, axis=1) / certificate.CUTS
        best: Floats = np.where(sums <= self._limit, certificate.CUTS, 0.0).max(axis=1)
        return best

    def _by_bin(self, widths: Floats) -> tuple[Floats, Floats]:
        """Return the error of the open bins now, and the least that it was since the epoch began."""
        total = np.maximum(widths.sum(axis=1), 1e-12)
        now = (widths * self._known()).sum(axis=1) / total
        least = now
        for past, end in zip(self._past, self._ends, strict=True):
            # Infinite past errors, of an earlier ranking, must not meet bins that are closed.
            error = np.multiply(widths, past, where=widths > 0.0, out=np.zeros_like(past)).sum(axis=1) / total
            least = np.where(end > self._began, np.minimum(least, error), least)
        return now, least

    def _by_score(self, thresholds: Floats) -> tuple[Floats, Floats]:
        """The same of everything at or above a score, since that score was set."""
        same = self._above is not None and np.array_equal(self._above[0], thresholds)
        if self._above is None or not same or self._stream.changes:
            now = self._stream.error_above(thresholds)
            least = now
            if self._above is not None:
                kept = thresholds == self._above[0]
                least = np.where(kept, np.minimum(now, self._above[2]), now)
            self._above = thresholds.copy(), now, least
        return self._above[1], self._above[2]

    def _known(self) -> Floats:
        """Return the true errors by bin in force; those of before are kept, where they were others."""
        if self._errors is None:
            self._errors = self._stream.errors()
            if self._last is not None and not np.array_equal(self._last, self._errors):
                self._past.append(self._last)
                self._ends.append(self._block)
        return self._errors
