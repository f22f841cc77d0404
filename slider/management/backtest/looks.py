"""`manage.py backtest --once`: what one look at few labels allows, beside the plain way."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from slider.engine import percents
from slider.engine.backtest import labelled
from slider.engine.backtest.labelled import Look
from slider.engine.backtest.pool import Pool
from slider.management.backtest import table
from slider.management.backtest.plan import Plan

WAYS: dict[str, Callable[..., Look]] = {"prequential": labelled.prequential, "plain halves": labelled.plain}
_HEAD = ("task / worker", "limit", "labels", "way", "broken (95 %)", "broken, unseen rows", "share", "of at most")


@dataclass(frozen=True, slots=True)
class Looked:
    """What one way made of one pool at one limit."""

    pool: str
    limit: float
    labels: int
    way: str
    look: Look


def run(pools: Sequence[Pool], asked: Plan, *, labels: int) -> Iterator[Looked]:
    """Look at every pool, at every limit, both ways."""
    for pool in pools:
        for limit in asked.limits:
            for way, look in WAYS.items():
                found = look(
                    pool, limit=limit, delta=asked.delta, labels=labels, replays=asked.replays, seed=asked.seed
                )
                yield Looked(pool.name, limit, labels, way, found)


def of_looks(found: Sequence[Looked], *, delta: float) -> Iterator[str]:
    """One line a pool, limit and way."""
    rows = [
        (
            *(one.pool, percents.said(one.limit), f"{one.labels:,}", one.way),
            *(table.rate(rate, delta=delta) for rate in (one.look.broken, one.look.broken_unseen)),
            *(table.share(one.look.share), table.share(one.look.oracle)),
            table.error(one.look.error, limit=one.limit),
        )
        for one in found
    ]
    yield from table.markdown((*_HEAD, "lane error"), rows)
