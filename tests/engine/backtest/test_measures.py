"""The figures of a record, worked by hand."""

import math

import numpy as np
import pytest

from slider.engine.backtest import measures
from slider.engine.backtest.replay import BLOCK, Record
from tests.engine import exact


def record(lane: list[int], wrong: list[int], *, broken: list[bool] | None = None) -> Record:
    """Return the record of one replay: unattended and wrong items block by block."""
    blocks = len(lane)
    table = np.array(broken or [False] * blocks)[:, None]
    return Record(
        block=BLOCK,
        lane=np.array(lane)[:, None],
        wrong=np.array(wrong)[:, None],
        expected=np.array(wrong, dtype=np.float64)[:, None],
        audits=np.ones((blocks, 1), dtype=np.int64),
        broken=table,
        above=table,
        open=np.array(lane)[:, None] > 0,
        oracle=np.array([0.9]),
        seconds=1.0,
        rule=object(),  # type: ignore[arg-type]
    )


def test_shares_errors_and_looks_are_those_of_the_record() -> None:
    found = measures.measure(record([0, 0, 40, 40], [0, 0, 2, 0]), limit=0.05)
    assert (found.share, found.share_whole, found.lane) == (0.8, 0.4, 80.0)
    assert (found.error, found.audits, found.first_open) == (2 / 80, 4.0, 2 * BLOCK)
    # Everybody looks at 120 items, and 4 audits are made of the other 80.
    assert math.isclose(found.people, 124 / 200)
    assert found.over.value == 0.0
    assert found.recovery is None


def test_the_interval_of_a_rate_is_clopper_and_pearsons() -> None:
    found = measures.rate_of(2, 60)
    assert math.isclose(exact.at_least(2, n=60, p=found.low), 0.025, rel_tol=1e-6)
    assert math.isclose(exact.at_most(2, n=60, p=found.high), 0.025, rel_tol=1e-6)
    assert measures.rate_of(0, 60).low == 0.0
    assert measures.rate_of(60, 60).high == 1.0


def test_recovery_is_when_the_next_thousand_items_are_fine_again() -> None:
    # 20 good blocks, then 8 bad ones, then good ones: the first thousand without a bad block begins 8 blocks later.
    blocks = [0] * 20 + [20] * 8 + [0] * 40
    found = measures.measure(record([40] * 68, blocks), limit=0.05, change=20 * BLOCK)
    # A window of 20 blocks forgives 2.1 wrong blocks of 20 errors: 42 of 800 * 0.0525.
    assert found.recovery == 6 * BLOCK
    assert found.excess_95 == 8 * (20 - 2)


@pytest.mark.parametrize(("lane", "expected"), [([40] * 68, math.inf), ([0] * 68, math.nan)])
def test_recovery_may_never_come_or_say_nothing(lane: list[int], expected: float) -> None:
    wrong = [0] * 20 + [10 * (one > 0) for one in lane[20:]]
    found = measures.measure(record(lane, wrong), limit=0.05, change=20 * BLOCK)
    assert found.recovery == expected or (math.isnan(expected) and math.isnan(found.recovery or 0.0))


def test_a_promise_broken_after_the_change_is_not_counted_as_broken() -> None:
    late = [False] * 30 + [True] * 38
    assert measures.measure(record([40] * 68, [0] * 68, broken=late), limit=0.05, change=20 * BLOCK).broken.found == 0
    assert measures.measure(record([40] * 68, [0] * 68, broken=late), limit=0.05).broken.found == 1
