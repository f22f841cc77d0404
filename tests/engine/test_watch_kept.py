"""The watch as it is stored: the same to the last bit, or refused."""

import json

import numpy as np
import pytest

from slider.engine import certificate, kept
from slider.engine.arrays import Bools, Floats
from slider.engine.orders import Orders, Tuning
from slider.engine.watch import Watch
from tests.engine.verdicts import count, verdicts

LIMIT, DELTA = 0.05, 0.05


def watch_of(streams: int) -> Watch:
    return Watch(np.full(streams, LIMIT), DELTA, Tuning())


def live(watch: Watch, rng: np.random.Generator, *, error: float) -> Orders:
    """Let a task run for a block: everything that a watch is told, from one source of chance."""
    ranks: Floats = rng.random((1, 50))
    lane: Bools = ranks <= 0.7
    bins, wrong = certificate.bins(ranks), rng.random((1, 50)) < error
    new = verdicts(
        wrong, bins=bins, classes=np.where(lane, 0, 4), lane=lane, present=~lane | (rng.random((1, 50)) < 0.25)
    )
    watch.routed(
        items=50,
        unattended=lane.sum(axis=1),
        audited=(lane & new.present).sum(axis=1),
        scores=rng.normal(size=(1, 50)),
        window=rng.normal(size=(1, 500)),
    )
    watch.hear(new)
    watch.hear(new.only(lane), looked_back=True, aimed=bool(rng.random() < 0.5))
    if watch.quarantined.any():
        region = np.flatnonzero(watch.quarantined[0])[:1]
        watch.hear_quarantined(np.zeros(1, dtype=np.int64), region, wrong=rng.random(1) < error)
    count(watch, new)
    return watch.judge()


def same(first: Orders, second: Orders) -> bool:
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in Orders.__slots__)


@pytest.mark.parametrize("error", [0.01, 0.04, 0.3])
def test_it_survives_json_to_the_last_bit_at_any_moment(error: float) -> None:
    watch, tuning = watch_of(1), Tuning()
    rng, twin = np.random.default_rng(5), np.random.default_rng(5)
    stored: object = {}
    for _ in range(70):
        orders = live(watch, rng, error=error)
        assert isinstance(stored, dict)
        other = kept.from_json(stored, tested=LIMIT, delta=DELTA, tuning=tuning)
        assert same(orders, live(other, twin, error=error))
        text = json.dumps(kept.to_json(other), allow_nan=False)
        assert text == json.dumps(kept.to_json(watch), allow_nan=False)
        assert len(text) < 25_000
        stored = json.loads(text)
    assert watch.items[0] > 0 or watch.quarantined.any()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wrong", 0),
        ("best", [1.0]),
        ("tested", 0),
        ("tested", None),
        ("tested", 2.0),
        ("items", None),
        ("alarm", "much"),
        ("recent", [[1.0, 2.0]]),
        ("right", None),
    ],
)
def test_it_refuses_a_stored_watch_that_does_not_fit(name: str, value: object) -> None:
    stored = kept.to_json(watch_of(1)) | {name: value}
    with pytest.raises(ValueError, match="Start a new epoch"):
        kept.from_json(stored, tested=LIMIT, delta=DELTA, tuning=Tuning())


def test_it_refuses_a_stored_watch_without_a_field_and_one_of_several_streams() -> None:
    stored = kept.to_json(watch_of(1))
    del stored["patience"]
    with pytest.raises(ValueError, match="patience"):
        kept.from_json(stored, tested=LIMIT, delta=DELTA, tuning=Tuning())
    with pytest.raises(ValueError, match="2 streams"):
        kept.to_json(watch_of(2))


@pytest.mark.parametrize(("now", "stays"), [(LIMIT, True), (1.5 * LIMIT, True), (0.8 * LIMIT, False)])
def test_the_best_wealth_stays_under_a_looser_limit_and_is_forgotten_under_a_stricter_one(
    now: float, stays: bool
) -> None:
    watch = watch_of(1)
    watch.proof.best[0], watch.counters.right[0, :, 0] = 5.0, 40
    stored = json.loads(json.dumps(kept.to_json(watch)))
    read = kept.from_json(stored, tested=now, delta=DELTA, tuning=Tuning())
    assert read.proof.best.max() == (5.0 if stays else 0.0)
    assert np.array_equal(read.counters.right, watch.counters.right)
    read.judge()
    # What the counts are worth at the limit that holds now is there at once.
    assert (read.proof.best >= np.maximum(read.proof.wealth, 0.0) - 1e-12).all()
    assert kept.to_json(read)["tested"] == now
