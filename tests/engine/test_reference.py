"""What is expected of each rank: rising, on the high side, and worked out anew when ranks move."""

from typing import Any

import numpy as np
import pytest

from slider.engine import certificate, isotonic, reference
from slider.engine.arrays import Bools, Floats, Ints

CUTS, BINS = certificate.CUTS, len(certificate.CUTS)
TESTED = np.array([0.05])


def seen(*, labels: int, error: Floats, streams: int, seed: int) -> tuple[Ints, Ints]:
    """Return counts of wrong and right labels by bin, shape (streams, bins)."""
    rng = np.random.default_rng(seed)
    bins = certificate.bins(rng.random((streams, labels)))
    wrong = rng.random(bins.shape) < error[bins]
    table = np.zeros((streams, BINS, 2), dtype=np.int64)
    np.add.at(table, (np.arange(streams)[:, None], bins, wrong.astype(np.int64)), 1)
    return table[..., 1], table[..., 0]


def test_what_is_usual_rises_with_the_rank_and_is_the_isotonic_fit() -> None:
    wrong, right = seen(labels=3_000, error=0.01 + 0.3 * CUTS**8, streams=1, seed=1)
    usual = reference.usual(wrong, right, tested=TESTED)[0]
    groups = reference.GROUP_OF_BIN
    bad, known = np.bincount(groups, wrong[0]), np.bincount(groups, (wrong + right)[0])
    weights: Floats = np.asarray(known + 0.5, dtype=np.float64)
    fitted = isotonic.pool((bad + 0.025) / weights, weights=weights)
    assert np.all(usual >= fitted[groups] - 1e-12)
    assert np.allclose(usual, np.maximum(fitted, (bad + 8.0 * fitted) / (known + 8.0))[groups])


def test_a_bad_group_among_the_easiest_is_not_pooled_away() -> None:
    wrong, right = np.zeros((1, BINS), dtype=np.int64), np.full((1, BINS), 40, dtype=np.int64)
    wrong[0, 0], right[0, 0] = 20, 20
    usual = reference.usual(wrong, right, tested=TESTED)[0]
    assert usual[0] > 0.4
    assert usual[1] < 0.1


def test_what_is_expected_lies_above_what_is_usual_and_below_one() -> None:
    for seed, error in ((2, 0.02 + 0.3 * CUTS**9), (3, np.zeros(BINS)), (4, np.ones(BINS))):
        counts = seen(labels=700, error=error, streams=5, seed=seed)
        tested = np.full(5, 0.05)
        usual, expected = reference.usual(*counts, tested=tested), reference.expected(*counts, tested=tested)
        assert np.all((expected >= np.minimum(usual, 0.97)) & (expected <= 0.97))
        assert np.all(expected > 0.0)


def test_it_errs_on_the_high_side_of_the_truth() -> None:
    # An estimate and no promise: over all ranks, 9 of 10 expectations lie above the true error.
    error = 0.02 + 0.3 * CUTS**9
    counts = seen(labels=700, error=error, streams=200, seed=5)
    expected = reference.expected(*counts, tested=np.full(200, 0.05))
    above = (expected * certificate.WIDTHS).sum(axis=1) >= (error * certificate.WIDTHS).sum()
    assert above.mean() >= 0.9
    assert ((expected * certificate.WIDTHS).sum(axis=1)).mean() <= 1.6 * (error * certificate.WIDTHS).sum()


def test_labels_move_with_the_ranking() -> None:
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    wrong = np.array([False, False, True, False])
    table = reference.ranked_anew(scores, wrong=wrong, propensity=np.ones(4))
    places = certificate.bins(np.array([0.125, 0.375, 0.625, 0.875]))
    assert table.sum() == 4
    assert table[places].tolist() == [[1, 0], [1, 0], [0, 1], [1, 0]]


def test_a_label_that_stands_for_many_items_takes_their_room() -> None:
    # One audit at 1/16 among the easy ones, sixteen labels of the people's lane: each fills half of the ranks.
    scores = np.concatenate([[9.0], np.linspace(1.0, 0.0, 16)])
    table = reference.ranked_anew(
        scores, wrong=np.zeros(17, dtype=np.bool_), propensity=np.concatenate([[1 / 16], np.ones(16)])
    )
    assert table[certificate.bins(np.array([0.25])), 0].tolist() == [1]
    assert table[CUTS > 0.5].sum() == 16


def test_ties_stand_in_the_middle_of_their_room_and_no_answer_is_hardest() -> None:
    scores = np.array([1.0, 1.0, -np.inf, -np.inf])
    table = reference.ranked_anew(scores, wrong=np.array([False, False, True, True]), propensity=np.ones(4))
    assert table[certificate.bins(np.array([0.25])), 0].tolist() == [2]
    assert table[certificate.bins(np.array([0.75])), 1].tolist() == [2]


def test_without_labels_there_is_nothing_to_rank() -> None:
    nothing = reference.ranked_anew(np.empty(0), wrong=np.empty(0, dtype=np.bool_), propensity=np.empty(0))
    assert nothing.shape == (BINS, 2)
    assert not nothing.any()


@pytest.mark.parametrize(("labels", "has", "due"), [(599, False, False), (600, False, True), (9_000, True, False)])
def test_a_first_expectation_is_due_at_six_hundred_labels(labels: int, *, has: bool, due: bool) -> None:
    assert reference.is_due(np.array([labels]), has=np.array([has])).tolist() == [due]


def lane_of(error: Floats, *, seed: int, labels: int = 900) -> tuple[Floats, Bools]:
    """Scores of labelled items, and whether each was wrong, its chance given by the tenth of the rank it lies in."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=labels)
    tenth = (np.argsort(np.argsort(-scores)) * len(error)) // labels
    return scores, rng.random(labels) < error[tenth]


WORSE_OUTSIDE = np.array([0.01, 0.01, 0.01, 0.02, 0.04, 0.06, 0.1, 0.1, 0.1, 0.1])


def test_a_ranking_that_turns_the_lane_about_is_refused_and_the_way_back_is_not() -> None:
    for seed in range(40):
        scores, wrong = lane_of(WORSE_OUTSIDE, seed=seed)
        kept: dict[str, Any] = {"wrong": wrong, "propensity": np.ones(len(wrong)), "share": 0.3, "tested": 0.05}
        assert reference.is_worse(-scores, scores, **kept)
        assert not reference.is_worse(scores, -scores, **kept)
        assert not reference.is_worse(scores, scores, **kept)


def test_each_label_stands_for_as_many_items_as_its_chance_says() -> None:
    scores = np.concatenate([np.full(60, 2.0), np.full(200, 1.0), np.full(200, 0.0)])
    wrong = np.zeros(460, dtype=np.bool_)
    wrong[:3], wrong[60:72] = True, True
    chances = np.where(scores == 2.0, 1 / 8, 1.0)
    swapped = np.where(scores == 2.0, 1.0, np.where(scores == 1.0, 2.0, 0.0))
    # 480 of 880 items lie in the easiest group by the old scores (5 % wrong), 200 by the new ones (6 %).
    assert reference.is_worse(swapped, scores, wrong=wrong, propensity=chances, share=0.2, tested=0.05)
    assert not reference.is_worse(scores, swapped, wrong=wrong, propensity=chances, share=0.2, tested=0.05)


def test_equal_scores_go_into_the_lane_evenly_and_few_labels_decide_nothing() -> None:
    tied, wrong = np.zeros(400), np.arange(400) % 10 == 0
    sorted_ = np.where(wrong, -1.0, 0.0)
    kept: dict[str, Any] = {"wrong": wrong, "propensity": np.ones(400), "share": 0.5, "tested": 0.05}
    assert reference.is_worse(tied, sorted_, **kept)
    assert not reference.is_worse(sorted_, tied, **kept)
    few: dict[str, Any] = {"wrong": wrong[:40], "propensity": np.ones(40), "share": 0.3, "tested": 0.05}
    scores = np.arange(40.0)
    assert not reference.is_worse(-scores, scores, **few)
