"""The brake: which certified cut is used while the newest labels look bad."""

import numpy as np
import pytest

from slider.engine import brake, certificate
from slider.engine.arrays import Bools, Floats

CUTS, BINS = certificate.CUTS, len(certificate.CUTS)
EVERY = np.ones((1, BINS), dtype=np.bool_)
LOW = np.full((1, BINS), 0.01)
MOST = np.array([0.03])


def upto(cut: float) -> Bools:
    """The cuts from 30 % up to this one: what a chain certifies."""
    return np.asarray(((CUTS >= 0.3) & (cut >= CUTS))[None])


def tallies(*, wrong_above: float = 2.0, labels: float = 50.0) -> Floats:
    """Recent labels, `labels` a bin: all of those above a rank wrong, all others right."""
    table = np.zeros((1, BINS, 2))
    table[0, :, 0], table[0, :, 1] = labels * (wrong_above >= CUTS), labels * (wrong_above < CUTS)
    return table


def position(recent: Floats, certified: Bools, *, remaining: Bools = EVERY, usual: Floats = LOW) -> float:
    found = brake.position(recent, certified, usual=usual, remaining=remaining, most=MOST)
    return float(found[0])


def test_while_all_is_well_the_largest_certified_cut_is_used() -> None:
    assert position(tallies(), upto(0.9)) == 0.9


def test_bad_news_at_the_edge_draws_the_lane_in_and_to_where_it_is_good() -> None:
    found = position(tallies(wrong_above=0.8), upto(0.95))
    assert 0.8 <= found < 0.84


def test_bad_news_everywhere_leaves_the_smallest_certified_cut() -> None:
    assert position(tallies(wrong_above=0.0), upto(0.9)) == 0.3


def test_it_opens_nothing_that_is_not_certified() -> None:
    nothing = np.zeros((1, BINS), dtype=np.bool_)
    assert position(tallies(), nothing) == 0.0
    holes = upto(0.95) & ~((CUTS > 0.7) & (CUTS < 0.95))[None]
    assert position(tallies(wrong_above=0.9), holes) == 0.7


def test_few_labels_say_little_and_what_is_usual_stands_in() -> None:
    assert position(np.zeros((1, BINS, 2)), upto(0.9)) == 0.9
    assert position(np.zeros((1, BINS, 2)), upto(0.9), usual=np.full((1, BINS), 0.2)) == 0.3


def test_a_closed_region_does_not_count() -> None:
    recent = tallies()
    recent[0, 0] = (0.0, 200.0)
    assert position(recent, upto(0.9)) < 0.9
    remaining = EVERY.copy()
    remaining[0, 0] = False
    assert position(recent, upto(0.9), remaining=remaining) == 0.9


def test_streams_are_kept_apart() -> None:
    both = brake.position(
        np.concatenate([tallies(), tallies(wrong_above=0.5)]),
        np.concatenate([upto(0.9)] * 2),
        usual=np.tile(LOW, (2, 1)),
        remaining=np.tile(EVERY, (2, 1)),
        most=np.tile(MOST, 2),
    )
    assert both[0] == 0.9
    assert 0.5 <= both[1] < 0.56


def test_old_labels_fade_by_half_in_two_thousand_items_however_they_are_counted() -> None:
    recent = tallies()
    assert np.allclose(brake.forget(recent, items=2_000), 0.5 * recent)
    slow = recent
    for _ in range(40):
        slow = brake.forget(slow, items=50)
    assert np.allclose(slow, 0.5 * recent)
    assert brake.forget(recent, items=0).tolist() == recent.tolist()


@pytest.mark.parametrize("items", [0, 2_000, 20_000])
def test_after_a_bad_spell_it_lets_go_by_itself(items: int) -> None:
    recent = brake.forget(tallies(wrong_above=0.5), items=items)
    recent[0, :, 0] += 50.0 * items / 2_000
    found = position(recent, upto(0.9))
    assert (found == 0.9) == (items == 20_000)
