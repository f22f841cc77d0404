"""The stream of a pool: what it draws, what its true errors are, and what teaches its ranking."""

import numpy as np
import pytest

from slider.engine import certificate
from slider.engine.backtest import kinds, pool
from slider.engine.backtest.pool import Pool
from slider.engine.backtest.pool_stream import Change, PoolStream
from slider.engine.backtest.streams import Arrived


def made(rows: int = 400) -> Pool:
    """Return a pool whose signal says the truth nine times in ten; its second half, a phase of its own, is worse."""
    rng = np.random.default_rng(7)
    phases = np.arange(rows) >= rows // 2
    correct = rng.random(rows) < np.where(phases, 0.6, 0.9)
    signal = np.where(rng.random(rows) < 0.9, correct, ~correct) + rng.integers(0, 3, rows)
    (found,) = pool.pools(
        {"signals": {"s": float(s)}, "correct": int(c), "phase": "late" if late else "early", "t": t}
        for t, (s, c, late) in enumerate(zip(signal, correct, phases, strict=True))
    )
    return found


def test_in_file_order_every_row_comes_once_in_its_place() -> None:
    stream = PoolStream(made(), replays=2, items=400, order="file", seed=1)
    rows = np.concatenate([stream.block(start, 50).rows for start in range(0, 400, 50)], axis=1)
    assert (rows == np.arange(400)).all()


def test_in_phases_rows_are_drawn_from_the_phase_that_is_on() -> None:
    of_pool = made()
    stream = PoolStream(of_pool, replays=3, items=1000, order="phases", seed=1)
    first, second = (of_pool.phases[stream.block(start, 500).rows] for start in (0, 500))
    assert (first == 0).all()
    assert (second == 1).all()


def test_true_errors_are_those_of_the_phase() -> None:
    of_pool = made()
    stream = PoolStream(of_pool, replays=1, items=400, order="phases", seed=1)
    overall = []
    for start in (0, 200):
        stream.block(start, 50)
        overall.append(float((stream.errors() * certificate.WIDTHS).sum()))
    early, late = of_pool.phases == 0, of_pool.phases == 1
    assert np.allclose(overall, [(~of_pool.correct[part]).mean() for part in (early, late)])


def test_an_earlier_stage_is_asked_about_under_the_ranking_in_force() -> None:
    of_pool = made()
    stream = PoolStream(of_pool, replays=2, items=400, order="phases", seed=1, change=Change(at=300, rate=0.5))
    stages, known = list[int](), dict[int, float]()
    for start in range(0, 400, 50):
        rows = stream.block(start, 50).rows
        stages.append(stream.stage)
        known[stream.stage] = float((stream.errors()[0] * certificate.WIDTHS).sum())
        arrived = Arrived(
            replay=np.zeros(50, dtype=np.int64),
            rows=rows[0],
            wrong=of_pool.correct[rows[0]],  # told the wrong way round: the ranking turns
            propensity=np.ones(50),
            epochs=np.zeros(50, dtype=np.int64),
        )
        stream.learn(arrived, epoch=np.zeros(2, dtype=np.int64))
    assert stages == [0] * 4 + [2] * 2 + [3] * 2
    for stage, error in known.items():
        found = stream.errors_in(stage, replays=np.array([0, 1]))
        # Over all items a stage has the errors that it has, whatever ranks them; the first replay ranks otherwise.
        assert np.allclose((found * certificate.WIDTHS).sum(axis=1), error)
        assert not np.allclose(found[0], found[1])


def test_the_error_up_to_a_cut_is_counted_with_ties_shared_out() -> None:
    # Two kinds of rows: 30 that score 1 with 3 errors, 70 that score 0 with 35. Half of all: 30 + 20 of the 70.
    members = kinds.Members(rows=np.array([30.0, 70.0]), wrong=np.array([3.0, 35.0]))
    errors = kinds.true_errors(np.array([1.0, 0.0]), members)
    inside = np.cumsum(errors * certificate.WIDTHS) / certificate.CUTS
    assert np.allclose(inside[certificate.CUTS == 0.3], 0.1)
    assert np.allclose(inside[certificate.CUTS == 0.5], (3.0 + 10.0) / 50.0)
    assert np.allclose(inside[-1], 0.38)


def test_a_regression_turns_right_answers_wrong_and_is_in_the_true_error() -> None:
    of_pool = made()
    stream = PoolStream(of_pool, replays=40, items=2000, order="bootstrap", seed=1, change=Change(at=1000, rate=0.5))
    before, after = (stream.block(start, 1000).wrong.mean() for start in (0, 1000))
    error = float((~of_pool.correct).mean())
    assert abs(before - error) < 0.01
    assert abs(after - (error + (1.0 - error) * 0.5)) < 0.01
    assert np.allclose((stream.errors() * certificate.WIDTHS).sum(axis=1), error + (1.0 - error) * 0.5)


def test_it_learns_from_what_was_said_and_stops_where_it_was_told_to() -> None:
    of_pool = made()
    stream = PoolStream(of_pool, replays=2, items=1000, order="bootstrap", seed=1, learn_until=200)
    anew = np.zeros(2, dtype=np.int64)
    for start in range(0, 1000, 50):
        rows = stream.block(start, 50).rows
        arrived = Arrived(
            replay=np.zeros(50, dtype=np.int64),
            rows=rows[0],
            wrong=~of_pool.correct[rows[0]],
            propensity=np.ones(50),
            epochs=np.zeros(50, dtype=np.int64),
        )
        anew += stream.learn(arrived, epoch=np.zeros(2, dtype=np.int64))
        # The window always holds the scores under the ranking in force.
        expected = stream.window(50)
        assert np.isfinite(expected).all()
    # At 50 labels, at 100 (the first after 80) and at 150; the next would be at 250. The other replay heard nothing.
    assert anew[0] == 3
    assert anew[1] == 0


def test_one_person_drawn_from_the_votes_judges() -> None:
    rows = [
        {"signals": {"s": float(n)}, "correct": 1, "answer": "a", "human_votes": {"a": 1, "b": 3}} for n in range(4)
    ]
    (of_pool,) = pool.pools(rows)
    stream = PoolStream(of_pool, replays=1, items=50, order="bootstrap", seed=1, votes=True)
    doubt = stream.block(0, 50).doubt
    assert doubt is not None
    assert (doubt == 0.75).all()


def test_it_refuses_an_order_that_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="order is 'sorted'"):
        PoolStream(made(), replays=1, items=100, order="sorted", seed=1)
    with pytest.raises(ValueError, match="400 rows"):
        PoolStream(made(), replays=1, items=500, order="file", seed=1)
