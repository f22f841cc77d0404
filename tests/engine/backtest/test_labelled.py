"""One look at few labels: on a pool where signals tell something, and on one that may not open."""

import numpy as np

from slider.engine.backtest import labelled, pool
from slider.engine.backtest.pool import Pool
from tests.engine import exact

LIMIT, DELTA, REPLAYS = 0.05, 0.1, 60


def made(*, error: float, spread: float) -> Pool:
    """Return a pool of 3,000 answers; the larger `spread`, the more the signal says which are wrong."""
    rng = np.random.default_rng(5)
    signal = rng.standard_normal(3000)
    odds = np.log(error / (1.0 - error)) - spread * signal
    correct = rng.random(3000) >= 1.0 / (1.0 + np.exp(-odds))
    (found,) = pool.pools({"signals": {"s": s}, "correct": int(c)} for s, c in zip(signal, correct, strict=True))
    return found


def test_it_opens_what_the_signal_shows_to_be_good() -> None:
    good = made(error=0.03, spread=2.0)
    for way in (labelled.prequential, labelled.plain):
        found = way(good, limit=LIMIT, delta=DELTA, labels=500, replays=20, seed=1)
        assert 0.3 < found.share < found.oracle
        assert found.error < LIMIT


def test_it_keeps_its_promise_where_nothing_may_open() -> None:
    bad = made(error=0.06, spread=0.0)
    assert 1.0 - bad.correct.mean() > LIMIT
    found = labelled.prequential(bad, limit=LIMIT, delta=DELTA, labels=500, replays=REPLAYS, seed=1)
    assert exact.keeps(found.broken.found, n=REPLAYS, p=DELTA)
