"""Closed regions: a stretch that is confidently wrong is found alone, and one that keeps the limit is left alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from slider.engine import certificate, regions
from slider.engine.arrays import Floats
from slider.engine.labels import Labels
from tests.engine import exact
from tests.engine.verdicts import two_sigmas, until, verdicts

RUNS, LABELS, LINE = 500, 500, 2_000.0
LIMIT = 0.03
CUTS = certificate.CUTS


def closings(labels: Labels, *, limit: float = LIMIT, region: int = 0) -> Floats:
    """Return after how many labels each run closes the region."""
    tested = np.full(len(labels.wrong), limit)
    return until(
        labels,
        regions.start(len(tested)),
        carry=lambda levels, one: regions.observe(levels, one, tested=tested),
        reached=lambda levels: np.asarray(regions.reading(levels)[:, region] >= LINE),
    )


def fired(found: Floats) -> int:
    return int(np.isfinite(found).sum())


def test_a_region_at_twice_the_limit_is_closed_as_seldom_as_budgeted() -> None:
    wrong = np.random.default_rng(1).random((RUNS, LABELS)) < 2.0 * LIMIT
    assert exact.keeps(fired(closings(verdicts(wrong))), n=RUNS, p=LABELS / LINE)
    # The control: the last fifty labels, two standard errors above twice the limit.
    assert not exact.keeps(fired(two_sigmas(wrong, limit=2.0 * LIMIT, last=50)), n=RUNS, p=LABELS / LINE)


@pytest.mark.parametrize("limit", [LIMIT, 0.3, 0.5, 0.9])
def test_a_region_that_keeps_the_limit_is_hardly_ever_closed(limit: float) -> None:
    # At 3 %: about once in 140,000 labels of the region. Near and above one half it is at least the budget.
    wrong = np.random.default_rng(2).random((RUNS, LABELS)) < limit
    most = 0.02 if limit == LIMIT else LABELS / LINE
    assert exact.keeps(fired(closings(verdicts(wrong), limit=limit)), n=RUNS, p=most)


def test_a_region_that_is_mostly_wrong_is_closed_within_thirty_labels() -> None:
    wrong = np.random.default_rng(3).random((RUNS, 300)) < 0.3
    assert np.median(closings(verdicts(wrong))) <= 30


rates = some.floats(min_value=0.0, max_value=1.0)


@given(lane=rates, region=rates, part=some.floats(min_value=0.01, max_value=0.99), limit=rates)
def test_to_close_a_bad_region_never_lifts_a_lane_that_keeps_the_limit_above_it(
    lane: float, region: float, part: float, limit: float
) -> None:
    rest = (lane - part * region) / (1.0 - part)
    if lane <= limit <= region and rest >= 0.0:
        assert rest <= limit + 1e-9


def test_to_close_a_good_region_can() -> None:
    # The control, and the reason for the budget: 10 % of a lane at 2.9 % that had no errors.
    lane, region, part = 0.029, 0.0, 0.1
    assert lane <= LIMIT < (lane - part * region) / (1.0 - part)


def test_regions_end_where_cuts_do_and_none_begins_above_sixty_percent() -> None:
    assert set(regions.EDGES.tolist()) <= set(CUTS.tolist())
    for cut, region in zip(CUTS.tolist(), regions.OF_BIN.tolist(), strict=True):
        if cut > 0.6:
            assert region == regions.COUNT
        else:
            lower = regions.EDGES[region - 1] if region else 0.0
            assert lower < cut <= regions.EDGES[region]


def test_what_is_closed_is_not_in_the_ranking() -> None:
    quarantined = np.zeros((2, regions.COUNT), dtype=np.bool_)
    quarantined[0, 1] = True
    kept = regions.without(quarantined)
    assert kept[1].all()
    assert CUTS[~kept[0]].tolist() == [0.1]


def test_a_label_moves_its_own_region_and_its_own_stream() -> None:
    bins = certificate.bins(np.array([[0.07, 0.5], [0.9, 0.9]]))
    labels = verdicts(np.ones((2, 2), dtype=np.bool_), bins=bins)
    levels = regions.observe(regions.start(2), labels, tested=np.full(2, LIMIT))
    assert np.flatnonzero(levels[0].any(axis=-1)).tolist() == [1, 6]
    assert not levels[1].any()


def test_an_absent_label_moves_nothing() -> None:
    nobody = verdicts(np.ones((1, 5), dtype=np.bool_), present=np.zeros((1, 5), dtype=np.bool_))
    assert not regions.observe(regions.start(1), nobody, tested=np.array([LIMIT])).any()
    assert not regions.surprise(regions.start_surprise(1), nobody, expected=np.full((1, len(CUTS)), 0.01)).any()


def test_one_error_where_one_in_a_thousand_is_expected_is_a_surprise() -> None:
    found = verdicts(np.array([[True]]))
    sharp = regions.surprise(regions.start_surprise(1), found, expected=np.full((1, len(CUTS)), 0.001))
    dull = regions.surprise(regions.start_surprise(1), found, expected=np.full((1, len(CUTS)), 0.2))
    assert sharp[0, 0].max() >= np.log(15.0) > dull[0, 0].max()


def test_there_is_no_surprise_without_an_expectation() -> None:
    found = verdicts(np.ones((1, 9), dtype=np.bool_))
    unknown = np.full((1, len(CUTS)), np.nan)
    assert not regions.surprise(regions.start_surprise(1), found, expected=unknown).any()


def test_many_labels_at_once_are_the_labels_one_by_one() -> None:
    rng = np.random.default_rng(4)
    wrong, bins = rng.random((5, 60)) < 0.2, rng.integers(0, len(CUTS), (5, 60))
    labels = verdicts(wrong, bins=bins, present=rng.random((5, 60)) < 0.8)
    tested = np.full(5, LIMIT)
    levels = regions.start(5)
    for place in range(60):
        part = slice(place, place + 1)
        one = verdicts(wrong[:, part], bins=bins[:, part], present=labels.present[:, part])
        levels = regions.observe(levels, one, tested=tested)
    assert np.allclose(levels, regions.observe(regions.start(5), labels, tested=tested))
