"""The measured error counts each audit once, and its bound holds at every look, however rare audits get."""

import numpy as np
import pytest

from slider.engine import audit
from slider.queries import errors
from slider.queries.errors import Audits
from tests.engine import exact

DELTA, LIMIT, REPLAYS, ITEMS = 0.05, 0.1, 300, 1_500


def test_few_audits_are_no_number() -> None:
    found = errors.measured(Audits(19, 1), delta=0.05)
    assert (found.audited, found.wrong, found.known, found.upper) == (19, 1, False, None)


def test_no_audits_are_no_number() -> None:
    assert not errors.measured(Audits(0, 0), delta=0.05).known


def test_the_number_is_one_that_anybody_can_work_out() -> None:
    found = errors.measured(Audits(100, 3), delta=0.05)
    assert found.estimate == pytest.approx(0.03)
    assert found.upper is not None
    assert 0.03 < found.upper < 0.2


def test_the_bound_is_above_the_estimate_and_falls_with_more_audits() -> None:
    few, many = (errors.measured(Audits(n, n // 50), delta=0.05) for n in (100, 2000))
    assert few.upper is not None
    assert many.upper is not None
    assert few.upper > many.upper > 0.02


def test_the_bound_holds_at_every_look_while_audits_thin_out_as_long_as_all_looks_well() -> None:
    # Somebody makes audits rarer whenever the newest one was right, down to one in sixteen, and denser when it was not.
    rng, broken, fooled = np.random.default_rng(5), 0, 0
    for _ in range(REPLAYS):
        wrong, coins, rung = rng.random(ITEMS) < LIMIT, rng.random(ITEMS), 0
        looked = bad = 0
        below = naive = False
        for e, coin in zip(wrong.tolist(), coins.tolist(), strict=True):
            if coin < audit.LADDER[rung]:
                looked, bad = looked + 1, bad + e
                rung = 0 if e else min(rung + 1, 8)
                upper = errors.measured(Audits(looked, bad), delta=DELTA).upper
                below = below or (upper is not None and upper < LIMIT)
                naive = naive or (upper is not None and exact.at_most(bad, n=looked, p=LIMIT) <= DELTA)
        broken, fooled = broken + below, fooled + naive
    assert exact.keeps(broken, n=REPLAYS, p=DELTA)
    # The control: an interval made for one look.
    assert not exact.keeps(fooled, n=REPLAYS, p=DELTA)
