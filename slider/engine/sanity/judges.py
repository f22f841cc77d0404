"""Measures whoever judges answers on planted canaries: how often nonsense passes, with an exact interval."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from slider.engine.arrays import check_inside
from slider.engine.sanity.canaries import Canary, Kind

_STEPS = 60


@dataclass(frozen=True, slots=True)
class Miss:
    """How a judge did on canaries.

    Attributes:
        shown: canaries put before it.
        missed: those that it let pass.
        low, high: the interval of its miss rate; 0 and 1 where none was shown.
    """

    shown: int
    missed: int
    low: float
    high: float

    @property
    def rate(self) -> float | None:
        """The share that passed; None where none was shown."""
        return self.missed / self.shown if self.shown else None

    def to_json(self) -> dict[str, float]:
        return {"shown": self.shown, "missed": self.missed, "low": self.low, "high": self.high}


def measure(
    canaries: Sequence[Canary],
    judge: Callable[[Canary], float] | Sequence[float],
    *,
    passes_from: float,
    sure: float = 0.95,
) -> Mapping[Kind | None, Miss]:
    """Put canaries before a judge.

    Args:
        canaries: what is put before it; all of them are wrong.
        judge: a callable that scores a canary, or the scores it gave, one a canary. NaN does not pass.
        passes_from: the score from which on it lets an answer pass.
        sure: how often the interval covers the true rate, at least.

    Returns:
        By kind, and under None for all together, a Miss with the exact binomial interval (Clopper and Pearson,
        Biometrika 1934). It holds for one look at canaries that are drawn anew: not for a judge that was tuned on
        these, nor for nonsense of other kinds. The rate for all together is that of this mix.

    Raises:
        ValueError: there is not one score a canary, or `sure` is not inside (0, 1).
    """
    check_inside(sure, "sure")
    scores = [float(judge(canary)) for canary in canaries] if callable(judge) else [float(score) for score in judge]
    if len(scores) != len(canaries):
        raise ValueError(f"There are {len(scores)} scores for {len(canaries)} canaries: give one score a canary.")
    passed = [score >= passes_from for score in scores]
    by_kind: dict[Kind | None, Miss] = {None: miss(len(passed), sum(passed), sure=sure)}
    for kind in Kind:
        mine = [through for canary, through in zip(canaries, passed, strict=True) if canary.kind == kind]
        if mine:
            by_kind[kind] = miss(len(mine), sum(mine), sure=sure)
    return by_kind


def miss(shown: int, missed: int, *, sure: float = 0.95) -> Miss:
    """Return the Miss of these counts."""
    if not 0 <= missed <= shown:
        raise ValueError(f"{missed} of {shown} missed: give counts with 0 <= missed <= shown.")
    tail = (1.0 - sure) / 2.0
    low = 0.0 if missed == 0 else _solve(lambda p: 1.0 - _at_most(missed - 1, shown, p) < tail)
    high = 1.0 if missed == shown else _solve(lambda p: _at_most(missed, shown, p) > tail)
    return Miss(shown, missed, low, high)


def _solve(is_below: Callable[[float], bool]) -> float:
    """Return where a condition that holds for small shares stops to hold."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high


def _at_most(count: int, n: int, p: float) -> float:
    """P(Binomial(n, p) <= count) for 0 < p < 1."""
    logs = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
        for k in range(count + 1)
    )
    return math.fsum(math.exp(log) for log in logs)
