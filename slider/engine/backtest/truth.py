"""The judge of a replay: compares what a rule has open with the true error, which no rule ever sees."""

from dataclasses import dataclass

import numpy as np

from slider.engine import certificate
from slider.engine.arrays import Bools, Floats, Ints
from slider.engine.backtest.rules import Rule
from slider.engine.backtest.streams import Stream


@dataclass(slots=True, eq=False)
class _Stage:
    """A stage that is over: the block it ended before, and its true errors by bin under the ranking in force."""

    number: int
    end: int
    errors: Floats


class Truth:
    """Two questions, block by block, of what is open in each replay.

    Is its true error above the limit now? And has it been so all through the epoch? Only the second breaks the promise:
    nobody can promise what a stream will do later, which is why alarms end epochs. Where the true errors don't change
    the two are one. Where they do, as in phases, the promise is broken by a cut whose error is above the limit in every
    stage that its epoch has seen. All stages are judged under the ranking in force: a new one makes no stage forgotten.
    """

    def __init__(self, stream: Stream, limit: float) -> None:
        self._stream, self._limit = stream, limit
        self._errors: Floats | None = None
        self._stage = -1
        self._past: list[_Stage] = []
        self._oracles: dict[int, Floats] = {}
        self._block = 0
        self._epoch = np.zeros(stream.replays, dtype=np.int64)
        self._began = np.zeros(stream.replays, dtype=np.int64)
        self._above: tuple[Floats, Floats, Floats] | None = None

    def judge(self, rule: Rule, *, epoch: Ints) -> tuple[Bools, Bools, Bools]:
        """Return whether anything is open, is above the limit, and has been so all through the epoch."""
        self._began[epoch != self._epoch] = self._block
        self._epoch = epoch.copy()
        self._turn()
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
        """Take note of new rankings, shape (replays,): what is past is judged by them too."""
        if not new.any():
            return
        self._above = self._errors = None
        replays = np.flatnonzero(new)
        for past in self._past:
            past.errors[replays] = self._stream.errors_in(past.number, replays=replays)

    def oracles(self) -> dict[int, Floats]:
        """Return by the block before which a stage ended the largest cut that kept the limit in it, shape (replays,).

        The last stage ends with the replay. Each is judged by the ranking that it ended with.
        """
        return self._oracles | {self._block: self._oracle(self._known())}

    def _turn(self) -> None:
        """Lay the stage that is over aside."""
        if self._stream.stage == self._stage:
            return
        if self._block:
            every = np.arange(self._stream.replays)
            over = _Stage(self._stage, self._block, self._stream.errors_in(self._stage, replays=every).copy())
            self._past.append(over)
            self._oracles[self._block] = self._oracle(over.errors)
        self._stage, self._errors = self._stream.stage, None

    def _oracle(self, errors: Floats) -> Floats:
        sums = np.cumsum(certificate.WIDTHS * errors, axis=1) / certificate.CUTS
        best: Floats = np.where(sums <= self._limit, certificate.CUTS, 0.0).max(axis=1)
        return best

    def _by_bin(self, widths: Floats) -> tuple[Floats, Floats]:
        """Return the error of the open bins now, and the least that it was since the epoch began."""
        total = np.maximum(widths.sum(axis=1), 1e-12)
        now = (widths * self._known()).sum(axis=1) / total
        least = now
        for past in self._past:
            error = (widths * past.errors).sum(axis=1) / total
            least = np.where(past.end > self._began, np.minimum(least, error), least)
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
        """Return the true errors by bin in force."""
        if self._errors is None:
            self._errors = self._stream.errors()
        return self._errors
