"""What a backtest says on the whole: is the promise kept, and is it worth more than what others do?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from slider.engine import percents
from slider.engine.backtest import baselines, measures
from slider.engine.backtest.measures import Rate
from slider.management.backtest.plan import Outcome

THOUSAND = tuple(rule for rule in baselines.VALID if rule != "selective-5000")
"""The rules that promise something and need no more than 1,000 labels to decide."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One pool at one limit: what each rule made of it, by the rule's name."""

    pool: str
    limit: float
    outcomes: Mapping[str, Outcome]

    @property
    def mine(self) -> Outcome | None:
        return self.outcomes.get(baselines.GUARDED)

    def best(self, rules: Sequence[str] = baselines.VALID) -> Outcome | None:
        """Return the outcome of the rule with the largest share, of those that were run."""
        run = [self.outcomes[rule] for rule in rules if rule in self.outcomes]
        return max(run, key=lambda outcome: outcome.measures.share, default=None)


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures over all pairs; None where a rule that they need was not run.

    Attributes:
        broken: replays of the product's rule that broke the promise, of all pairs together.
        worst: the pair with the most, and its share.
        at_least_best: pairs whose share is that of the best rule with a promise or more, to three digits; of rules that
            decide on 1,000 labels.
        at_least_all: the same, rules with 5,000 labels included.
        above_ltt: mean share above Learn-then-Test once.
        audits: audits, as a multiple of those that a uniform floor over the same lanes would have drawn.
    """

    pairs: int
    broken: Rate | None
    worst: tuple[str, float] | None
    at_least_best: float | None
    at_least_all: float | None
    above_ltt: float | None
    audits: float | None


def pairs(outcomes: Sequence[Outcome]) -> list[Pair]:
    """Put the outcomes of one pool and limit together, in their order."""
    found: dict[tuple[str, float], dict[str, Outcome]] = {}
    for outcome in outcomes:
        found.setdefault((outcome.pool, outcome.limit), {})[outcome.rule] = outcome
    return [Pair(pool, limit, by_rule) for (pool, limit), by_rule in found.items()]


def summary(found: Sequence[Pair], *, floor: float) -> Summary:
    """Sum up. `floor`: the audit chance that audits are compared with."""
    mine = [(pair, pair.mine) for pair in found if pair.mine is not None]
    rates = [(f"{pair.pool} at {percents.said(pair.limit)}", outcome.measures.broken) for pair, outcome in mine]
    floors = sum(floor * outcome.measures.lane for _, outcome in mine)
    gains = [
        outcome.measures.share - pair.outcomes["ltt"].measures.share for pair, outcome in mine if "ltt" in pair.outcomes
    ]
    worst = max(rates, key=lambda named: named[1].value, default=None)
    return Summary(
        pairs=len(found),
        broken=measures.rate_of(sum(rate.found for _, rate in rates), sum(rate.of for _, rate in rates))
        if rates
        else None,
        worst=(worst[0], worst[1].value) if worst else None,
        at_least_best=_at_least(mine, THOUSAND),
        at_least_all=_at_least(mine, baselines.VALID),
        above_ltt=sum(gains) / len(gains) if gains else None,
        audits=sum(outcome.measures.audits for _, outcome in mine) / floors if floors > 0.0 else None,
    )


def lines(found: Summary, *, delta: float) -> Iterator[str]:
    """Say it in words. `delta`: the chance with which the promise may fail."""
    if found.broken is not None and found.worst is not None:
        low, high = percent(found.broken.low, delta=delta), percent(found.broken.high, delta=delta)
        yield f"Promise broken in {percent(found.broken.value, delta=delta)} of all replays (95 %: {low} to {high})."
        yield f"Worst: {percent(found.worst[1], delta=delta)} ({found.worst[0]})."
    if found.at_least_best is not None:
        yield (
            f"Share at least that of the best rule with a promise, of those that decide on 1,000 labels: "
            f"in {percent(found.at_least_best)} of {found.pairs} pairs."
        )
    if found.at_least_all is not None and found.at_least_all != found.at_least_best:
        yield f"The same with rules that decide on 5,000 labels: in {percent(found.at_least_all)}."
    if found.above_ltt is not None:
        yield f"Mean share above Learn-then-Test once: {100 * found.above_ltt:+.1f} points."
    if found.audits is not None:
        yield f"Audits: {found.audits:.2f} times those of a uniform floor over the same lanes."


def percent(share: float, *, delta: float | None = None) -> str:
    """Write a share of replays as people read it; beside delta, on its side of it."""
    return percents.said(share, digits=0 if share >= 0.1 else 1, limit=delta)


def _at_least(mine: Sequence[tuple[Pair, Outcome]], rules: Sequence[str]) -> float | None:
    """Return the share of pairs in which no rule of these has more."""
    compared = [(outcome, best) for pair, outcome in mine if (best := pair.best(rules)) is not None]
    if not compared:
        return None
    fine = [round(mine_.measures.share, 3) >= round(best.measures.share, 3) for mine_, best in compared]
    return sum(fine) / len(fine)
