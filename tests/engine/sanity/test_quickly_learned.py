"""What is learned quickly is to the last bit what is learned plainly: it is stored, and the next batch stands on it."""

import random

import numpy as np
import pytest

from slider.engine.sanity import familiar, meter, near
from slider.engine.sanity.meter import Meter
from tests.engine.sanity import kinds
from tests.engine.sanity.plainly_learned import Learner, Running


def test_profiles_and_distances_are_the_same_batch_by_batch() -> None:
    quick = plain = familiar.empty()
    odd = [*kinds.texts(900, seed=21), *kinds.extremes()]
    texts = familiar.grams_of([*kinds.MESSAGES[:400], *odd, *kinds.MESSAGES[400:], *odd])
    strange = 0
    for begin in range(0, len(texts), 375):
        batch = texts[begin : begin + 375]
        distances, quick = familiar.learn(quick, batch)
        learner = Learner(plain)
        assert distances == [learner.learn(text) for text in batch]
        plain = learner.profile()
        assert quick.to_json() == plain.to_json()
        np.testing.assert_array_equal(quick.counts, plain.counts)
        assert (quick.usual, quick.window) == (plain.usual, plain.window)
        strange += sum(one.is_unfamiliar for one in distances)
    assert strange > 10


@pytest.mark.parametrize("only", ["", "1"])
@pytest.mark.parametrize("sorts", [2, 5, 90])
def test_meters_are_the_same_whatever_comes(sorts: int, only: str) -> None:
    chance = random.Random(sorts)
    quick = plain = Meter()
    for turn in range(40):
        keys = [str(min(chance.randrange(sorts), chance.randrange(sorts))) for _ in range(150)]
        if turn % 9 == 8:
            keys = [str(turn % sorts)] * 400
        quick = meter.observe(quick, keys, labels={"1": "one"}, at=float(turn), only=only)
        running = Running(plain, only)
        for key in keys:
            running.add(key, {"1": "one"}.get(key, key), float(turn))
        plain = running.meter()
        assert quick == plain
        # As stored, and read back by the next batch.
        quick, plain = Meter.from_json(quick.to_json()), Meter.from_json(plain.to_json())
    assert quick.raised > 0 or only


def test_those_near_are_the_ones_that_are_near() -> None:
    chance = random.Random(2)
    one = chance.getrandbits(64)
    others = [one ^ sum({1 << chance.randrange(64) for _ in range(chance.randrange(14))}) for _ in range(300)]
    assert near.those_near(one, others) == [place for place, other in enumerate(others) if near.are_near(one, other)]
    assert 50 < len(near.those_near(one, others)) < 250
