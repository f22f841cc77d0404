"""The measured error counts each audit once, and its bound holds at every look, however rare audits get."""

from functools import cache

import numpy as np
import pytest

from slider.engine import audit, bounds
from slider.engine.arrays import Ints
from slider.queries import errors
from slider.queries.errors import Audits
from tests.engine import exact

DELTA, LIMIT, REPLAYS, ITEMS = 0.05, 0.1, 500, 1_500


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


def thinned_out(rng: np.random.Generator) -> tuple[list[Ints], list[Ints]]:
    """Audits made rarer whenever the newest one was right, down to one in sixteen, and dense again when it was not.

    How many were looked at and how many of them were wrong, at every twentieth item, of all replays.
    """
    looked, bad, rung = (np.zeros(REPLAYS, dtype=np.int64) for _ in range(3))
    seen: list[Ints] = []
    found: list[Ints] = []
    for n in range(1, ITEMS + 1):
        audited, wrong = rng.random(REPLAYS) < audit.LADDER[rung], rng.random(REPLAYS) < LIMIT
        looked, bad = looked + audited, bad + (audited & wrong)
        rung = np.where(audited, np.where(wrong, 0, np.minimum(rung + 1, 8)), rung)
        if n % 20 == 0:
            seen.append(looked)
            found.append(bad)
    return seen, found


def test_the_bound_holds_at_every_look_while_audits_thin_out_as_long_as_all_looks_well() -> None:
    seen, found = thinned_out(np.random.default_rng(5))
    broken, fooled = np.zeros((2, REPLAYS), dtype=np.bool_)
    one_look = cache(lambda wrong, looked: exact.at_most(wrong, n=looked, p=LIMIT) <= DELTA)
    for looked, bad in zip(seen, found, strict=True):
        upper = bounds.upper_error(bad[:, None], (looked - bad)[:, None], delta=DELTA)
        broken |= upper < LIMIT
        fooled |= np.array([one_look(*pair) for pair in zip(bad.tolist(), looked.tolist(), strict=True)])
        assert errors.measured(Audits(looked[0], bad[0]), delta=DELTA).upper in (None, pytest.approx(upper[0]))
    assert exact.keeps(int(broken.sum()), n=REPLAYS, p=DELTA)
    # The control: an interval made for one look.
    assert not exact.keeps(int(fooled.sum()), n=REPLAYS, p=DELTA)
