"""The replay: what it counts adds up, and the same seed gives the same replay."""

import numpy as np

from bench.streams import Kind, Made
from slider.engine.backtest import baselines
from slider.engine.backtest.people import People
from slider.engine.backtest.replay import BLOCK, Record, replay

GOOD = Kind(flat=0.004)
REPLAYS, ITEMS, LIMIT = 6, 2500, 0.05


def run(rule: str, *, seed: int = 3, slider: float = 1.0) -> Record:
    given = baselines.Setting(replays=REPLAYS, items=ITEMS, limit=LIMIT, delta=0.05, slider=slider)
    return replay(
        Made(GOOD, replays=REPLAYS, seed=seed),
        baselines.RULES[rule](given),
        items=ITEMS,
        people=People(),
        limit=LIMIT,
        seed=seed,
    )


def test_the_same_seed_gives_the_same_replay_and_another_one_does_not() -> None:
    first, second, other = run("guarded"), run("guarded"), run("guarded", seed=4)
    assert (first.lane == second.lane).all()
    assert (first.audits == second.audits).all()
    assert not (first.lane == other.lane).all()


def test_what_is_counted_adds_up() -> None:
    for rule in baselines.RULES:
        found = run(rule)
        assert found.lane.shape == (ITEMS // BLOCK, REPLAYS)
        assert (found.lane <= BLOCK).all()
        assert (found.wrong <= found.lane).all()
        assert (found.audits <= found.lane).all()
        assert (found.lane[~found.open] == 0).all(), rule


def test_rules_see_the_same_items() -> None:
    # Nothing open in the first block: the records of two rules may differ in lanes, never in what came.
    kinds = [Made(GOOD, replays=REPLAYS, seed=3).block(0, BLOCK).wrong for _ in range(2)]
    assert (kinds[0] == kinds[1]).all()


def test_the_slider_stops_the_products_rule_at_a_cut_below_it() -> None:
    free, held = run("guarded"), run("guarded", slider=0.505)
    assert free.lane[-5:].mean() / BLOCK > 0.9
    # The largest cut below 50.5 % is 50 %.
    assert 0.4 < held.lane[-10:].mean() / BLOCK < 0.55


def test_every_rule_audits_its_lane_at_the_floor_at_least() -> None:
    for rule in ("fixed", "hoeffding", "guarded"):
        found = run(rule)
        assert found.audits.sum() > 0.8 * found.lane.sum() / 16, rule


def test_progress_is_told() -> None:
    said = list[float]()
    given = baselines.Setting(replays=1, items=ITEMS, limit=LIMIT, delta=0.05)
    replay(
        Made(GOOD, replays=1, seed=1),
        baselines.hoeffding(given),
        items=ITEMS,
        people=People(),
        limit=LIMIT,
        seed=1,
        progress=said.append,
    )
    assert said == sorted(said)
    assert np.isclose(said, [0.4, 0.8]).all()
